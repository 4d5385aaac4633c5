//! Signing the end of the audit trail, and dropping its beginning when its time is over.
//!
//! One coordinator at a time does it, by a lease. Leaves what is signed to `trail`.
//! **Invariant:** a checkpoint speaks of a committed entry, so that no trail is shorter than what was signed.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use chrono::TimeDelta;
use shared::failpoint;
use shared::lifecycle::Shutdown;
use shared::seal::Signer;

use crate::store::{Store, StoreError, audit, clock, leases};
use crate::trail;

/// Whoever holds it signs.
const LEASE: &str = "notary";
/// How often the trail is looked at for what is too old.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

shared::answers_ping!(Notary);

/// Signs.
pub struct Notary {
    parts: Arc<NotaryParts>,
}

/// What a notary works with.
pub struct NotaryParts {
    /// Unique among the living coordinators.
    pub name: String,
    /// Where the trail is.
    pub store: Store,
    /// Signs.
    pub signer: Signer,
    /// How often.
    pub every: Duration,
    /// How long entries are kept; zero for ever.
    pub keep: Duration,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Notary {
    /// A notary over `parts`.
    pub fn new(parts: Arc<NotaryParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Notary {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(sign_until_stopped(Arc::clone(&self.parts)).into_actor(self));
        if !self.parts.keep.is_zero() {
            ctx.spawn(prune_until_stopped(Arc::clone(&self.parts)).into_actor(self));
        }
    }
}

async fn sign_until_stopped(parts: Arc<NotaryParts>) {
    while !parts.shutdown.is_draining() {
        failpoint::pass("notary");
        tokio::select! {
            () = parts.shutdown.draining() => {}
            () = tokio::time::sleep(parts.every) => {}
        }
        // The last deeds before a shutdown are signed too.
        if let Err(error) = sign(&parts).await {
            tracing::warn!(%error, "audit trail not signed, trying again");
        }
    }
}

async fn sign(parts: &NotaryParts) -> Result<(), StoreError> {
    let (name, signer) = (parts.name.clone(), parts.signer.clone());
    let lease = parts.every.saturating_mul(3);
    let fresh = parts.store.write(move |conn| {
        if !leases::acquire(conn, LEASE, &name, lease)? {
            return Ok(None);
        }
        let head = audit::head(conn)?;
        let last = audit::latest_checkpoint(conn)?.map_or(0, |last| last.seq);
        if head.seq <= last {
            return Ok(None);
        }
        let checkpoint = trail::checkpoint_of(&head, &signer, clock::now(conn)?);
        audit::add_checkpoint(conn, &checkpoint)?;
        Ok(Some(checkpoint))
    });
    if let Some(checkpoint) = fresh.await? {
        // In a log that is shipped elsewhere this is what nobody with the database alone can take back.
        tracing::info!(seq = checkpoint.seq, hash = %checkpoint.hash, "audit trail signed");
    }
    Ok(())
}

async fn prune_until_stopped(parts: Arc<NotaryParts>) {
    while !parts.shutdown.is_draining() {
        if let Err(error) = prune(&parts).await {
            tracing::warn!(%error, "old audit entries not dropped, trying again");
        }
        tokio::select! {
            () = parts.shutdown.draining() => return,
            () = tokio::time::sleep(PRUNE_EVERY) => {}
        }
    }
}

async fn prune(parts: &NotaryParts) -> Result<(), StoreError> {
    let Ok(keep) = TimeDelta::from_std(parts.keep) else {
        return Ok(());
    };
    let now = parts.store.read(clock::now).await?;
    let Some(before) = now.checked_sub_signed(keep) else {
        return Ok(());
    };
    if let Some(up_to) = trail::prune(&parts.store, &parts.signer, before).await? {
        tracing::info!(up_to, "old audit entries given up");
    }
    while !parts.shutdown.is_draining() && trail::drop_pruned(&parts.store).await? {}
    Ok(())
}
