//! Claims about dropping what is past its time.

use chrono::{DateTime, TimeDelta, Utc};
use coordinator::domain::alert::AlertStatus;
use coordinator::domain::retention::Kind;
use coordinator::store::outbox::{self, Attempt};
use coordinator::store::{alerts, jobs, nodes, results, retention};
use shared::clock::{Clock, SystemClock};
use shared::ids::{JobId, NodeId};

use super::alerts::set_status;
use super::schema::{count, execute};
use crate::support::db::{TestDb, on_both};
use crate::support::rows::{clean, job, leak, workspace};

async fn scans(db: &TestDb) -> [JobId; 3] {
    let made = [job(&workspace()), job(&workspace()), job(&workspace())];
    let ids = made.each_ref().map(|job| job.id);
    db.write(move |c| {
        jobs::insert(c, &made)?;
        results::commit(c, &[clean(ids[0]), leak(ids[1], "g")])
    })
    .await;
    ids
}

async fn drop_all(db: &TestDb, kind: Kind, before: DateTime<Utc>) -> usize {
    let mut dropped = 0;
    loop {
        match db
            .write(move |c| retention::drop_before(c, kind, before, 1))
            .await
        {
            0 => return dropped,
            gone => dropped += gone,
        }
    }
}

fn later() -> DateTime<Utc> {
    SystemClock.now() + TimeDelta::minutes(1)
}

on_both! {
    async fn nothing_goes_before_its_time(db: TestDb) {
        scans(&db).await;
        let earlier = SystemClock.now() - TimeDelta::minutes(1);
        for kind in Kind::ALL {
            assert_eq!(drop_all(&db, kind, earlier).await, 0, "{kind:?}");
        }
        assert_eq!(count(&db, "scan_jobs"), 3);
    }

    async fn clean_scans_go_and_caught_ones_stay(db: TestDb) {
        scans(&db).await;
        assert_eq!(drop_all(&db, Kind::CleanScans, later()).await, 1);
        assert_eq!((count(&db, "scan_jobs"), count(&db, "scan_results"), count(&db, "findings")), (2, 1, 1));
    }

    async fn a_scan_with_something_still_to_be_done_stays(db: TestDb) {
        scans(&db).await;
        assert_eq!(drop_all(&db, Kind::CaughtScans, later()).await, 0);
        let claimed = db.write(|c| outbox::claim(c, &["block"], 9, std::time::Duration::from_mins(1))).await;
        let id = claimed[0].0.id;
        assert!(db.write(move |c| outbox::record(c, id, 1, Attempt::Done)).await);
        assert_eq!(drop_all(&db, Kind::CaughtScans, later()).await, 1);
        for table in ["findings", "violations", "action_outbox"] {
            assert_eq!(count(&db, table), 0, "{table}");
        }
        // The one without a result stays, however old.
        assert_eq!(count(&db, "scan_jobs WHERE state = 1"), 1);
        assert_eq!(count(&db, "daily_counts WHERE what = 'findings'"), 1);
    }

    async fn closed_alerts_go_with_all_that_belongs_to_them_and_open_ones_stay(db: TestDb) {
        scans(&db).await;
        assert_eq!(drop_all(&db, Kind::ClosedAlerts, later()).await, 0);
        let all = db.read(|c| alerts::list(c, &alerts::AlertFilter::default(), coordinator::store::Paging::first(9)));
        let id = all.await.items[0].id;
        set_status(&db, id, AlertStatus::Resolved).await;
        execute(&db, "UPDATE alerts SET closed_at = last_seen_at");
        assert_eq!(drop_all(&db, Kind::ClosedAlerts, later()).await, 1);
        for table in ["alerts", "alert_keys", "alert_occurrences", "alert_activity"] {
            assert_eq!(count(&db, table), 0, "{table}");
        }
    }

    async fn a_node_that_is_gone_is_forgotten(db: TestDb) {
        let beat = nodes::Heartbeat {
            id: NodeId::fresh(), name: "n".to_owned(), version: "1".to_owned(), detector_set: None,
            concurrency: 1, counters: serde_json::json!({}),
        };
        db.write(move |c| nodes::heartbeat(c, &beat)).await;
        assert_eq!(drop_all(&db, Kind::Spent, later()).await, 1);
        assert_eq!(count(&db, "nodes"), 0);
    }
}
