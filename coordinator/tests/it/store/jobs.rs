//! Claims about open jobs: when they are due, who gets them, when they are given up.
//!
//! **Invariant:** a due job is handed to one caller at a time, and no tenant hides another's.

use std::collections::HashSet;
use std::time::Duration;

use coordinator::store::jobs::{self, Claim, DueJob, JobState};
use coordinator::store::scans::{self, ScanFilter};
use coordinator::store::{Paging, Store, results};
use shared::ids::{JobId, WorkspaceId};
use shared::job::JobClass;

use crate::support::db::on_both;
use crate::support::rows::{api_job, clean, job, workspace};

const SOON: Duration = Duration::ZERO;
const NEVER: Duration = Duration::from_secs(100_000);

async fn claim(store: &Store, limit: u32, delay: Duration) -> Vec<DueJob> {
    store
        .write(move |c| {
            let claim = Claim {
                limit,
                max_attempts: 3,
                next_delay: &move |_| delay,
            };
            jobs::claim_due(c, JobClass::Message, &workspace(), &claim)
        })
        .await
        .unwrap()
}

on_both! {
    async fn a_due_job_comes_back_as_it_was_made(db: TestDb) {
        let made = job(&workspace());
        let expected = DueJob {
            id: made.id,
            workspace: made.workspace.clone(),
            class: made.class,
            wire_version: 1,
            payload: made.payload.clone(),
            attempt: 1,
            trace: made.trace.clone(),
        };
        db.write(move |c| jobs::insert(c, &[made])).await;
        assert_eq!(claim(&db.store, 10, NEVER).await, [expected]);
    }

    async fn a_claimed_job_is_not_due_until_its_delay_has_passed(db: TestDb) {
        db.write(|c| jobs::insert(c, &[job(&workspace())])).await;
        assert_eq!(claim(&db.store, 10, SOON).await.len(), 1);
        assert_eq!(claim(&db.store, 10, NEVER).await.len(), 1);
        assert_eq!(claim(&db.store, 10, NEVER).await, []);
    }

    async fn a_job_with_a_future_due_time_is_left_to_the_dispatcher(db: TestDb) {
        let mut later = job(&workspace());
        later.due_in = NEVER;
        db.write(move |c| jobs::insert(c, &[later])).await;
        assert_eq!(claim(&db.store, 10, NEVER).await, []);
        assert_eq!(db.write(jobs::make_all_due).await, 1);
        assert_eq!(claim(&db.store, 10, NEVER).await.len(), 1);
    }

    async fn the_delay_is_asked_for_by_the_number_of_earlier_claims(db: TestDb) {
        db.write(|c| jobs::insert(c, &[job(&workspace())])).await;
        for earlier in 0..3 {
            let asked = db.write(move |c| {
                let asked = std::sync::Mutex::new(Vec::new());
                let claim = Claim {
                    limit: 1,
                    max_attempts: 3,
                    next_delay: &|attempt| { asked.lock().unwrap().push(attempt); SOON },
                };
                jobs::claim_due(c, JobClass::Message, &workspace(), &claim)?;
                Ok(asked.into_inner().unwrap())
            }).await;
            assert_eq!(asked, [earlier]);
        }
        assert_eq!(claim(&db.store, 1, SOON).await, []);
    }

    async fn two_sweepers_never_get_the_same_job(db: TestDb) {
        let made: Vec<_> = (0..400).map(|_| job(&workspace())).collect();
        db.write(move |c| jobs::insert(c, &made)).await;
        let mut sweepers = tokio::task::JoinSet::new();
        for at in 0..4 {
            let store = if at % 2 == 0 { db.store.hot() } else { db.store.clone() };
            sweepers.spawn(async move {
                let mut got = Vec::new();
                loop {
                    let batch = claim(&store, 17, NEVER).await;
                    if batch.is_empty() {
                        return got;
                    }
                    got.extend(batch.into_iter().map(|job| job.id));
                }
            });
        }
        let mut got: Vec<JobId> = sweepers.join_all().await.into_iter().flatten().collect();
        // A sweeper may have found all rows locked and gone home early.
        got.extend(claim(&db.store, 400, NEVER).await.into_iter().map(|job| job.id));
        assert_eq!(got.len(), 400);
        assert_eq!(got.iter().collect::<HashSet<_>>().len(), 400);
    }

    async fn a_tenant_with_many_jobs_hides_no_other(db: TestDb) {
        db.write(|c| {
            let noisy = WorkspaceId::new("T1");
            let many: Vec<_> = (0..5_000).map(|_| job(&noisy)).collect();
            jobs::insert(c, &many)?;
            let mut quiet = job(&WorkspaceId::new("T0"));
            quiet.due_in = NEVER;
            jobs::insert(c, &[quiet, job(&WorkspaceId::new("T2")), job(&WorkspaceId::new("T3"))])
        }).await;
        let due = |after: Option<&'static str>, limit| {
            db.read(move |c| {
                let after = after.map(WorkspaceId::new);
                jobs::due_workspaces(c, JobClass::Message, after.as_ref(), limit)
            })
        };
        let names = |list: Vec<WorkspaceId>| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(due(None, 10).await), ["T1", "T2", "T3"]);
        assert_eq!(names(due(None, 1).await), ["T1"]);
        assert_eq!(names(due(Some("T1"), 10).await), ["T2", "T3"]);
        let files = db.read(|c| jobs::due_workspaces(c, JobClass::File, None, 10)).await;
        assert_eq!(files, []);
    }

    async fn a_job_claimed_too_often_is_given_up_with_a_result_that_says_so(db: TestDb) {
        let made = job(&workspace());
        let id = made.id;
        db.write(move |c| jobs::insert(c, &[made])).await;
        for _ in 0..3 {
            assert_eq!(claim(&db.store, 1, SOON).await.len(), 1);
        }
        let failed = db.write(|c| jobs::give_up(c, 3, 10)).await;
        assert_eq!(failed.iter().map(|job| job.id).collect::<Vec<_>>(), [id]);
        let (job, result) = db.read(move |c| scans::get(c, id)).await.unwrap();
        assert_eq!(job.state, JobState::Failed);
        assert_eq!(result.unwrap().failure_reason.as_deref(), Some("too_many_attempts"));
        let late = db.write(move |c| results::commit(c, &[clean(id)])).await;
        assert_eq!((late.inserted.len(), late.duplicates), (0, 1));
        assert_eq!(db.write(|c| jobs::give_up(c, 3, 10)).await, []);
    }

    async fn open_jobs_are_counted_by_class(db: TestDb) {
        let mut file = job(&workspace());
        file.class = JobClass::File;
        let done = job(&workspace());
        let id = done.id;
        db.write(move |c| {
            jobs::insert(c, &[job(&workspace()), done, file])?;
            results::commit(c, &[clean(id)])
        }).await;
        let stats = db.read(jobs::open_stats).await;
        let counts: Vec<_> = stats.iter().map(|stat| (stat.class, stat.open)).collect();
        assert_eq!(counts, [(JobClass::Message, 1), (JobClass::File, 1)]);
    }

    async fn a_list_pages_from_the_newest_back(db: TestDb) {
        let made: Vec<_> = (0..5).map(|_| api_job()).collect();
        let mut ids: Vec<JobId> = made.iter().map(|job| job.id).collect();
        ids.reverse();
        db.write(move |c| {
            jobs::insert(c, &made)?;
            jobs::insert(c, &[job(&workspace())])
        }).await;
        let filter = ScanFilter { origin: Some(jobs::JobOrigin::Api), state: Some(JobState::Queued), workspace: None };
        let mut seen = Vec::new();
        let mut paging = Paging::first(2);
        loop {
            let filter = filter.clone();
            let page = db.read(move |c| scans::list(c, &filter, paging)).await;
            assert_eq!(page.total, 5);
            let Some((last, _)) = page.items.last() else { break };
            paging.after = Some(last.id.as_uuid().into());
            seen.extend(page.items.iter().map(|(job, _)| job.id));
        }
        assert_eq!(seen, ids);
    }
}
