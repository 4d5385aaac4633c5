//! Telling people and other systems what is due: mail and webhooks.
//!
//! Owns when it is looked for. What is sent and recorded is for `mail::Post` and `webhooks::Deliveries`; each has a
//! loop of its own, so that a slow mail server holds up no webhook. Every coordinator does it: a claim keeps two
//! from sending the same.
//! **Invariant:** nothing new is claimed once draining began, and what was claimed is settled or given back before
//! the process ends.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::failpoint;
use shared::lifecycle::Shutdown;

use crate::mail::Post;
use crate::store::StoreError;
use crate::webhooks::Deliveries;

/// Pause between looks that found nothing.
const INTERVAL: Duration = Duration::from_millis(500);

shared::answers_ping!(Notifier);

/// Tells.
pub struct Notifier {
    parts: Arc<NotifierParts>,
}

/// What a notifier works with.
pub struct NotifierParts {
    /// Sends mail.
    pub post: Post,
    /// Calls webhooks.
    pub deliveries: Deliveries,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Notifier {
    /// A notifier over `parts`.
    pub fn new(parts: Arc<NotifierParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Notifier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let tasks = self.parts.shutdown.tasks().clone();
        let post = post_until_stopped(Arc::clone(&self.parts));
        let calls = call_until_stopped(Arc::clone(&self.parts));
        ctx.spawn(tasks.track_future(post).into_actor(self));
        ctx.spawn(tasks.track_future(calls).into_actor(self));
    }
}

async fn post_until_stopped(parts: Arc<NotifierParts>) {
    while !parts.shutdown.is_draining() {
        failpoint::pass("notifier");
        let sent = parts.post.deliver_due().await;
        rest_after(&parts.shutdown, "mail", sent).await;
    }
}

async fn call_until_stopped(parts: Arc<NotifierParts>) {
    while !parts.shutdown.is_draining() {
        let told = parts.deliveries.deliver_due().await;
        rest_after(&parts.shutdown, "webhooks", told).await;
    }
}

/// Goes on at once while there is work.
async fn rest_after(shutdown: &Shutdown, what: &'static str, done: Result<usize, StoreError>) {
    match done {
        Ok(0) => {}
        Ok(rows) => {
            tracing::debug!(what, rows, "outbox rows carried out");
            return;
        }
        Err(error) => tracing::warn!(%error, what, "outbox not carried out, trying again"),
    }
    tokio::select! {
        () = shutdown.draining() => {}
        () = tokio::time::sleep(INTERVAL) => {}
    }
}
