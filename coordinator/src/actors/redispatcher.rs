//! Publishing what is past due: the net under everything that may lose a job.
//!
//! Owns the sweep over open jobs and the watch on the queue's memory. Every coordinator sweeps; row locks
//! keep two from taking the same job, so no election is needed.
//!
//! **Invariant:** a job is claimed only when its stream has room for it, so that a queue that is away or
//! full costs no attempt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::failpoint;
use shared::ids::WorkspaceId;
use shared::job::{FailureReason, JobClass};
use shared::lifecycle::Shutdown;
use shared::queue::{Depth, Queue, QueueError, Stream};
use shared::telemetry::{Metrics, RedispatchReason};

use super::dispatcher::stream_of;
use crate::jobs::again_envelope;
use crate::store::jobs::{self, Claim, DueJob};
use crate::store::settings::{self, Setting};
use crate::store::{Conn, Store, StoreError, StoreResult};

/// Pause between sweeps that found little.
const INTERVAL: Duration = Duration::from_secs(1);
/// How often open jobs are counted for the metrics: it reads them all.
const OBSERVE_EVERY: Duration = Duration::from_secs(10);
/// Jobs claimed in one transaction.
const BATCH: usize = 1_024;
/// Workspaces served in one sweep; the next one goes on with those after them.
const WORKSPACES: u32 = 64;
/// Dispatches after which a job is failed. With the growing pause between them that is hours.
const MAX_ATTEMPTS: u32 = 24;

shared::answers_ping!(Redispatcher);

/// Sweeps.
pub struct Redispatcher {
    sweep: Arc<Sweep>,
}

/// What a sweep needs.
pub struct Sweep {
    /// Where open jobs are.
    pub store: Store,
    /// Where they go.
    pub queue: Arc<dyn Queue>,
    /// How long a dispatched job may take until it is dispatched again.
    pub due_after: Duration,
    /// What is counted.
    pub metrics: Metrics,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Where the round over the workspaces goes on.
    pub round: Round,
}

/// The last workspace served, by class; none where the next sweep begins anew.
#[derive(Debug, Default)]
pub struct Round(Mutex<HashMap<JobClass, WorkspaceId>>);

impl Round {
    fn last(&self, class: JobClass) -> Option<WorkspaceId> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&class)
            .cloned()
    }

    fn go_on_after(&self, class: JobClass, last: Option<WorkspaceId>) {
        let mut round = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some(last) => round.insert(class, last),
            None => round.remove(&class),
        };
    }
}

/// A sweep that did not end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Redispatcher {
    /// A redispatcher for `sweep`.
    pub fn new(sweep: Arc<Sweep>) -> Self {
        Self { sweep }
    }
}

impl Actor for Redispatcher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(sweep_until_stopped(Arc::clone(&self.sweep)).into_actor(self));
    }
}

async fn sweep_until_stopped(sweep: Arc<Sweep>) {
    let mut observed: Option<Instant> = None;
    while !sweep.shutdown.is_draining() {
        let busy = match sweep.once().await {
            Ok(published) => published >= BATCH,
            Err(error) => {
                tracing::warn!(%error, "sweep ended early");
                false
            }
        };
        if observed.is_none_or(|at| at.elapsed() >= OBSERVE_EVERY) {
            observed = Some(Instant::now());
            if let Err(error) = sweep.observe().await {
                tracing::warn!(%error, "queue and open jobs not counted");
            }
        }
        if !busy {
            tokio::select! {
                () = sweep.shutdown.draining() => {}
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    }
}

impl Sweep {
    /// One sweep; says how many jobs it published.
    async fn once(&self) -> Result<usize, SweepError> {
        failpoint::pass("redispatcher");
        self.watch_epoch().await?;
        self.give_up().await?;
        let mut published = 0;
        for class in JobClass::ALL {
            published += self.publish_due(class).await?;
        }
        Ok(published)
    }

    /// If the queue has lost its memory, everything open is due now.
    async fn watch_epoch(&self) -> Result<(), SweepError> {
        let epoch = self.queue.epoch().await?;
        let lost = self
            .store
            .write(move |conn| {
                let changed = settings::replace_if_different(conn, Setting::QueueEpoch, &epoch)?;
                if changed {
                    jobs::make_all_due(conn).map(Some)
                } else {
                    Ok(None)
                }
            })
            .await?;
        let Some(open) = lost else {
            return Ok(());
        };
        if open == 0 {
            // As at every start of a queue in this process's memory.
            tracing::info!("the queue has a new memory, no job was open");
        } else {
            tracing::warn!(
                jobs = open,
                "the queue has a new memory, all open jobs are due"
            );
        }
        self.metrics.queue.epoch_changed();
        Ok(())
    }

    async fn give_up(&self) -> Result<(), SweepError> {
        let most = u32::try_from(BATCH).unwrap_or(u32::MAX);
        let lost = self
            .store
            .write(move |conn| jobs::give_up(conn, MAX_ATTEMPTS, most))
            .await?;
        for job in &lost {
            tracing::error!(job = %job.id, "job failed after too many attempts");
            self.metrics.jobs.died(FailureReason::TooManyAttempts);
        }
        Ok(())
    }

    async fn publish_due(&self, class: JobClass) -> Result<usize, SweepError> {
        let producer = self.queue.producer();
        let room = producer.room(stream_of(class)).await?.min(BATCH);
        if room == 0 {
            return Ok(0);
        }
        let (after, pause) = (self.round.last(class), Pause(self.due_after));
        let claiming = self
            .store
            .write(move |conn| claim(conn, class, after.as_ref(), room, pause));
        let Claimed {
            jobs: claimed,
            last,
        } = claiming.await?;
        self.round.go_on_after(class, last);
        if claimed.is_empty() {
            return Ok(0);
        }
        let first = claimed.iter().filter(|job| job.attempt == 1).count();
        let envelopes: Vec<_> = claimed.into_iter().map(again_envelope).collect();
        producer.publish(stream_of(class), &envelopes).await?;
        let again = envelopes.len() - first;
        self.metrics
            .jobs
            .redispatched(RedispatchReason::Deferred, first as u64);
        self.metrics
            .jobs
            .redispatched(RedispatchReason::Overdue, again as u64);
        Ok(envelopes.len())
    }

    /// Tells the metrics how much is open and how full the queue is.
    async fn observe(&self) -> Result<(), SweepError> {
        for open in self.store.read(jobs::open_stats).await? {
            self.metrics.jobs.set_open(open.class.as_str(), open.open);
            self.metrics
                .queue
                .oldest(stream_of(open.class), open.oldest_age);
        }
        for stream in Stream::ALL {
            let depth = Depth {
                oldest: None,
                ..self.queue.depth(stream).await?
            };
            self.metrics.queue.observe(stream, &depth);
        }
        Ok(())
    }
}

/// Jobs to publish.
struct Claimed {
    jobs: Vec<DueJob>,
    /// The last workspace served, if there may be others after it.
    last: Option<WorkspaceId>,
}

/// Takes due jobs of the workspaces after `after`, a fair share of each.
fn claim(
    conn: &mut Conn,
    class: JobClass,
    after: Option<&WorkspaceId>,
    room: usize,
    pause: Pause,
) -> StoreResult<Claimed> {
    let workspaces = jobs::due_workspaces(conn, class, after, WORKSPACES)?;
    let share = room.div_ceil(workspaces.len().max(1));
    let mut claimed = Vec::new();
    for workspace in &workspaces {
        let most = share.min(room.saturating_sub(claimed.len()));
        let claim = Claim {
            limit: u32::try_from(most).unwrap_or(u32::MAX),
            max_attempts: MAX_ATTEMPTS,
            next_delay: &|attempt| pause.after(attempt),
        };
        claimed.extend(jobs::claim_due(conn, class, workspace, &claim)?);
    }
    let full = u32::try_from(workspaces.len()).is_ok_and(|served| served >= WORKSPACES);
    let last = workspaces.into_iter().next_back().filter(|_| full);
    Ok(Claimed {
        jobs: claimed,
        last,
    })
}

/// The pause between dispatches of one job, before it grows.
#[derive(Clone, Copy)]
struct Pause(Duration);

impl Pause {
    /// How long until a job dispatched for the `attempt`th time is due again.
    fn after(self, attempt: u32) -> Duration {
        const LONGEST: Duration = Duration::from_mins(15);
        self.0
            .saturating_mul(1 << attempt.min(10))
            .min(LONGEST.max(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_a_quarter_of_an_hour() {
        let pause = Pause(Duration::from_secs(20));
        assert_eq!(pause.after(0), Duration::from_secs(20));
        assert_eq!(pause.after(1), Duration::from_secs(40));
        assert_eq!(pause.after(u32::MAX), Duration::from_mins(15));
    }
}
