//! Small duties at intervals: deleting spent uploads and old answers, reading detectors and policies again.
//!
//! Every coordinator does them: each is harmless when done twice.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::failpoint;
use shared::lifecycle::Shutdown;

use crate::blobs::Blobs;
use crate::detector_sets::DetectorSets;
use crate::policies::Policies;
use crate::store::{Store, StoreError, blobs, idempotency};

const INTERVAL: Duration = Duration::from_secs(5);
/// How soon a change that another coordinator made is seen here.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);
/// Uploads, and answers, deleted in one round.
const BATCH: u32 = 256;

shared::answers_ping!(Janitor);

/// Tidies up.
pub struct Janitor {
    parts: Arc<JanitorParts>,
}

/// What a janitor works with.
pub struct JanitorParts {
    /// Where it is written what may go.
    pub store: Store,
    /// Where uploads rest.
    pub blobs: Blobs,
    /// The detectors in force.
    pub detectors: Arc<DetectorSets>,
    /// The policies in force.
    pub policies: Arc<Policies>,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Janitor {
    /// A janitor over `parts`.
    pub fn new(parts: Arc<JanitorParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Janitor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(tidy_until_stopped(Arc::clone(&self.parts)).into_actor(self));
        ctx.spawn(follow_until_stopped(Arc::clone(&self.parts)).into_actor(self));
    }
}

/// Puts in force what other coordinators stored.
async fn follow_until_stopped(parts: Arc<JanitorParts>) {
    while !parts.shutdown.is_draining() {
        tokio::select! {
            () = parts.shutdown.draining() => return,
            () = tokio::time::sleep(FOLLOW_INTERVAL) => {}
        }
        if let Err(error) = parts.detectors.refresh(&parts.store).await {
            tracing::warn!(%error, "detectors not read again, the set in force stays");
        }
    }
}

async fn tidy_until_stopped(parts: Arc<JanitorParts>) {
    while !parts.shutdown.is_draining() {
        failpoint::pass("janitor");
        tokio::select! {
            () = parts.shutdown.draining() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        if let Err(error) = parts.policies.refresh(&parts.store).await {
            tracing::warn!(%error, "policies not read again, those in force stay");
        }
        if let Err(error) = delete_spent_uploads(&parts).await {
            tracing::warn!(%error, "spent uploads not deleted");
        }
        let deleting = |conn: &mut _| idempotency::delete_expired(conn, BATCH);
        if let Err(error) = parts.store.write(deleting).await {
            tracing::warn!(%error, "old answers not deleted");
        }
    }
}

async fn delete_spent_uploads(parts: &JanitorParts) -> Result<(), StoreError> {
    let spent = parts
        .store
        .read(|conn| blobs::spent_uploads(conn, BATCH))
        .await?;
    for id in spent {
        let folder = parts.blobs.clone();
        match tokio::task::spawn_blocking(move || folder.delete(id)).await {
            Ok(Ok(())) => {
                parts
                    .store
                    .write(move |conn| blobs::mark_deleted(conn, id))
                    .await?;
            }
            Ok(Err(error)) => tracing::warn!(kind = ?error.kind(), "upload not deleted"),
            Err(error) => tracing::warn!(%error, "upload not deleted"),
        }
    }
    Ok(())
}
