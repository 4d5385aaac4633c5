//! What becomes of deliveries, on a connection held for one consumer's loop.
//!
//! Owns the settling commands. Each is one step in Redis: an entry that is acknowledged but not deleted
//! would take room for ever.
//! **Invariant:** handing back, holding on and setting aside have no effect on an entry that is no longer
//! ours; being done is believed of anybody.

use std::sync::Arc;

use async_trait::async_trait;
use deadpool_redis::redis::{Pipeline, RedisError, Script, ScriptInvocation, pipe};

use super::Backend;
use super::fault::{fault, is_group_lost};
use super::held::HeldEntries;
use super::link::{Again, Ask, Link};
use super::{dead, entry, script};
use crate::job::Envelope;
use crate::queue::{QueueError, Receipt, Settle, Stream};

/// Entries settled in one step, so that no step holds up Redis for long.
const BATCH: usize = 256;

pub(super) struct RedisSettle {
    backend: Arc<Backend>,
    stream: Stream,
    consumer: String,
    link: Link,
    pub(super) held: HeldEntries,
}

impl RedisSettle {
    pub(super) fn new(backend: Arc<Backend>, stream: Stream, consumer: &str) -> Self {
        let link = backend.link();
        let held = HeldEntries::new(backend.lease(stream));
        Self {
            backend,
            stream,
            consumer: consumer.to_owned(),
            link,
            held,
        }
    }

    /// Sets an entry aside with its fields as they were.
    pub(super) async fn bury_raw(
        &self,
        entry: &entry::Entry,
        reason: &str,
    ) -> Result<(), QueueError> {
        let receipt = Receipt(entry.id.clone());
        let mut pipeline = pipe();
        pipeline.atomic();
        let mut add = dead::add(&self.backend.dead(), self.stream, &entry.id, reason);
        for (name, value) in &entry.fields {
            add.arg(name).arg(value);
        }
        pipeline.add_command(add).ignore();
        self.forget(&mut pipeline, std::slice::from_ref(&receipt));
        self.link
            .ask::<()>(Ask::Pipeline(&pipeline), Again::Doubles)
            .await
            .map_err(|error| fault(&error))
    }

    /// Leaves an entry to whoever asks for expired leases once `unread_version_delay` is over.
    pub(super) async fn defer(&self, id: &str) -> Result<(), QueueError> {
        let lease = self.backend.lease(self.stream);
        let idle = lease.saturating_sub(self.backend.options.unread_version_delay);
        let mut pipeline = pipe();
        pipeline
            .cmd("XCLAIM")
            .arg(self.backend.key(self.stream))
            .arg(self.stream.group())
            .arg("released")
            .arg(0)
            .arg(id)
            .arg("IDLE")
            .arg(millis(idle))
            .arg("JUSTID")
            .ignore();
        self.link
            .ask::<()>(Ask::Pipeline(&pipeline), Again::Harmless)
            .await
            .map_err(|error| fault(&error))
    }

    /// Has the consumer forgotten, if it holds nothing.
    pub(super) async fn leave(&self) -> Result<(), QueueError> {
        let script = self.about(&script::LEAVE);
        let ask = self.link.ask::<u8>(Ask::Script(&script), Again::Harmless);
        ask.await.map(drop).map_err(|error| fault(&error))
    }

    /// Has consumers forgotten that hold nothing and were silent for long.
    pub(super) async fn reap(&self) -> Result<u64, QueueError> {
        let mut script = script::REAP.key(self.backend.key(self.stream));
        script
            .arg(self.stream.group())
            .arg(millis(self.backend.options.forget_consumers_after));
        let ask = self.link.ask(Ask::Script(&script), Again::Harmless);
        ask.await.map_err(|error| fault(&error))
    }

    /// A script about our own entries.
    fn about<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut script = script.key(self.backend.key(self.stream));
        script.arg(self.stream.group()).arg(&self.consumer);
        script
    }

    fn forget(&self, pipeline: &mut Pipeline, receipts: &[Receipt]) {
        let key = self.backend.key(self.stream);
        let ids: Vec<&str> = receipts.iter().map(|receipt| receipt.0.as_str()).collect();
        pipeline
            .cmd("XACK")
            .arg(&key)
            .arg(self.stream.group())
            .arg(&ids)
            .ignore();
        pipeline.cmd("XDEL").arg(&key).arg(&ids).ignore();
    }

    async fn run(&self, script: &Script, receipts: &[Receipt]) -> Result<(), QueueError> {
        for batch in receipts.chunks(BATCH) {
            let mut script = self.about(script);
            for receipt in batch {
                script.arg(&receipt.0);
            }
            let ask = self.link.ask::<u8>(Ask::Script(&script), Again::Harmless);
            gone_is_settled(ask.await.map(drop))?;
        }
        Ok(())
    }
}

#[async_trait]
impl Settle for RedisSettle {
    async fn ack(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        for batch in receipts.chunks(BATCH) {
            let mut pipeline = pipe();
            pipeline.atomic();
            self.forget(&mut pipeline, batch);
            let ask = Ask::Pipeline(&pipeline);
            self.link
                .ask::<()>(ask, Again::Harmless)
                .await
                .map_err(|error| fault(&error))?;
            self.held.remove(batch.iter());
        }
        Ok(())
    }

    async fn reply(&self, answers: &[(Receipt, Envelope)]) -> Result<(), QueueError> {
        let results = self.backend.key(Stream::Results);
        for batch in answers.chunks(BATCH) {
            let mut pipeline = pipe();
            pipeline.atomic();
            for (_, answer) in batch {
                pipeline.add_command(entry::add(&results, answer)).ignore();
            }
            let receipts: Vec<Receipt> = batch.iter().map(|(receipt, _)| receipt.clone()).collect();
            self.forget(&mut pipeline, &receipts);
            // Sent twice, it would add the results twice; whoever collects counts each once.
            let ask = Ask::Pipeline(&pipeline);
            self.link
                .ask::<()>(ask, Again::Harmless)
                .await
                .map_err(|error| fault(&error))?;
            self.held.remove(receipts.iter());
        }
        Ok(())
    }

    async fn nack(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.run(&script::RELEASE, receipts).await?;
        self.held.remove(receipts.iter());
        Ok(())
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.run(&script::EXTEND, receipts).await?;
        self.held.touch(receipts);
        Ok(())
    }

    async fn dead_letter(
        &self,
        receipt: &Receipt,
        envelope: &Envelope,
        reason: &str,
    ) -> Result<(), QueueError> {
        let mut script = self.about(&script::BURY);
        script.key(self.backend.dead()).arg(&receipt.0);
        for (name, value) in dead::fields(self.stream, &receipt.0, reason, envelope) {
            script.arg(name).arg(value);
        }
        let ask = self.link.ask::<u8>(Ask::Script(&script), Again::Harmless);
        gone_is_settled(ask.await.map(drop))?;
        self.held.remove(std::iter::once(receipt));
        Ok(())
    }
}

/// A group that is gone holds nothing that could be settled; who reads will make it anew.
fn gone_is_settled(answer: Result<(), RedisError>) -> Result<(), QueueError> {
    match answer {
        Err(error) if is_group_lost(&error) => Ok(()),
        answer => answer.map_err(|error| fault(&error)),
    }
}

pub(super) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
