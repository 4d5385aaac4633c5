//! Doing in Slack what was decided.
//!
//! Owns when the outbox is looked at: whenever the bell rings, and from time to time. What is done is
//! `enforcement`.

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::lifecycle::Shutdown;

use crate::enforcement::Enforcement;

shared::answers_ping!(Enforcer);

/// Does in Slack what was decided.
pub struct Enforcer {
    parts: Arc<EnforcerParts>,
}

/// What an enforcer works with.
pub struct EnforcerParts {
    /// Does it.
    pub enforcement: Enforcement,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Enforcer {
    /// An enforcer over `parts`.
    pub fn new(parts: Arc<EnforcerParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Enforcer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let tasks = self.parts.shutdown.tasks().clone();
        let parts = Arc::clone(&self.parts);
        // Whatever was begun in Slack is recorded before the process ends.
        let working = tasks.track_future(async move { parts.enforcement.run().await });
        ctx.spawn(working.into_actor(self));
    }
}
