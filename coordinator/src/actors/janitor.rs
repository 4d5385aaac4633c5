//! Small duties at intervals: deleting spent uploads, expired originals and old answers, dropping records past
//! their time, ending suppressions that are over; reading detectors, policies, suppressions and ended sessions
//! again.
//!
//! Every coordinator does them: each is harmless when done twice.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::failpoint;
use shared::lifecycle::Shutdown;

use crate::blobs::Blobs;
use crate::detector_sets::DetectorSets;
use crate::domain::due_times::DueTimes;
use crate::domain::retention::{Kind, Retention};
use crate::ended_sessions::EndedSessions;
use crate::installations::Installations;
use crate::policies::Policies;
use crate::shared_limits::SharedLimits;
use crate::store::{
    Store, StoreError, backfills, blobs, clock, idempotency, lockouts, originals, resets,
    retention, slack_holds, suppressions,
};
use crate::suppressions::Suppressions;

/// How long somebody may look at a backfill that has ended.
const KEEP_BACKFILLS: Duration = Duration::from_hours(90 * 24);

const INTERVAL: Duration = Duration::from_secs(5);
/// How soon a change that another coordinator made is seen here.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);
/// Uploads, originals or answers deleted, or suppressions ended, in one transaction.
const BATCH: u32 = 256;

/// How often records past their time are looked for.
const DROP_EVERY: Duration = Duration::from_mins(10);
/// Records dropped in one transaction.
const DROP_BATCH: u32 = 500;

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
    /// How long records are kept.
    pub retention: Retention,
    /// How long copies of files that were taken away are kept.
    pub keep_originals: Duration,
    /// Whose sessions were ended lately.
    pub ended: Arc<EndedSessions>,
    /// The suppressions in force.
    pub suppressions: Arc<Suppressions>,
    /// Where the app is installed.
    pub installations: Arc<Installations>,
    /// What may be called in Slack.
    pub limits: SharedLimits,
    /// How long people have to close an alert that is opened again.
    pub times: DueTimes,
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
        ctx.spawn(drop_until_stopped(Arc::clone(&self.parts)).into_actor(self));
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
        if let Err(error) = parts.ended.refresh(&parts.store).await {
            tracing::warn!(%error, "ended sessions not read again");
        }
        if let Err(error) = parts.policies.refresh(&parts.store).await {
            tracing::warn!(%error, "policies not read again, those in force stay");
        }
        if let Err(error) = parts.suppressions.refresh(&parts.store).await {
            tracing::warn!(%error, "suppressions not read again, those in force stay");
        }
        if let Err(error) = parts.installations.refresh(&parts.store).await {
            tracing::warn!(%error, "installations not read again, those known stay");
        }
        if let Err(error) = parts.limits.refresh(&parts.store).await {
            tracing::warn!(%error, "holds of slack's not read again");
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
        if let Err(error) = end_suppressions(&parts).await {
            tracing::warn!(%error, "suppressions that are over not ended");
        }
        if let Err(error) = delete_blobs(&parts).await {
            tracing::warn!(%error, "spent uploads and old copies not deleted");
        }
        let forgotten = parts.store.write(|conn| {
            lockouts::forget_old(conn)?;
            slack_holds::forget_old(conn)?;
            backfills::forget_ended(conn, KEEP_BACKFILLS)?;
            resets::forget_old(conn)
        });
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "old failures, holds, backfills and reset tokens not deleted");
        }
        if let Err(error) = delete_expired_originals(&parts).await {
            tracing::warn!(%error, "expired originals not deleted");
        }
        let deleting = |conn: &mut _| idempotency::delete_expired(conn, BATCH);
        if let Err(error) = parts.store.write(deleting).await {
            tracing::warn!(%error, "old answers not deleted");
        }
    }
}

/// Drops what is past its time, kind by kind.
async fn drop_until_stopped(parts: Arc<JanitorParts>) {
    while !parts.shutdown.is_draining() {
        for kind in Kind::ALL {
            if let Err(error) = drop_old(&parts, kind).await {
                tracing::warn!(kind = kind.as_str(), %error, "old records not dropped");
            }
        }
        tokio::select! {
            () = parts.shutdown.draining() => return,
            () = tokio::time::sleep(DROP_EVERY) => {}
        }
    }
}

async fn drop_old(parts: &JanitorParts, kind: Kind) -> Result<(), StoreError> {
    let retention = parts.retention;
    let mut dropped = 0;
    while !parts.shutdown.is_draining() {
        let batch = parts.store.write(move |conn| {
            let now = clock::now(conn)?;
            match retention.before(kind, now) {
                Some(before) => retention::drop_before(conn, kind, before, DROP_BATCH),
                None => Ok(0),
            }
        });
        match batch.await? {
            0 => break,
            gone => dropped += gone,
        }
    }
    if dropped > 0 {
        tracing::info!(
            kind = kind.as_str(),
            records = dropped,
            "old records dropped"
        );
    }
    Ok(())
}

/// Batch after batch, so that no transaction is long and none waits for the next round.
async fn delete_expired_originals(parts: &JanitorParts) -> Result<(), StoreError> {
    while !parts.shutdown.is_draining() {
        let deleting = parts
            .store
            .write(|conn| originals::delete_expired(conn, BATCH));
        let deleted = deleting.await?;
        if deleted > 0 {
            tracing::info!(originals = deleted, "expired originals deleted");
        }
        if deleted < BATCH as usize {
            break;
        }
    }
    Ok(())
}

/// Opens the alerts whose risk is accepted no longer.
async fn end_suppressions(parts: &JanitorParts) -> Result<(), StoreError> {
    let times = parts.times;
    let ended = parts
        .store
        .write(move |conn| suppressions::end_expired(conn, &times, BATCH))
        .await?;
    if ended > 0 {
        tracing::info!(suppressions = ended, "suppressions are over");
    }
    Ok(())
}

/// Uploads that were scanned, and copies whose time is over.
async fn delete_blobs(parts: &JanitorParts) -> Result<(), StoreError> {
    let keep = parts.keep_originals;
    let reading = move |conn: &mut _| {
        let mut gone = blobs::spent_uploads(conn, BATCH)?;
        gone.extend(blobs::old_quarantine(conn, keep, BATCH)?);
        Ok(gone)
    };
    for id in parts.store.read(reading).await? {
        let folder = parts.blobs.clone();
        match tokio::task::spawn_blocking(move || folder.delete(id)).await {
            Ok(Ok(())) => {
                parts
                    .store
                    .write(move |conn| blobs::mark_deleted(conn, id))
                    .await?;
            }
            Ok(Err(error)) => tracing::warn!(kind = ?error.kind(), "blob not deleted"),
            Err(error) => tracing::warn!(%error, "blob not deleted"),
        }
    }
    Ok(())
}
