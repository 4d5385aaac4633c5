//! Claims about alerts: one for each leak, however it is seen again.

use coordinator::domain::alert::AlertStatus;
use coordinator::store::alerts::{self, Alert, AlertFilter, NewAlert, Raised};
use coordinator::store::{Paging, clock};
use shared::finding::Severity;
use shared::ids::{AlertId, JobId};

use super::schema::{count, execute};
use crate::support::db::{TestDb, on_both};
use crate::support::rows::alert;

fn sighting(keys: &[&str]) -> NewAlert {
    NewAlert {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        ..alert("", JobId::fresh(), Severity::High)
    }
}

async fn raise(db: &TestDb, new: Vec<NewAlert>) -> Vec<Raised> {
    db.write(move |c| {
        let now = clock::now(c)?;
        alerts::raise(c, &new.iter().collect::<Vec<_>>(), now)
    })
    .await
}

async fn all(db: &TestDb) -> Vec<Alert> {
    let page = db.read(|c| alerts::list(c, &AlertFilter::default(), Paging::first(100)));
    page.await.items
}

pub(super) async fn set_status(db: &TestDb, id: AlertId, status: AlertStatus) {
    db.write(move |c| {
        let mut alert = alerts::lock(c, &[id])?.remove(0);
        alert.status = status;
        alerts::update(c, &mut alert)
    })
    .await;
}

async fn only(db: &TestDb) -> Alert {
    let mut alerts = all(db).await;
    assert_eq!(alerts.len(), 1);
    alerts.remove(0)
}

fn ids(raised: &[Raised]) -> Vec<AlertId> {
    raised.iter().map(|raised| raised.alert).collect()
}

on_both! {
    async fn a_leak_is_known_again_by_any_of_its_keys(db: TestDb) {
        let first = raise(&db, vec![sighting(&["m1", "f1"])]).await[0];
        assert!(first.is_news);
        for keys in [&["m1"][..], &["m2", "f1"], &["m2"], &["m3", "f9", "f1"], &["f9"]] {
            let again = raise(&db, vec![sighting(keys)]).await[0];
            assert_eq!(again, Raised { alert: first.alert, is_news: false }, "{keys:?}");
        }
        assert_eq!(only(&db).await.occurrences, 6);
        assert_eq!(count(&db, "alert_occurrences"), 6);
        assert!(raise(&db, vec![sighting(&["m4", "f4"])]).await[0].is_news);
        assert_eq!(all(&db).await.len(), 2);
    }

    async fn within_a_batch_too_a_leak_is_one_alert(db: TestDb) {
        let batch = vec![
            sighting(&["m1", "f1"]), sighting(&["m2", "f2"]), sighting(&["m3", "f2", "f1"]), sighting(&["m4"]),
        ];
        let raised = ids(&raise(&db, batch).await);
        assert_eq!((raised[0], raised[1]), (raised[2], raised[2]));
        assert_ne!(raised[3], raised[0]);
        assert_eq!(all(&db).await.iter().map(|alert| alert.occurrences).sum::<u64>(), 4);
    }

    async fn a_batch_that_joins_a_known_leak_belongs_to_it(db: TestDb) {
        let known = raise(&db, vec![sighting(&["f2"])]).await[0].alert;
        let raised = raise(&db, vec![sighting(&["m1", "f1"]), sighting(&["m1", "f2"])]).await;
        assert_eq!(ids(&raised), [known, known]);
        assert_eq!(ids(&raise(&db, vec![sighting(&["f1"])]).await), [known]);
        assert_eq!(only(&db).await.occurrences, 4);
    }

    async fn what_was_resolved_is_open_again_when_it_is_seen_again(db: TestDb) {
        let id = raise(&db, vec![sighting(&["m1"])]).await[0].alert;
        for (status, comes_back) in [
            (AlertStatus::Acknowledged, false), (AlertStatus::Dismissed, false), (AlertStatus::Resolved, true),
        ] {
            set_status(&db, id, status).await;
            execute(&db, "UPDATE alerts SET resolution = 'REMEDIATED'");
            let again = raise(&db, vec![sighting(&["m1"])]).await[0];
            assert_eq!(again.is_news, comes_back, "{status}");
            let now = only(&db).await;
            let expected = if comes_back { AlertStatus::Open } else { status };
            assert_eq!((now.status, now.resolution.is_none()), (expected, comes_back));
            assert_eq!(now.reopened, i32::from(comes_back));
        }
        assert_eq!(count(&db, "audit_events WHERE event_type = 'alert.reopened'"), 1);
        assert_eq!(count(&db, "alert_activity WHERE kind = 'reopened'"), 1);
    }

    async fn the_time_to_close_it_begins_anew_when_it_gets_graver(db: TestDb) {
        let day = std::time::Duration::from_hours(24);
        let due = |severity, due_in| NewAlert { severity, due_in, ..sighting(&["m1"]) };
        raise(&db, vec![due(Severity::Medium, None)]).await;
        assert_eq!(only(&db).await.due_at, None);
        raise(&db, vec![due(Severity::Critical, Some(day))]).await;
        let graver = only(&db).await;
        assert_eq!(graver.due_at, Some(graver.last_seen_at + day));
        raise(&db, vec![due(Severity::Low, None)]).await;
        let now = only(&db).await;
        assert_eq!((now.due_at, now.severity), (graver.due_at, Severity::Critical));
    }

    async fn many_who_see_the_same_leaks_at_once_raise_one_alert_each(db: TestDb) {
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..8_usize {
            let store = db.store.clone();
            tasks.spawn(async move {
                for round in 0..10 {
                    let mut batch: Vec<NewAlert> = (0..5)
                        .map(|n| sighting(&[&format!("m{at}-{round}-{n}"), &format!("f{n}")]))
                        .collect();
                    batch.rotate_left(at % 5);
                    let raised = store.write(move |c| {
                        let now = clock::now(c)?;
                        alerts::raise(c, &batch.iter().collect::<Vec<_>>(), now)
                    });
                    assert_eq!(raised.await.unwrap().len(), 5);
                }
            });
        }
        tasks.join_all().await;
        let alerts = all(&db).await;
        assert_eq!(alerts.iter().map(|alert| alert.occurrences).collect::<Vec<_>>(), [80; 5]);
    }
}
