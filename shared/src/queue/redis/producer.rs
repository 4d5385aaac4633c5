//! The writing end: pipelined `XADD`s on a held connection.
//!
//! Owns cutting large batches. Bounding the streams is for those who ask for room.
//! **Invariant:** entries are added in the order given.

use std::sync::Arc;

use async_trait::async_trait;
use deadpool_redis::redis::pipe;

use super::Backend;
use super::entry;
use super::fault::fault;
use super::link::{Again, Ask, Link};
use crate::job::Envelope;
use crate::queue::{Producer, QueueError, Stream};

/// Entries sent before an answer is awaited.
const BATCH: usize = 256;
/// Bytes sent before an answer is awaited, give or take one body.
const BATCH_BYTES: usize = 8 << 20;

pub(super) struct RedisProducer {
    backend: Arc<Backend>,
    link: Link,
}

impl RedisProducer {
    pub(super) fn new(backend: Arc<Backend>) -> Self {
        let link = backend.link();
        Self { backend, link }
    }
}

#[async_trait]
impl Producer for RedisProducer {
    async fn publish(&self, stream: Stream, envelopes: &[Envelope]) -> Result<(), QueueError> {
        let key = self.backend.key(stream);
        let mut rest = envelopes;
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_len(rest));
            rest = later;
            let mut pipeline = pipe();
            for envelope in batch {
                pipeline.add_command(entry::add(&key, envelope)).ignore();
            }
            self.link
                .ask::<()>(Ask::Pipeline(&pipeline), Again::Doubles)
                .await
                .map_err(|error| fault(&error))?;
        }
        Ok(())
    }

    async fn room(&self, stream: Stream) -> Result<usize, QueueError> {
        let mut pipeline = pipe();
        for stream in [stream, Stream::Results] {
            pipeline.cmd("XLEN").arg(self.backend.key(stream));
        }
        let (length, results): (usize, usize) = self
            .link
            .ask(Ask::Pipeline(&pipeline), Again::Harmless)
            .await
            .map_err(|error| fault(&error))?;
        let room = self.backend.window(stream).saturating_sub(length);
        // Nothing new is sent out while nobody collects what comes back.
        Ok(room.min(self.backend.window(Stream::Results).saturating_sub(results)))
    }
}

/// How many of the first envelopes to send at once: at least one.
pub(super) fn batch_len(envelopes: &[Envelope]) -> usize {
    let mut bytes = 0usize;
    let fitting = envelopes.iter().take(BATCH).take_while(|envelope| {
        let fits = bytes <= BATCH_BYTES;
        bytes = bytes.saturating_add(envelope.body.len());
        fits
    });
    fitting.count()
}
