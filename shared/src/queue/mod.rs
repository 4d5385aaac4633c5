//! The queue: what carries jobs to nodes and results back.
//!
//! Owns the traits every backend fits and the words for what can go wrong. The queue only carries: it may
//! be late, doubled, emptied or restarted at any time, and the database makes up for it.
//! **Invariant:** one conformance suite (`conformance`) passes on every backend.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod embedded;
mod open;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(any(feature = "redis", feature = "sqs"))]
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::job::{Envelope, RetryClass};

pub use embedded::{EmbeddedOptions, EmbeddedQueue};
pub use open::open;
#[cfg(feature = "redis")]
pub use redis::{RedisOptions, RedisQueue};
#[cfg(feature = "sqs")]
pub use sqs::{SqsOptions, SqsQueue};

/// A line of envelopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Jobs of [`JobClass::Message`](crate::job::JobClass::Message).
    Messages,
    /// Jobs of [`JobClass::File`](crate::job::JobClass::File).
    Files,
    /// Results of both.
    Results,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 3] = [Self::Messages, Self::Files, Self::Results];

    /// The name, without the configured prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "jobs:messages",
            Self::Files => "jobs:files",
            Self::Results => "results",
        }
    }

    /// Who reads it together: each entry goes to one member.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Messages | Self::Files => "scanners",
            Self::Results => "aggregators",
        }
    }
}

/// A backend: Redis Streams, SQS, or this process's memory.
#[async_trait]
pub trait Queue: Send + Sync {
    /// `messaging.system` of the OpenTelemetry conventions: `redis`, `aws_sqs`, `memory`.
    fn system(&self) -> &'static str;

    /// The writing end. Cheap; shared by all tasks.
    fn producer(&self) -> Arc<dyn Producer>;

    /// A reading end with its own connection. `name` is unique among the living consumers.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached; permanent if it is set up so that it would lose entries.
    async fn consumer(&self, stream: Stream, name: &str) -> Result<Box<dyn Consumer>, QueueError>;

    /// How full a stream is.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached.
    async fn depth(&self, stream: Stream) -> Result<Depth, QueueError>;

    /// A name for the backend's memory. A new name means that everything carried before may be gone,
    /// and all open jobs are to be dispatched again.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached.
    async fn epoch(&self) -> Result<String, QueueError>;

    /// The oldest dead letters, at most `limit`.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError>;

    /// Puts at most `limit` dead letters back on the streams they came from; says how many. A dead letter
    /// that is no envelope stays.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached; what was moved by then stays moved.
    async fn redrive(&self, limit: usize) -> Result<usize, QueueError>;
}

/// The writing end of a queue.
#[async_trait]
pub trait Producer: Send + Sync {
    /// Puts envelopes on a stream, in order. `Ok` means the backend has all of them; an error means it has
    /// any number of them, so publishing again may double some.
    ///
    /// The window is advice for those who ask [`Producer::room`] first: a backend shared by several
    /// processes takes what was published beyond it.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached or is full; permanent if an envelope is longer than the
    /// backend can carry.
    async fn publish(&self, stream: Stream, envelopes: &[Envelope]) -> Result<(), QueueError>;

    /// How many more entries the stream's window takes. Results have no window that could hold up those
    /// who scan: a backlog of results takes away from the room for jobs instead.
    ///
    /// # Errors
    /// Transient if the backend cannot be reached.
    async fn room(&self, stream: Stream) -> Result<usize, QueueError>;
}

/// The reading end of a queue: owned by one loop.
#[async_trait]
pub trait Consumer: Send {
    /// Waits up to `wait` for something to do, then takes at most `max` deliveries: new ones, or ones whose
    /// lease ran out elsewhere. Entries that are no envelope are moved to the dead letters and not returned.
    ///
    /// # Errors
    /// Transient: back off and call again. The consumer mends its own connection, group and stream.
    ///
    /// # Cancel safety
    /// Not cancel safe: a dropped call may have taken entries that then wait for their lease to run out.
    /// Keep `wait` short and look at the shutdown signal between calls.
    async fn receive(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError>;

    /// Leaves the group. Deliveries still held go back to it when their lease runs out.
    ///
    /// # Errors
    /// Transient; the group forgets the consumer later by itself.
    async fn close(self: Box<Self>) -> Result<(), QueueError>;
}

/// An envelope in our hands until its lease runs out. Dropping it unsettled gives it to somebody else then.
pub struct Delivery {
    /// What was delivered.
    pub envelope: Envelope,
    /// How often it was handed out, this time included, from 1.
    pub deliveries: u32,
    /// What the backend calls it.
    pub receipt: Receipt,
    settle: Arc<dyn Settle>,
}

/// What a backend calls a delivery: a stream entry id, a receipt handle, a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(pub String);

/// What can be done with deliveries. Batches, because one round trip each would be the bottleneck.
#[async_trait]
pub trait Settle: Send + Sync {
    /// Done: forget them. Acknowledging again, or after the lease ran out, is harmless.
    async fn ack(&self, receipts: &[Receipt]) -> Result<(), QueueError>;

    /// Publishes each answer on [`Stream::Results`] and acknowledges what it answers: together where the
    /// backend can, else answer first.
    async fn reply(&self, answers: &[(Receipt, Envelope)]) -> Result<(), QueueError>;

    /// Not now: somebody may have them at once.
    async fn nack(&self, receipts: &[Receipt]) -> Result<(), QueueError>;

    /// Still working: the lease starts again, for those we still hold.
    async fn extend(&self, receipts: &[Receipt]) -> Result<(), QueueError>;

    /// Never again: sets one aside with the reason.
    async fn dead_letter(
        &self,
        receipt: &Receipt,
        envelope: &Envelope,
        reason: &str,
    ) -> Result<(), QueueError>;
}

impl Delivery {
    /// Wraps what a backend took. For backends.
    pub fn new(
        envelope: Envelope,
        deliveries: u32,
        receipt: Receipt,
        settle: Arc<dyn Settle>,
    ) -> Self {
        Self {
            envelope,
            deliveries,
            receipt,
            settle,
        }
    }

    /// What settles this delivery; the same for all deliveries of one consumer.
    pub fn settle(&self) -> Arc<dyn Settle> {
        Arc::clone(&self.settle)
    }

    /// Done: forget it.
    ///
    /// # Errors
    /// Transient; it will be delivered again.
    pub async fn ack(self) -> Result<(), QueueError> {
        self.settle.ack(&[self.receipt]).await
    }

    /// Not now: somebody may have it at once.
    ///
    /// # Errors
    /// Transient; it will be delivered again when its lease runs out.
    pub async fn nack(self) -> Result<(), QueueError> {
        self.settle.nack(&[self.receipt]).await
    }

    /// Still working: the lease starts again.
    ///
    /// # Errors
    /// Transient; without success the lease runs out and somebody else works on it too.
    pub async fn extend(&self) -> Result<(), QueueError> {
        self.settle
            .extend(std::slice::from_ref(&self.receipt))
            .await
    }

    /// Never again: sets it aside with the reason.
    ///
    /// # Errors
    /// Transient; it will be delivered again.
    pub async fn dead_letter(self, reason: &str) -> Result<(), QueueError> {
        self.settle
            .dead_letter(&self.receipt, &self.envelope, reason)
            .await
    }
}

/// How full a stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Entries nobody holds. SQS gives an estimate.
    pub waiting: u64,
    /// Entries somebody holds.
    pub in_flight: u64,
    /// Age of the oldest entry, where the backend tells.
    pub oldest: Option<Duration>,
    /// Entries set aside, over all streams.
    pub dead_letters: u64,
}

/// An entry that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// What the backend calls it.
    pub id: String,
    /// The stream it came from, if that is known.
    pub stream: Option<Stream>,
    /// Why it was set aside.
    pub reason: String,
    /// The envelope, if it is one.
    pub envelope: Option<Envelope>,
}

/// What can go wrong with a queue. Never holds an entry's content.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Cannot be reached, or did not answer in time.
    #[error("the queue cannot be reached: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The stream's window, or the backend's memory, is full.
    #[error("the queue is full")]
    Full,
    /// Set up so that it would lose entries.
    #[error("the queue is not fit for use: {0}")]
    Unfit(String),
    /// The backend refused, and will again.
    #[error("the queue refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl QueueError {
    /// Whether trying again can help.
    pub const fn class(&self) -> RetryClass {
        match self {
            Self::Unavailable(_) | Self::Full => RetryClass::Transient,
            Self::Unfit(_) | Self::Refused(_) => RetryClass::Permanent,
        }
    }
}
