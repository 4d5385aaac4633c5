//! Claims about what follows from results: alerts and actions.
//!
//! **Invariant:** the same leak is one alert, the same action is one row.

use std::collections::HashSet;
use std::time::Duration;

use coordinator::store::alerts::{self, AlertFilter};
use coordinator::store::outbox::{self, ActionState, Attempt};
use coordinator::store::{Paging, jobs, results};
use shared::finding::Severity;
use shared::ids::JobId;

use crate::support::db::{TestDb, on_both};
use crate::support::rows::{alert, clean, job, leak, workspace};

/// Commits leaks of so many messages.
async fn leaks(db: &TestDb, count: usize) -> Vec<JobId> {
    let made: Vec<_> = (0..count).map(|_| job(&workspace())).collect();
    let ids: Vec<JobId> = made.iter().map(|job| job.id).collect();
    let batch: Vec<_> = ids.iter().map(|id| leak(*id, "g")).collect();
    db.write(move |c| {
        jobs::insert(c, &made)?;
        results::commit(c, &batch)
    })
    .await;
    ids
}

on_both! {
    async fn the_same_leak_again_is_one_alert_with_its_worst_severity(db: TestDb) {
        let made: Vec<_> = (0..3).map(|_| job(&workspace())).collect();
        let ids: Vec<JobId> = made.iter().map(|job| job.id).collect();
        db.write(move |c| jobs::insert(c, &made)).await;
        let mut first_id = None;
        for (id, severity) in ids.iter().zip([Severity::Low, Severity::Critical, Severity::Medium]) {
            let mut new = clean(*id);
            new.alerts = vec![alert("g", *id, severity)];
            first_id.get_or_insert(new.alerts[0].id);
            db.write(move |c| results::commit(c, &[new])).await;
        }
        let page = db.read(|c| alerts::list(c, &AlertFilter::default(), Paging::first(9))).await;
        assert_eq!(page.total, 1);
        let raised = &page.items[0];
        assert_eq!(Some(raised.id), first_id);
        assert_eq!((raised.occurrences, raised.severity), (3, Severity::Critical));
        assert_eq!(raised.job_id, Some(ids[2]));
        assert!(raised.first_seen_at <= raised.last_seen_at);
    }

    async fn an_action_of_a_known_key_is_not_added_again(db: TestDb) {
        let id = leaks(&db, 1).await[0];
        let other = job(&workspace());
        let mut again = leak(other.id, "g");
        again.actions[0].action_key = format!("block:{id}");
        db.write(move |c| {
            jobs::insert(c, &[other])?;
            results::commit(c, &[again])
        }).await;
        let all = db.read(|c| outbox::list(c, Some(ActionState::Pending), Paging::first(9))).await;
        assert_eq!(all.items.iter().map(|action| action.job_id).collect::<Vec<_>>(), [Some(id)]);
    }

    async fn two_workers_never_hold_the_same_action(db: TestDb) {
        leaks(&db, 60).await;
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let store = db.store.clone();
            workers.spawn(async move {
                let mut held = Vec::new();
                loop {
                    let batch = store
                        .write(|c| outbox::claim(c, &["block"], 7, Duration::from_secs(100_000)))
                        .await
                        .unwrap();
                    if batch.is_empty() {
                        return held;
                    }
                    held.extend(batch.into_iter().map(|(action, _)| action.id));
                }
            });
        }
        let mut held: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
        let rest = db.write(|c| outbox::claim(c, &["block"], 60, Duration::from_secs(100_000))).await;
        held.extend(rest.into_iter().map(|(action, _)| action.id));
        assert_eq!(held.len(), 60);
        assert_eq!(held.iter().collect::<HashSet<_>>().len(), 60);
    }

    async fn a_late_worker_cannot_settle_an_action_that_was_claimed_again(db: TestDb) {
        leaks(&db, 1).await;
        let first = db.write(|c| outbox::claim(c, &["block"], 1, Duration::ZERO)).await.remove(0).0;
        let second = db.write(|c| outbox::claim(c, &["block"], 1, Duration::from_mins(1))).await.remove(0);
        assert_eq!(second.1.as_deref(), Some(b"sealed".as_slice()));
        let second = second.0;
        assert_eq!((first.id, first.attempts, second.attempts), (second.id, 1, 2));
        let id = first.id;
        assert!(!db.write(move |c| outbox::record(c, id, 1, Attempt::Failed { code: "late" })).await);
        assert!(db.write(move |c| outbox::record(c, id, 2, Attempt::Done)).await);
        assert!(!db.write(move |c| outbox::record(c, id, 2, Attempt::Done)).await);
        let done = db.read(|c| outbox::list(c, Some(ActionState::Done), Paging::first(9))).await;
        assert_eq!(done.total, 1);
        assert!(done.items[0].settled_at.is_some());
    }

    async fn an_action_put_off_comes_back_with_its_reason(db: TestDb) {
        leaks(&db, 1).await;
        let claimed = db.write(|c| outbox::claim(c, &["block"], 1, Duration::from_secs(100_000))).await.remove(0).0;
        let later = Attempt::Later { code: "ratelimited", delay: Duration::ZERO };
        assert!(db.write(move |c| outbox::record(c, claimed.id, 1, later)).await);
        let again = db.write(|c| outbox::claim(c, &["block"], 1, Duration::ZERO)).await.remove(0).0;
        assert_eq!(again.last_error_code.as_deref(), Some("ratelimited"));
    }

    async fn whoever_claims_is_told_when_others_may_have_done_it(db: TestDb) {
        leaks(&db, 1).await;
        let claim = async || db.write(|c| outbox::claim(c, &["block"], 1, Duration::ZERO)).await.remove(0).0;
        let put_off = Attempt::PutOff { code: "ratelimited", delay: Duration::ZERO };
        let first = claim().await;
        assert_eq!(first.tried(), None, "nobody was before it");
        assert!(db.write(move |c| outbox::record(c, first.id, 1, put_off)).await);
        let begun = claim().await;
        assert_eq!(begun.tried(), None, "whoever was before it did nothing");
        let after_a_death = claim().await;
        let (since, until) = after_a_death.tried().unwrap();
        assert!(first.due_at <= since && since == until && until <= begun.due_at, "{since} {until}");
        assert!(db.write(move |c| outbox::renew(c, begun.id, 2, Duration::ZERO)).await);
        assert!(!db.write(move |c| outbox::renew(c, begun.id, 1, Duration::ZERO)).await);
        let (still, last) = claim().await.tried().unwrap();
        assert!(still == since && last > until, "{still} {last}");
    }
}
