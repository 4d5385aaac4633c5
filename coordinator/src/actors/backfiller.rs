//! Reading again what was said, one page after the other; and marking that somebody listens.
//!
//! Owns when, and that one coordinator at a time reads. What a step is, is for `backfill`; what a gap is, for `gaps`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::ids::{BackfillId, WorkspaceId};
use shared::lifecycle::Shutdown;
use tokio::task::{JoinError, JoinSet};

use crate::backfill::Backfills;
use crate::gaps::Gaps;
use crate::store::backfills::Backfill;
use crate::store::{Store, leases};

/// How often is looked for something to read.
const INTERVAL: Duration = Duration::from_secs(1);
/// Longer than the interval by far; shorter than anybody waits for a dead coordinator's work.
const LEASE: Duration = Duration::from_secs(20);
const RENEW_AFTER: Duration = Duration::from_secs(5);
/// The pause after the database did not take a step.
const PAUSE: Duration = Duration::from_secs(2);
const NAME: &str = "backfills";
/// The mark is moved at least so often.
const MARK_EVERY: Duration = Duration::from_secs(10);

shared::answers_ping!(Backfiller);

/// Reads again what was said.
pub struct Backfiller {
    parts: Arc<BackfillerParts>,
}

/// What a backfiller works with.
pub struct BackfillerParts {
    /// Whose lease it is.
    pub name: String,
    /// Takes steps.
    pub backfills: Backfills,
    /// Finds gaps.
    pub gaps: Gaps,
    /// Where leases are.
    pub store: Store,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Backfiller {
    /// A backfiller over `parts`.
    pub fn new(parts: Arc<BackfillerParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Backfiller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(read_until_stopped(Arc::clone(&self.parts)).into_actor(self));
        ctx.spawn(listen_until_stopped(Arc::clone(&self.parts)).into_actor(self));
    }
}

/// Takes steps side by side for different workspaces, as long as the lease is ours.
async fn read_until_stopped(parts: Arc<BackfillerParts>) {
    let mut held: Option<Instant> = None;
    let mut under_way: HashSet<WorkspaceId> = HashSet::new();
    // Tasks of their own: one that waits for the database goes on while others are looked for.
    let mut steps: JoinSet<WorkspaceId> = JoinSet::new();
    while !parts.shutdown.is_draining() {
        if held.is_none_or(|since| since.elapsed() > RENEW_AFTER) {
            held = acquire(&parts).await.then(Instant::now);
        }
        if held.is_some() {
            for backfill in due(&parts).await {
                if under_way.insert(backfill.workspace.clone()) {
                    steps.spawn_local(step(Arc::clone(&parts), backfill));
                }
            }
        }
        tokio::select! {
            () = parts.shutdown.draining() => {}
            Some(ended) = steps.join_next(), if !steps.is_empty() => {
                under_way.remove(&workspace_of(ended));
            }
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    // A step that is given up is taken again by whoever comes next.
}

/// Whose step has ended. One that panicked ends this actor, which is then made anew.
fn workspace_of(ended: Result<WorkspaceId, JoinError>) -> WorkspaceId {
    ended.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Only who drops the set cancels a step.
        Err(_cancelled) => WorkspaceId::new(""),
    })
}

async fn step(parts: Arc<BackfillerParts>, backfill: Backfill) -> WorkspaceId {
    if let Err(error) = parts.backfills.step(&backfill).await {
        let id: BackfillId = backfill.id;
        tracing::warn!(backfill = %id, %error, "a step of a backfill was not taken, trying again");
        tokio::time::sleep(PAUSE).await;
    }
    backfill.workspace
}

async fn due(parts: &BackfillerParts) -> Vec<Backfill> {
    let due = parts.backfills.due().await;
    due.unwrap_or_else(|error| {
        tracing::warn!(%error, "backfills not read, trying again");
        Vec::new()
    })
}

async fn acquire(parts: &BackfillerParts) -> bool {
    let holder = parts.name.clone();
    let acquiring = move |conn: &mut _| leases::acquire(conn, NAME, &holder, LEASE);
    parts.store.write(acquiring).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "lease of backfills not renewed");
        false
    })
}

/// Moves the mark on, unless events were refused since it was moved last.
async fn listen_until_stopped(parts: Arc<BackfillerParts>) {
    let mut refusals = parts.gaps.refusals();
    while !parts.shutdown.is_draining() {
        let now = parts.gaps.refusals();
        if now == refusals {
            if let Err(error) = parts.gaps.listening(&parts.store, &parts.name).await {
                tracing::warn!(%error, "nobody can say whether somebody listens");
            }
        } else {
            refusals = now;
        }
        tokio::select! {
            () = parts.shutdown.draining() => {}
            () = tokio::time::sleep(parts.gaps.interval().min(MARK_EVERY)) => {}
        }
    }
}
