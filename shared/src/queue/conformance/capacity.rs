//! Claims about how much there is and how much more may come.
//!
//! Owns rooms, windows and depths; what is delivered is for its neighbours.
//! **Invariant:** counts are compared once they have settled: SQS gives estimates.

#![expect(
    clippy::missing_errors_doc,
    reason = "what fails is the claim, as its name says"
)]

use std::time::Duration;

use super::settlement::is_empty;
use super::{Subject, Terms, Verdict, answer, collect, collect_one, ensure, envelopes, eventually};
use crate::queue::{QueueError, Stream};

const WINDOW: usize = 20;

const NARROW: Terms = Terms {
    window_messages: WINDOW,
    ..Terms::EASY
};

/// Room is the window less what is there, held or not.
pub async fn room_shrinks_by_what_is_published_and_grows_by_what_is_settled(
    subject: &dyn Subject,
) -> Verdict {
    let queue = subject.open(NARROW).await?;
    let producer = queue.producer();
    let room_is = |room: usize| eventually(|| producer.room(Stream::Messages), move |r| *r == room);
    room_is(WINDOW).await?;
    producer.publish(Stream::Messages, &envelopes(5)).await?;
    room_is(WINDOW - 5).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    let mut held = collect(&mut *consumer, 5).await?;
    room_is(WINDOW - 5).await?;
    if let Some(done) = held.pop() {
        done.ack().await?;
    }
    room_is(WINDOW - 4).await
}

/// Who scans is never held up by who collects; who sends is.
pub async fn results_take_from_the_room_for_jobs_and_are_never_refused(
    subject: &dyn Subject,
) -> Verdict {
    let queue = subject.open(NARROW).await?;
    let producer = queue.producer();
    let mut scanner = queue.consumer(Stream::Messages, "scanner").await?;
    let mut rounds = 0;
    // Both windows together are the most that results may be before no more jobs are sent.
    while producer.room(Stream::Messages).await? > 0 {
        producer
            .publish(Stream::Messages, &envelopes(WINDOW))
            .await?;
        for delivery in collect(&mut *scanner, WINDOW).await? {
            let answer = answer(&delivery.envelope);
            delivery
                .settle()
                .reply(&[(delivery.receipt, answer)])
                .await?;
        }
        eventually(
            || queue.depth(Stream::Results),
            |depth| depth.waiting >= (WINDOW as u64) * (rounds + 1),
        )
        .await?;
        rounds += 1;
        ensure(rounds < 100, || "results take no room".to_owned())?;
    }
    let mut aggregator = queue.consumer(Stream::Results, "aggregator").await?;
    collect_one(&mut *aggregator).await?.ack().await?;
    eventually(|| producer.room(Stream::Messages), |room| *room > 0).await
}

/// A batch that does not fit is not taken in part.
pub async fn what_is_published_beyond_the_window_is_taken_or_refused_as_a_whole(
    subject: &dyn Subject,
) -> Verdict {
    let queue = subject.open(NARROW).await?;
    let producer = queue.producer();
    producer
        .publish(Stream::Messages, &envelopes(WINDOW - 1))
        .await?;
    let (expected, room) = match producer.publish(Stream::Messages, &envelopes(3)).await {
        Ok(()) => (WINDOW + 2, 0),
        Err(QueueError::Full) => (WINDOW - 1, 1),
        Err(error) => return Err(error.into()),
    };
    eventually(|| producer.room(Stream::Messages), |r| *r == room).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    for delivery in collect(&mut *consumer, expected).await? {
        delivery.ack().await?;
    }
    is_empty(&*queue, Stream::Messages).await
}

/// Depth counts per stream.
pub async fn depth_tells_waiting_from_held(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    is_empty(&*queue, Stream::Files).await?;
    queue
        .producer()
        .publish(Stream::Files, &envelopes(3))
        .await?;
    let counts = |waiting, in_flight| {
        eventually(
            || queue.depth(Stream::Files),
            move |depth| (depth.waiting, depth.in_flight) == (waiting, in_flight),
        )
    };
    counts(3, 0).await?;
    let mut consumer = queue.consumer(Stream::Files, "one").await?;
    let held = collect_one(&mut *consumer).await?;
    counts(2, 1).await?;
    held.ack().await?;
    counts(2, 0).await?;
    let oldest = queue.depth(Stream::Files).await?.oldest;
    ensure(
        oldest.is_none_or(|age| age < Duration::from_hours(1)),
        || format!("the oldest entry is said to be {oldest:?} old"),
    )?;
    is_empty(&*queue, Stream::Messages).await
}
