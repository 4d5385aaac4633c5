//! The queue inside one process.
//!
//! Owns a bounded ring per stream, leases judged by the process's monotonic clock, and dead letters. It
//! keeps nothing when the process ends: a new instance has a new epoch, which is the same as a wiped Redis.
//! **Invariant:** publishing results is never refused, so those who scan cannot be held up by those who
//! collect; what results take is taken from the room for jobs.

mod ring;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::ring::Ring;
use super::{
    Consumer, DeadLetter, Delivery, Depth, Producer, Queue, QueueError, Receipt, Settle, Stream,
};
use crate::ids::EpochId;
use crate::job::Envelope;

/// Dead letters kept. The database knows the fate of their jobs, so the oldest may go.
const DEAD_LETTERS: usize = 10_000;

/// How much it holds, and how long a delivery is held.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// Entries on the stream of messages.
    pub window_messages: usize,
    /// Entries on the stream of files.
    pub window_files: usize,
    /// How long a message may take before somebody else gets it.
    pub lease_messages: Duration,
    /// How long a file may take before somebody else gets it.
    pub lease_files: Duration,
    /// How long a result may take before somebody else gets it.
    pub lease_results: Duration,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            window_messages: 5_000,
            window_files: 200,
            lease_messages: Duration::from_secs(10),
            lease_files: Duration::from_secs(30),
            lease_results: Duration::from_secs(30),
        }
    }
}

/// A queue in this process's memory. Clones are the same queue.
#[derive(Clone)]
pub struct EmbeddedQueue(Arc<Memory>);

struct Memory {
    epoch: EpochId,
    messages: Line,
    files: Line,
    results: Line,
    dead: Mutex<Dead>,
}

struct Line {
    window: usize,
    ring: Mutex<Ring>,
    changed: Notify,
}

#[derive(Default)]
struct Dead {
    next_id: u64,
    letters: VecDeque<DeadLetter>,
}

impl EmbeddedQueue {
    /// An empty queue with an epoch of its own.
    pub fn new(options: &EmbeddedOptions) -> Self {
        let both = options.window_messages.saturating_add(options.window_files);
        Self(Arc::new(Memory {
            epoch: EpochId::fresh(),
            messages: Line::new(options.window_messages, options.lease_messages),
            files: Line::new(options.window_files, options.lease_files),
            results: Line::new(both, options.lease_results),
            dead: Mutex::default(),
        }))
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    fn system(&self) -> &'static str {
        "memory"
    }

    fn producer(&self) -> Arc<dyn Producer> {
        Arc::clone(&self.0) as Arc<dyn Producer>
    }

    async fn consumer(&self, stream: Stream, _name: &str) -> Result<Box<dyn Consumer>, QueueError> {
        let settle = Arc::new(Holder {
            memory: Arc::clone(&self.0),
            stream,
        });
        Ok(Box::new(Reader(settle)))
    }

    async fn depth(&self, stream: Stream) -> Result<Depth, QueueError> {
        let dead_letters = lock(&self.0.dead).letters.len();
        let ring = lock(&self.0.line(stream).ring);
        Ok(Depth {
            waiting: ring.len().saturating_sub(ring.held()) as u64,
            in_flight: ring.held() as u64,
            oldest: ring.oldest().map(|since| since.elapsed()),
            dead_letters: dead_letters as u64,
        })
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        Ok(self.0.epoch.to_string())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let dead = lock(&self.0.dead);
        Ok(dead.letters.iter().take(limit).cloned().collect())
    }

    async fn redrive(&self, limit: usize) -> Result<usize, QueueError> {
        let mut dead = lock(&self.0.dead);
        let mut moved = 0;
        while moved < limit {
            let Some(letter) = dead.letters.front() else {
                break;
            };
            if let (Some(stream), Some(envelope)) = (letter.stream, &letter.envelope) {
                let line = self.0.line(stream);
                line.push(std::slice::from_ref(envelope), usize::MAX)?;
            }
            dead.letters.pop_front();
            moved += 1;
        }
        Ok(moved)
    }
}

#[async_trait]
impl Producer for Memory {
    async fn publish(&self, stream: Stream, envelopes: &[Envelope]) -> Result<(), QueueError> {
        // Results are bounded by the jobs they answer: refusing one would hold up whoever scanned.
        let limit = match stream {
            Stream::Messages | Stream::Files => self.line(stream).window,
            Stream::Results => usize::MAX,
        };
        self.line(stream).push(envelopes, limit)
    }

    async fn room(&self, stream: Stream) -> Result<usize, QueueError> {
        Ok(self.line(stream).room().min(self.results.room()))
    }
}

/// The reading end, which is also the holder of what it read.
struct Reader(Arc<Holder>);

struct Holder {
    memory: Arc<Memory>,
    stream: Stream,
}

#[async_trait]
impl Consumer for Reader {
    async fn receive(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let line = self.0.memory.line(self.0.stream);
        let deadline = Instant::now() + wait;
        loop {
            // Listening starts before looking: what is published in between wakes us.
            let changed = line.changed.notified();
            let (taken, recheck) = {
                let now = Instant::now();
                let mut ring = lock(&line.ring);
                let taken = ring.take(max, now);
                // A lease that begins while we wait ends no sooner than one lease from now.
                let unseen = now + ring.lease();
                (
                    taken,
                    ring.next_expiry().map_or(unseen, |next| next.min(unseen)),
                )
            };
            if !taken.is_empty() || max == 0 || Instant::now() >= deadline {
                return Ok(self.deliveries(taken));
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(recheck.min(deadline)) => {}
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<(), QueueError> {
        Ok(())
    }
}

impl Reader {
    fn deliveries(&self, taken: Vec<ring::Taken>) -> Vec<Delivery> {
        taken
            .into_iter()
            .map(|taken| {
                let settle = Arc::clone(&self.0) as Arc<dyn Settle>;
                Delivery::new(taken.envelope, taken.deliveries, taken.receipt, settle)
            })
            .collect()
    }
}

#[async_trait]
impl Settle for Holder {
    async fn ack(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        let mut ring = lock(&self.memory.line(self.stream).ring);
        for receipt in receipts {
            ring.remove(receipt);
        }
        Ok(())
    }

    async fn reply(&self, answers: &[(Receipt, Envelope)]) -> Result<(), QueueError> {
        let envelopes: Vec<Envelope> = answers.iter().map(|(_, answer)| answer.clone()).collect();
        self.memory.results.push(&envelopes, usize::MAX)?;
        let mut ring = lock(&self.memory.line(self.stream).ring);
        for (receipt, _) in answers {
            ring.remove(receipt);
        }
        Ok(())
    }

    async fn nack(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        let line = self.memory.line(self.stream);
        {
            let mut ring = lock(&line.ring);
            for receipt in receipts {
                ring.release(receipt);
            }
        }
        line.changed.notify_waiters();
        Ok(())
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        let mut ring = lock(&self.memory.line(self.stream).ring);
        for receipt in receipts {
            ring.extend(receipt, Instant::now());
        }
        Ok(())
    }

    async fn dead_letter(
        &self,
        receipt: &Receipt,
        envelope: &Envelope,
        reason: &str,
    ) -> Result<(), QueueError> {
        if lock(&self.memory.line(self.stream).ring).remove_held(receipt) {
            lock(&self.memory.dead).bury(self.stream, envelope.clone(), reason);
        }
        Ok(())
    }
}

impl Memory {
    fn line(&self, stream: Stream) -> &Line {
        match stream {
            Stream::Messages => &self.messages,
            Stream::Files => &self.files,
            Stream::Results => &self.results,
        }
    }
}

impl Line {
    fn new(window: usize, lease: Duration) -> Self {
        Self {
            window,
            ring: Mutex::new(Ring::new(lease)),
            changed: Notify::new(),
        }
    }

    fn room(&self) -> usize {
        self.window.saturating_sub(lock(&self.ring).len())
    }

    /// Takes all of them, or none if there would be more than `limit`.
    fn push(&self, envelopes: &[Envelope], limit: usize) -> Result<(), QueueError> {
        {
            let now = Instant::now();
            let mut ring = lock(&self.ring);
            if ring.len().saturating_add(envelopes.len()) > limit {
                return Err(QueueError::Full);
            }
            for envelope in envelopes {
                ring.push(envelope.clone(), now);
            }
        }
        self.changed.notify_waiters();
        Ok(())
    }
}

impl Dead {
    fn bury(&mut self, stream: Stream, envelope: Envelope, reason: &str) {
        if self.letters.len() >= DEAD_LETTERS && self.letters.pop_front().is_some() {
            tracing::warn!("the oldest dead letter was dropped to make room");
        }
        self.next_id += 1;
        self.letters.push_back(DeadLetter {
            id: self.next_id.to_string(),
            stream: Some(stream),
            reason: reason.to_owned(),
            envelope: Some(envelope),
        });
    }
}

/// A panic elsewhere leaves no bookkeeping half done that matters more than going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
