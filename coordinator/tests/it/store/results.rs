//! Claims about results: each counts once, with everything that follows from it.
//!
//! **Invariant:** committing the same result again changes nothing.

use coordinator::store::alerts::{self, AlertFilter};
use coordinator::store::audit::{self, AuditFilter};
use coordinator::store::findings::{self, FindingFilter};
use coordinator::store::intake;
use coordinator::store::jobs::{self, JobState};
use coordinator::store::messages::{self, MessageFilter};
use coordinator::store::results::{self, Committed, NewResult};
use coordinator::store::scans;
use coordinator::store::{Paging, outbox};
use shared::content::{Coverage, Gap, GapReason};
use shared::finding::{Likelihood, Severity};
use shared::ids::{JobId, WorkspaceId};
use shared::job::{FailureReason, ScanOutcome};

use super::schema::count;
use crate::support::db::{TestDb, on_both};
use crate::support::rows::{api_job, clean, event, finding, job, leak, workspace};

/// Makes Slack jobs and gives their ids.
async fn jobs_in(db: &TestDb, count: usize) -> Vec<JobId> {
    let made: Vec<_> = (0..count).map(|_| job(&workspace())).collect();
    let ids = made.iter().map(|job| job.id).collect();
    db.write(move |c| {
        let events: Vec<_> = made
            .into_iter()
            .map(|job| event(&job.id.to_string(), vec![job]))
            .collect();
        intake::commit(c, &events)
    })
    .await;
    ids
}

async fn commit(db: &TestDb, batch: Vec<NewResult>) -> Committed {
    db.write(move |c| results::commit(c, &batch)).await
}

on_both! {
    async fn a_result_that_comes_twice_counts_once(db: TestDb) {
        let id = jobs_in(&db, 1).await[0];
        let new = leak(id, "g1");
        let first = commit(&db, vec![new.clone()]).await;
        assert_eq!(first, Committed { inserted: vec![id], news: first.news.clone(), ..Committed::default() });
        assert_eq!(first.news.len(), 1);
        let mut from_another_node = leak(id, "g1");
        from_another_node.alerts[0].severity = Severity::Critical;
        let second = commit(&db, vec![from_another_node, new]).await;
        assert_eq!(second, Committed { duplicates: 2, ..Committed::default() });

        let found = db.read(|c| findings::list(c, &FindingFilter::default(), Paging::first(9))).await;
        assert_eq!(found.total, 1);
        let raised = db.read(|c| alerts::list(c, &AlertFilter::default(), Paging::first(9))).await;
        assert_eq!((raised.items[0].occurrences, raised.items[0].severity), (1, Severity::High));
        let actions = db.read(|c| outbox::list(c, None, Paging::first(9))).await;
        assert_eq!(actions.total, 1);
        let trail = db.read(|c| audit::list(c, &AuditFilter::default(), Paging::first(9))).await;
        assert_eq!(trail.total, 1);
    }

    async fn of_two_results_in_one_batch_the_first_counts(db: TestDb) {
        let id = jobs_in(&db, 1).await[0];
        let committed = commit(&db, vec![leak(id, "g1"), leak(id, "g1"), clean(id)]).await;
        assert_eq!((committed.inserted, committed.duplicates), (vec![id], 2));
        let found = db.read(move |c| findings::of_job(c, id)).await;
        assert_eq!(found.len(), 1);
    }

    async fn a_result_of_no_known_job_is_counted_and_dropped(db: TestDb) {
        let id = jobs_in(&db, 1).await[0];
        let committed = commit(&db, vec![leak(JobId::fresh(), "g0"), clean(id)]).await;
        assert_eq!(committed, Committed { inserted: vec![id], orphans: 1, ..Committed::default() });
        let raised = db.read(|c| alerts::list(c, &AlertFilter::default(), Paging::first(9))).await;
        assert_eq!(raised.total, 0);
    }

    async fn eight_at_once_count_each_result_once(db: TestDb) {
        let ids = jobs_in(&db, 40).await;
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..8 {
            let store = if at % 2 == 0 { db.store.hot() } else { db.store.clone() };
            let mut batch: Vec<NewResult> =
                ids.iter().enumerate().map(|(n, id)| leak(*id, &format!("g{}", n % 5))).collect();
            batch.rotate_left(at * 5);
            tasks.spawn(async move { store.write(move |c| results::commit(c, &batch)).await.unwrap() });
        }
        let all = tasks.join_all().await;
        assert_eq!(all.iter().map(|committed| committed.inserted.len()).sum::<usize>(), 40);
        assert_eq!(all.iter().map(|committed| committed.duplicates).sum::<usize>(), 280);
        let raised = db.read(|c| alerts::list(c, &AlertFilter::default(), Paging::first(9))).await;
        assert_eq!(raised.items.iter().map(|alert| alert.occurrences).collect::<Vec<_>>(), [8; 5]);
    }

    async fn a_completed_job_loses_its_payload(db: TestDb) {
        let ids = jobs_in(&db, 2).await;
        let mut failed = clean(ids[1]);
        failed.result.outcome = ScanOutcome::Failed { reason: FailureReason::Panicked };
        commit(&db, vec![clean(ids[0]), failed]).await;
        let contexts = db.read(move |c| jobs::contexts(c, &ids)).await;
        let mut states: Vec<_> = contexts.iter().map(|job| job.state.as_str()).collect();
        states.sort_unstable();
        assert_eq!(states, ["completed", "failed"]);
        assert!(contexts.iter().all(|job| job.completed_at.is_some()));
        assert_eq!(db.write(jobs::make_all_due).await, 0);
        assert_eq!(count(&db, "scan_jobs WHERE payload IS NOT NULL"), 0);
    }

    async fn a_result_reads_back_as_it_was_committed(db: TestDb) {
        let id = jobs_in(&db, 1).await[0];
        let mut new = leak(id, "g1");
        let coverage = Coverage::from_gaps(vec![Gap::whole(GapReason::NotFetched)]);
        let mut hostile = finding();
        hostile.location.file = Some("a.zip!\0".to_owned());
        hostile.start = 2;
        let mut expected = hostile.clone();
        expected.location.file = Some("a.zip!\u{fffd}".to_owned());
        new.result.outcome = ScanOutcome::Completed { coverage: coverage.clone(), findings: vec![hostile] };
        commit(&db, vec![new]).await;
        let (job, result) = db.read(move |c| scans::get(c, id)).await.unwrap();
        let result = result.unwrap();
        assert_eq!(job.state, JobState::Completed);
        assert_eq!(result.coverage.0, Some(coverage));
        assert_eq!((result.finding_count, result.scan_us, result.scanned_bytes), (1, 12, 34));
        assert_eq!(result.highest_likelihood, Some(Likelihood::VeryLikely));
        assert_eq!(result.highest_severity, Some(Severity::High));
        assert_eq!(db.read(move |c| findings::of_job(c, id)).await, [expected]);
    }

    async fn ten_thousand_results_fit_one_batch(db: TestDb) {
        let ids = jobs_in(&db, 10_000).await;
        let batch: Vec<_> = ids.iter().map(|id| leak(*id, "one group")).collect();
        let committed = commit(&db, batch).await;
        assert_eq!(committed.inserted.len(), 10_000);
        let raised = db.read(|c| alerts::list(c, &AlertFilter::default(), Paging::first(9))).await;
        assert_eq!(raised.items[0].occurrences, 10_000);
        let stats = db.read(jobs::open_stats).await;
        assert!(stats.iter().all(|stat| stat.open == 0));
    }

    async fn a_node_that_repeats_a_findings_id_holds_nothing_up(db: TestDb) {
        let ids = jobs_in(&db, 2).await;
        let first = leak(ids[0], "g1");
        let mut second = leak(ids[1], "g2");
        second.result.outcome = first.result.outcome.clone();
        let committed = commit(&db, vec![first, second]).await;
        assert_eq!(committed.inserted.len(), 2);
    }

    async fn a_caught_message_shows_all_that_is_known_of_it(db: TestDb) {
        let ids = jobs_in(&db, 3).await;
        let scanned = api_job();
        let scan = scanned.id;
        db.write(move |c| jobs::insert(c, &[scanned])).await;
        commit(&db, vec![leak(ids[0], "g1"), clean(ids[1]), leak(ids[2], "g1"), leak(scan, "g2")]).await;
        let page = db.read(|c| messages::list(c, &MessageFilter::default(), Paging::first(9))).await;
        assert_eq!(page.total, 2);
        assert_eq!(page.items.iter().map(|m| m.job.id).collect::<Vec<_>>(), [ids[2], ids[0]]);
        for message in &page.items {
            assert_eq!(message.findings[0].finding.preview, "4111 **** **** 1111");
            assert_eq!(message.violations[0].policy_name, "Cards");
            assert_eq!(message.violations[0].finding_ids.0, [message.findings[0].finding.id]);
            assert_eq!(message.actions[0].kind, "block");
        }
        let elsewhere = MessageFilter { workspace: Some(WorkspaceId::new("T9")), ..MessageFilter::default() };
        assert_eq!(db.read(move |c| messages::list(c, &elsewhere, Paging::first(9))).await.total, 0);
        let (clean_id, leaked) = (ids[1], ids[0]);
        assert_eq!(db.read(move |c| messages::get(c, clean_id)).await, None);
        assert_eq!(db.read(move |c| messages::get(c, leaked)).await.as_ref(), page.items.last());
    }

    async fn findings_are_listed_by_kind_and_certainty(db: TestDb) {
        let ids = jobs_in(&db, 1).await;
        let mut new = clean(ids[0]);
        let mut unsure = finding();
        unsure.likelihood = Likelihood::Possible;
        let mut iban = finding();
        iban.info_type = "IBAN_CODE".parse().unwrap();
        new.result.outcome = ScanOutcome::Completed {
            coverage: Coverage::Complete,
            findings: vec![unsure, iban.clone(), finding()],
        };
        commit(&db, vec![new]).await;
        let filter = FindingFilter { min_likelihood: Some(Likelihood::Likely), ..FindingFilter::default() };
        assert_eq!(db.read(move |c| findings::list(c, &filter, Paging::first(9))).await.total, 2);
        let filter = FindingFilter { info_type: Some(iban.info_type.clone()), ..FindingFilter::default() };
        let page = db.read(move |c| findings::list(c, &filter, Paging::first(9))).await;
        assert_eq!(page.items.iter().map(|f| &f.finding).collect::<Vec<_>>(), [&iban]);
    }
}
