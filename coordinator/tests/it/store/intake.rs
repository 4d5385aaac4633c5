//! Claims about taking events in.
//!
//! **Invariant:** whatever is delivered how often, an event's jobs exist once.

use std::collections::HashSet;

use coordinator::store::intake::{self, Outcome};
use coordinator::store::jobs;
use coordinator::store::scans::{self, ScanFilter};
use coordinator::store::{Paging, workspaces};
use shared::ids::JobId;

use crate::support::db::on_both;
use crate::support::rows::{event, job, workspace};

on_both! {
    async fn an_event_delivered_three_times_has_its_jobs_once(db: TestDb) {
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            let again = event("Ev1", vec![job(&workspace()), job(&workspace())]);
            outcomes.extend(db.write(move |c| intake::commit(c, &[again])).await);
        }
        assert_eq!(outcomes, [Outcome::Accepted, Outcome::Duplicate, Outcome::Duplicate]);
        let jobs = db.read(|c| scans::list(c, &ScanFilter::default(), Paging::first(10))).await;
        assert_eq!(jobs.total, 2);
    }

    async fn of_equal_events_in_one_batch_the_first_counts(db: TestDb) {
        let first = event("Ev1", vec![job(&workspace())]);
        let kept = first.jobs[0].id;
        let batch = vec![first, event("Ev2", vec![]), event("Ev1", vec![job(&workspace())])];
        let outcomes = db.write(move |c| intake::commit(c, &batch)).await;
        assert_eq!(outcomes, [Outcome::Accepted, Outcome::Accepted, Outcome::Duplicate]);
        let jobs = db.read(|c| scans::list(c, &ScanFilter::default(), Paging::first(10))).await;
        assert_eq!(jobs.items.iter().map(|(job, _)| job.id).collect::<Vec<_>>(), [kept]);
    }

    async fn eight_at_once_accept_an_event_once(db: TestDb) {
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..8 {
            let store = if at % 2 == 0 { db.store.hot() } else { db.store.clone() };
            // The same events in turned order: a ring of waits, were they not put in one order.
            let mut batch: Vec<_> = (0..20)
                .map(|n| event(&format!("Ev{}", (n + at * 3) % 20), vec![job(&workspace())]))
                .collect();
            if at % 2 == 0 {
                batch.reverse();
            }
            tasks.spawn(async move { store.write(move |c| intake::commit(c, &batch)).await.unwrap() });
        }
        let outcomes: Vec<Outcome> = tasks.join_all().await.into_iter().flatten().collect();
        let accepted = outcomes.iter().filter(|outcome| **outcome == Outcome::Accepted).count();
        assert_eq!(accepted, 20);
        let jobs = db.read(|c| scans::list(c, &ScanFilter::default(), Paging::first(1))).await;
        assert_eq!(jobs.total, 20);
    }

    async fn ten_thousand_events_fit_one_batch(db: TestDb) {
        let batch: Vec<_> = (0..10_000)
            .map(|n| event(&format!("Ev{n}"), vec![job(&workspace())]))
            .collect();
        let ids: HashSet<JobId> = batch.iter().map(|new| new.jobs[0].id).collect();
        let outcomes = db.write(move |c| intake::commit(c, &batch)).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Accepted));
        let asked: Vec<JobId> = ids.iter().copied().collect();
        let found = db.read(move |c| jobs::contexts(c, &asked)).await;
        assert_eq!(found.iter().map(|job| job.id).collect::<HashSet<_>>(), ids);
    }

    async fn a_batch_that_fails_takes_nothing_in(db: TestDb) {
        let twice = job(&workspace());
        let batch = vec![event("Ev1", vec![twice.clone()]), event("Ev2", vec![twice])];
        let refused = db.store.write(move |c| intake::commit(c, &batch)).await.unwrap_err();
        assert!(refused.is_duplicate(), "{refused}");
        let again = event("Ev1", vec![]);
        let outcomes = db.write(move |c| intake::commit(c, &[again])).await;
        assert_eq!(outcomes, [Outcome::Accepted]);
    }

    async fn a_nul_in_a_hostile_event_does_not_hold_up_its_batch(db: TestDb) {
        let mut hostile = job(&workspace());
        hostile.place.channel_id = Some("C\0".to_owned());
        let batch = vec![event("Ev\0", vec![hostile]), event("Ev2", vec![job(&workspace())])];
        let outcomes = db.write(move |c| intake::commit(c, &batch)).await;
        assert_eq!(outcomes, [Outcome::Accepted; 2]);
    }

    async fn a_workspace_is_noted_once_and_can_be_named(db: TestDb) {
        for at in 0..2 {
            let new = event(&format!("Ev{at}"), vec![]);
            db.write(move |c| intake::commit(c, &[new])).await;
        }
        assert!(db.write(|c| workspaces::rename(c, &workspace(), "Acme")).await);
        let all = db.read(workspaces::list).await;
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].name.as_deref(), Some("Acme"));
    }
}
