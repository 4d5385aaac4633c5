//! Claims about suppressions: what they hit is stored, named and counted, and each ends once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use coordinator::alert_work;
use coordinator::domain::alert::AlertStatus;
use coordinator::domain::roles::Role;
use coordinator::domain::suppression::{Matches, SuppressionKind};
use coordinator::store::counts::{self, What};
use coordinator::store::suppressions::{self, NewSuppression, Suppression, SuppressionFilter};
use coordinator::store::{Paging, clock, findings, jobs, results};
use coordinator::suppression_changes::{self, Change, ChangeError};
use coordinator::suppressions::Suppressions;
use shared::ids::{AlertId, SuppressionId, UserId};

use super::alert_work::{DAY, acceptance, get, make, raised, step, times, user, worker};
use super::schema::{count, execute};
use crate::support::db::{Kind, TestDb, on_both};
use crate::support::rows::{job, leak, workspace};

fn new(owner: UserId, expires_at: Option<DateTime<Utc>>) -> NewSuppression {
    NewSuppression {
        id: SuppressionId::fresh(),
        kind: SuppressionKind::Suppression,
        matches: Matches {
            channels: vec!["CANARY".to_owned()],
            ..Matches::default()
        },
        reason: "CANARY reason".to_owned(),
        owner,
        alert: None,
        expires_at,
    }
}

async fn stored(db: &TestDb, id: SuppressionId) -> Suppression {
    db.read(move |c| suppressions::get(c, id)).await.unwrap()
}

/// Accepts the risk of a new alert for a day.
async fn accepted(db: &TestDb, by: UserId) -> (AlertId, SuppressionId) {
    let id = raised(db, 1).await[0];
    let until = db.read(clock::now).await + DAY;
    let accepting =
        alert_work::accept_risk(&db.store, id, |_| true, acceptance(by, until), worker(by));
    (id, accepting.await.unwrap().1)
}

/// Lets time pass: all that ends has ended.
fn let_all_expire(db: &TestDb) {
    let long_ago = match db.kind {
        Kind::Sqlite => "1000000",
        Kind::Postgres => "'2001-01-01T00:00:00Z'",
    };
    execute(
        db,
        &format!("UPDATE suppressions SET expires_at = {long_ago}"),
    );
}

async fn end_expired(db: &TestDb) -> usize {
    db.write(|c| suppressions::end_expired(c, &times(), 100))
        .await
}

on_both! {
    async fn what_is_suppressed_is_stored_and_named_and_counted_with_the_result(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let made = suppression_changes::create(&db.store, new(by, None), by).await.unwrap();
        let jobs_made = [job(&workspace()), job(&workspace())];
        let ids = [jobs_made[0].id, jobs_made[1].id];
        let mut batch = vec![leak(ids[0], "a"), leak(ids[1], "b"), leak(ids[1], "b")];
        for result in &mut batch {
            let shared::job::ScanOutcome::Completed { findings, .. } = &result.result.outcome else { panic!() };
            result.suppressed = vec![(findings[0].id, made.id)];
        }
        db.write(move |c| {
            jobs::insert(c, &jobs_made)?;
            results::commit(c, &batch)
        }).await;
        // The third was a duplicate and counts for nothing.
        assert_eq!(stored(&db, made.id).await.hits, 2);
        assert!(stored(&db, made.id).await.last_hit_at.is_some());
        let found = db.read(move |c| findings::of_jobs(c, &ids)).await;
        assert_eq!(found.iter().map(|one| one.suppressed_by).collect::<Vec<_>>(), [Some(made.id); 2]);
        let counted = db.read(|c| {
            let today = clock::now(c)?.date_naive();
            counts::between(c, today, today)
        }).await;
        let number = |what: What| counted.iter().find(|one| one.what == what.as_str()).map(|one| (one.key.as_str(), one.n));
        assert_eq!(number(What::Suppressed), Some((found[0].finding.info_type.as_str(), 2)));
        assert_eq!(number(What::Findings), number(What::Suppressed));
    }

    async fn an_accepted_risk_that_is_over_opens_its_alert_once(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let (alert, suppression) = accepted(&db, by).await;
        assert_eq!(end_expired(&db).await, 0);
        let_all_expire(&db);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let store = db.store.clone();
            tasks.spawn(async move {
                store.write(|c| suppressions::end_expired(c, &times(), 100)).await.unwrap()
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1);
        let open = get(&db, alert).await;
        assert_eq!((open.status, open.resolution, open.reopened), (AlertStatus::Open, None, 1));
        assert!(open.due_at.is_some_and(|due| due > open.last_seen_at));
        assert!(stored(&db, suppression).await.ended_at.is_some());
        assert_eq!(count(&db, "audit_events WHERE event_type = 'alert.reopened'"), 1);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'suppression.ended'"), 1);
        assert_eq!(count(&db, "alert_activity WHERE kind = 'reopened'"), 1);
    }

    async fn an_alert_that_somebody_closed_otherwise_stays_closed(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let (alert, _) = accepted(&db, by).await;
        make(&db, alert, step(AlertStatus::Open), by).await.unwrap();
        make(&db, alert, step(AlertStatus::Dismissed), by).await.unwrap();
        let_all_expire(&db);
        assert_eq!(end_expired(&db).await, 1);
        assert_eq!(get(&db, alert).await.status, AlertStatus::Dismissed);
    }

    async fn an_alert_whose_risk_is_accepted_anew_stays_dismissed(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let (alert, first) = accepted(&db, by).await;
        make(&db, alert, step(AlertStatus::Open), by).await.unwrap();
        let until = db.read(clock::now).await + DAY;
        let accepting = alert_work::accept_risk(&db.store, alert, |_| true, acceptance(by, until), worker(by));
        let (_, second) = accepting.await.unwrap();
        suppression_changes::end(&db.store, first, |_| true, by, times()).await.unwrap();
        assert_eq!(get(&db, alert).await.status, AlertStatus::Dismissed);
        suppression_changes::end(&db.store, second, |_| true, by, times()).await.unwrap();
        assert_eq!(get(&db, alert).await.status, AlertStatus::Open);
    }

    async fn two_acceptances_that_end_together_open_their_alert_once(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let (alert, _) = accepted(&db, by).await;
        make(&db, alert, step(AlertStatus::Open), by).await.unwrap();
        let until = db.read(clock::now).await + DAY;
        let again = alert_work::accept_risk(&db.store, alert, |_| true, acceptance(by, until), worker(by));
        again.await.unwrap();
        let_all_expire(&db);
        assert_eq!(end_expired(&db).await, 2);
        assert_eq!((get(&db, alert).await.status, get(&db, alert).await.reopened), (AlertStatus::Open, 1));
    }

    async fn of_many_who_end_one_at_once_one_does(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let (alert, suppression) = accepted(&db, by).await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let store = db.store.clone();
            tasks.spawn(async move {
                suppression_changes::end(&store, suppression, |_| true, by, times()).await
            });
        }
        let done = tasks.join_all().await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        assert!(done.iter().all(|done| matches!(done, Ok(()) | Err(ChangeError::Ended | ChangeError::Stale))));
        assert_eq!(get(&db, alert).await.reopened, 1);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'suppression.ended'"), 1);
    }

    async fn what_has_ended_is_not_changed_any_more(db: TestDb) {
        let by = user(&db, Role::Admin).await;
        let made = suppression_changes::create(&db.store, new(by, None), by).await.unwrap();
        let reason = Change { reason: Some("other".to_owned()), ..Change::default() };
        let changed = suppression_changes::change(&db.store, made.id, |v| v == 1, reason.clone(), by).await.unwrap();
        assert_eq!((changed.reason.as_str(), changed.version), ("other", 2));
        let stale = suppression_changes::change(&db.store, made.id, |v| v == 1, reason.clone(), by).await;
        assert!(matches!(stale, Err(ChangeError::Stale)));
        // Its time is over, though nobody has noted it yet.
        let_all_expire(&db);
        let over = suppression_changes::change(&db.store, made.id, |_| true, reason, by).await;
        assert!(matches!(over, Err(ChangeError::Ended)));
        assert_eq!(count(&db, "audit_events WHERE variant_data LIKE '%CANARY%'"), 0);
        assert_eq!(count(&db, "audit_events WHERE event_type = 'suppression.changed'"), 1);
    }

    async fn lists_are_chosen_by_kind_state_and_owner(db: TestDb) {
        let (by, other) = (user(&db, Role::Admin).await, user(&db, Role::Analyst).await);
        let live = suppression_changes::create(&db.store, new(by, None), by).await.unwrap();
        let ended = suppression_changes::create(&db.store, new(other, None), by).await.unwrap();
        suppression_changes::end(&db.store, ended.id, |_| true, by, times()).await.unwrap();
        let (_, risk) = accepted(&db, by).await;
        let filter = SuppressionFilter::default();
        for (filter, expected) in [
            (filter, vec![risk, ended.id, live.id]),
            (SuppressionFilter { kind: Some(SuppressionKind::AcceptedRisk), ..filter }, vec![risk]),
            (SuppressionFilter { in_force: Some(true), ..filter }, vec![risk, live.id]),
            (SuppressionFilter { in_force: Some(false), ..filter }, vec![ended.id]),
            (SuppressionFilter { owner: Some(other), ..filter }, vec![ended.id]),
        ] {
            let found = db.read(move |c| suppressions::list(c, filter, Paging::first(9))).await;
            assert_eq!(found.items.iter().map(|one| one.id).collect::<Vec<_>>(), expected, "{filter:?}");
            assert_eq!(found.total, expected.len() as u64);
        }
    }

    async fn a_snapshot_is_made_anew_when_something_changed(db: TestDb) {
        let (by, snapshot) = (user(&db, Role::Admin).await, Suppressions::default());
        snapshot.refresh(&db.store).await.unwrap();
        let made = suppression_changes::create(&db.store, new(by, None), by).await.unwrap();
        snapshot.refresh(&db.store).await.unwrap();
        let first = snapshot.current();
        assert_eq!(first.iter().map(|one| one.id).collect::<Vec<_>>(), [made.id]);
        snapshot.refresh(&db.store).await.unwrap();
        assert!(Arc::ptr_eq(&first, &snapshot.current()));
        suppression_changes::end(&db.store, made.id, |_| true, by, times()).await.unwrap();
        snapshot.refresh(&db.store).await.unwrap();
        assert!(snapshot.current().is_empty());
    }
}
