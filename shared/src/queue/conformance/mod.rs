//! What every backend must do, as claims to run against it.
//!
//! Owns the claims and the vocabulary to state them. How a backend is started, spoilt and wiped is for the
//! tests that run them, through [`Subject`]; [`queue_conformance!`](crate::queue_conformance) makes one test
//! of each claim.
//! **Invariant:** a claim waits for what must happen, however slow the machine, and looks for a fixed time
//! only at what must not happen.

mod capacity;
mod delivery;
mod mishap;
mod settlement;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

pub use capacity::*;
pub use delivery::*;
pub use mishap::*;
pub use settlement::*;

use super::{Consumer, Delivery, Queue, QueueError, Stream};
use crate::ids::{JobId, WorkspaceId};
use crate::job::{Envelope, Kind, TraceContext, WIRE_VERSION};

/// How long a claim waits for what must happen before it calls it broken.
const PATIENCE: Duration = Duration::from_mins(1);
/// A lease that does not run out during a claim.
pub(super) const LONG: Duration = Duration::from_mins(10);

/// A backend of one claim's own: nothing else reads or writes it.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Opens the backend.
    async fn open(&self, terms: Terms) -> Result<Arc<dyn Queue>, Broken>;

    /// What it promises beyond the traits.
    fn promises(&self) -> Promises;

    /// Puts an entry that is no envelope on the stream.
    async fn spoil(&self, stream: Stream) -> Result<(), Broken>;

    /// Takes something away behind the queue's back.
    async fn wipe(&self, what: Wipe) -> Result<(), Broken>;
}

/// What a claim asks of the backend.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long a delivery is held, on every stream.
    pub lease: Duration,
    /// Room on the stream of messages.
    pub window_messages: usize,
}

/// What a backend promises beyond the traits.
#[derive(Clone, Copy, Debug)]
pub struct Promises {
    /// Entries come in the order they were published.
    pub ordered: bool,
    /// Of two consumers that ask in the same moment only one is given an entry. SQS says of its standard queues that
    /// now and then both are.
    pub exclusive: bool,
    /// A lease short enough to wait for.
    pub short_lease: Duration,
    /// Entries a backlog has: as many as it takes in a minute at most.
    pub backlog: usize,
}

/// What is taken away.
#[derive(Clone, Copy, Debug)]
pub enum Wipe {
    /// All that the backend holds.
    Everything,
    /// A stream with all its entries.
    Stream(Stream),
    /// The memory of who read what of a stream.
    Group(Stream),
}

/// A claim that does not hold, and how it showed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Whether a claim holds.
pub type Verdict = Result<(), Broken>;

impl From<QueueError> for Broken {
    fn from(error: QueueError) -> Self {
        Self(format!("the queue failed: {error}"))
    }
}

impl Terms {
    /// A lease that never ends meanwhile, and more room than needed.
    pub const EASY: Self = Self {
        lease: LONG,
        window_messages: 50_000,
    };

    /// A lease short enough to wait for its end.
    fn hasty(subject: &dyn Subject) -> Self {
        Self {
            lease: subject.promises().short_lease,
            ..Self::EASY
        }
    }
}

/// Makes one test of each claim that every backend must meet. The expression makes the [`Subject`]; it may
/// `await`. `tokio` must be a dependency of the testing crate.
#[macro_export]
macro_rules! queue_conformance {
    ($subject:expr) => {
        $crate::queue_claims! { $subject =>
            entries_come_in_order_and_byte_for_byte,
            each_entry_goes_to_one_of_two_consumers,
            streams_do_not_mix,
            a_waiting_consumer_gets_what_is_published_meanwhile,
            a_large_body_arrives_whole,
            a_backlog_drains_to_the_last_entry,
            what_a_former_process_published_is_still_there,
            a_dropped_delivery_comes_back_when_its_lease_ends,
            an_extended_delivery_stays_with_its_owner,
            a_handed_back_delivery_goes_to_another_before_its_lease_ends,
            an_acknowledged_entry_is_gone_for_good,
            acknowledging_twice_is_harmless,
            a_late_acknowledgement_by_a_former_owner_is_harmless,
            a_reply_publishes_the_answer_and_settles_the_question,
            settling_nothing_is_harmless,
            a_dead_letter_keeps_its_reason_and_comes_back_by_redrive,
            redrive_moves_no_more_than_asked,
            room_shrinks_by_what_is_published_and_grows_by_what_is_settled,
            results_take_from_the_room_for_jobs_and_are_never_refused,
            what_is_published_beyond_the_window_is_taken_or_refused_as_a_whole,
            depth_tells_waiting_from_held,
            the_epoch_stays_while_nothing_is_lost,
        }
    };
}

/// Makes one test of each claim named.
#[macro_export]
macro_rules! queue_claims {
    ($subject:expr => $($claim:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $claim() {
            let subject = $subject;
            let verdict = $crate::queue::conformance::$claim(&subject).await;
            assert!(verdict.is_ok(), "{verdict:?}");
        }
    )+};
}

/// An envelope with a body of its own and a whole trace context.
pub fn envelope(number: usize) -> Envelope {
    let mut body = format!("body {number} ").into_bytes();
    body.extend([0, 0xff, b'\r', b'\n', 0x80]);
    Envelope {
        version: WIRE_VERSION,
        kind: Kind::Job,
        job_id: JobId::fresh(),
        workspace: WorkspaceId::new(format!("T{}", number % 7)),
        attempt: 2,
        trace: TraceContext {
            traceparent: Some(format!(
                "00-0af7651916cd43dd8448eb211c80319c-{number:016x}-01"
            )),
            tracestate: Some("weir=1,other=2".to_owned()),
        },
        body: Bytes::from(body),
    }
}

/// Several of them.
pub fn envelopes(count: usize) -> Vec<Envelope> {
    (0..count).map(envelope).collect()
}

/// The answer to a question.
pub(super) fn answer(question: &Envelope) -> Envelope {
    Envelope {
        kind: Kind::Result,
        body: Bytes::from_static(b"answer"),
        ..question.clone()
    }
}

/// Says what is wrong unless it is right.
pub(super) fn ensure(right: bool, wrong: impl FnOnce() -> String) -> Verdict {
    if right {
        return Ok(());
    }
    Err(Broken(wrong()))
}

/// Receives until there are `count` deliveries.
///
/// # Errors
/// [`Broken`] if the queue fails, or they do not come.
pub async fn collect(consumer: &mut dyn Consumer, count: usize) -> Result<Vec<Delivery>, Broken> {
    let begin = Instant::now();
    let mut deliveries = Vec::with_capacity(count);
    while deliveries.len() < count {
        let missing = count - deliveries.len();
        deliveries.extend(
            consumer
                .receive(missing, Duration::from_millis(500))
                .await?,
        );
        ensure(begin.elapsed() < PATIENCE, || {
            format!("{} of {count} deliveries came", deliveries.len())
        })?;
    }
    Ok(deliveries)
}

/// Receives one.
///
/// # Errors
/// [`Broken`] if the queue fails, or it does not come.
pub async fn collect_one(consumer: &mut dyn Consumer) -> Result<Delivery, Broken> {
    let mut deliveries = collect(consumer, 1).await?;
    deliveries
        .pop()
        .ok_or_else(|| Broken("no delivery came".to_owned()))
}

/// Receives nothing for a while.
///
/// # Errors
/// [`Broken`] if something comes.
pub async fn nothing_comes(consumer: &mut dyn Consumer, during: Duration) -> Verdict {
    let begin = Instant::now();
    while begin.elapsed() < during {
        let came = consumer.receive(16, during / 4).await?;
        ensure(came.is_empty(), || {
            format!("{} deliveries came unasked", came.len())
        })?;
    }
    Ok(())
}

/// Asks again until the answer is right.
///
/// # Errors
/// [`Broken`] with the last answer, if it does not become right.
pub async fn eventually<T, F>(mut ask: impl FnMut() -> F, right: impl Fn(&T) -> bool) -> Verdict
where
    T: std::fmt::Debug,
    F: Future<Output = Result<T, QueueError>>,
{
    let begin = Instant::now();
    loop {
        let answer = ask().await?;
        if right(&answer) {
            return Ok(());
        }
        ensure(begin.elapsed() < PATIENCE, || {
            format!("it stayed at {answer:?}")
        })?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
