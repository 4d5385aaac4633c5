//! Telling the coordinator that this node lives and what it has done.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::NodeParts;
use crate::source::{NodeReport, SourceError};

/// How often a node reports. The coordinator calls a node gone after three times this.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);

/// Who hears a node's reports.
#[async_trait]
pub trait HeartbeatSink: Send + Sync {
    /// Takes one report.
    ///
    /// # Errors
    /// Transient; the next report makes up for it.
    async fn report(&self, report: NodeReport) -> Result<(), SourceError>;
}

shared::answers_ping!(Heartbeat);

/// Reports at [`HEARTBEAT_INTERVAL`] until the node stops.
pub(crate) struct Heartbeat {
    parts: Arc<NodeParts>,
}

impl Heartbeat {
    pub(crate) fn new(parts: Arc<NodeParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Heartbeat {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.spawn(beat(Arc::clone(&self.parts)).into_actor(self));
    }
}

async fn beat(parts: Arc<NodeParts>) {
    let started_at = parts.clock.now();
    let mut reachable = true;
    while !parts.shutdown.is_draining() {
        let outcome = parts.heartbeat.report(report(&parts, started_at)).await;
        if let Err(error) = &outcome
            && reachable
        {
            tracing::warn!(%error, "the coordinator does not hear this node");
        }
        reachable = outcome.is_ok();
        tokio::select! {
            () = parts.shutdown.draining() => {}
            () = tokio::time::sleep(HEARTBEAT_INTERVAL) => {}
        }
    }
}

fn report(parts: &NodeParts, started_at: DateTime<Utc>) -> NodeReport {
    let counts = parts.metrics.counts();
    NodeReport {
        id: parts.node.id,
        name: parts.node.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
        message_slots: parts.limits.message_slots(),
        file_slots: parts.limits.files,
        answered: counts.answered,
        failed: counts.failed,
    }
}
