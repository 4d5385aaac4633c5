//! Claims about what others did to the backend.
//!
//! Owns spoilt entries and lost memory.
//! **Invariant:** the queue and its consumers are never opened again to make a claim hold.

#![expect(
    clippy::missing_errors_doc,
    reason = "what fails is the claim, as its name says"
)]

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Broken, PATIENCE, Subject, Terms, Verdict, Wipe, collect, ensure, envelope, envelopes,
    eventually,
};
use crate::ids::JobId;
use crate::queue::{Consumer, Queue, Stream};

/// The name of a memory that is still there.
pub async fn the_epoch_stays_while_nothing_is_lost(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let before = queue.epoch().await?;
    queue
        .producer()
        .publish(Stream::Messages, &envelopes(2))
        .await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    for delivery in collect(&mut *consumer, 2).await? {
        delivery.ack().await?;
    }
    consumer.close().await?;
    ensure(queue.epoch().await? == before, || {
        "the epoch changed though nothing was lost".to_owned()
    })
}

/// Entries that are no envelope are set aside, and all their neighbours arrive. For backends that others
/// can write to.
pub async fn malformed_entries_do_not_hold_up_their_neighbours(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let producer = queue.producer();
    let good = envelopes(3);
    for envelope in &good {
        subject.spoil(Stream::Messages).await?;
        let one = std::slice::from_ref(envelope);
        producer.publish(Stream::Messages, one).await?;
    }
    subject.spoil(Stream::Messages).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    for delivery in collect(&mut *consumer, good.len()).await? {
        ensure(good.contains(&delivery.envelope), || {
            "a spoilt entry was delivered".to_owned()
        })?;
        delivery.ack().await?;
    }
    let begin = Instant::now();
    loop {
        // Entries after the last good one are set aside by whoever reads on.
        let came = consumer.receive(8, Duration::from_millis(100)).await?;
        ensure(came.is_empty(), || {
            "a spoilt entry was delivered".to_owned()
        })?;
        let depth = queue.depth(Stream::Messages).await?;
        if (depth.waiting, depth.in_flight, depth.dead_letters) == (0, 0, 4) {
            break;
        }
        ensure(begin.elapsed() < PATIENCE, || {
            format!("it stayed at {depth:?}")
        })?;
    }
    eventually(
        || queue.dead_letters(10),
        |letters| {
            letters.len() == 4
                && letters
                    .iter()
                    .all(|letter| letter.envelope.is_none() && !letter.reason.is_empty())
        },
    )
    .await?;
    ensure(queue.redrive(10).await? == 0, || {
        "what is no envelope was put back".to_owned()
    })
}

/// All is gone while a reader waits: the reader goes on, and the epoch says so.
pub async fn a_reader_outlives_the_loss_of_everything(subject: &dyn Subject) -> Verdict {
    outlives(subject, Wipe::Everything, true).await
}

/// A stream is gone while a reader waits: the reader goes on, and the epoch says so.
pub async fn a_reader_outlives_the_loss_of_its_stream(subject: &dyn Subject) -> Verdict {
    outlives(subject, Wipe::Stream(Stream::Messages), true).await
}

/// The group is gone while a reader waits: the reader goes on.
pub async fn a_reader_outlives_the_loss_of_its_group(subject: &dyn Subject) -> Verdict {
    outlives(subject, Wipe::Group(Stream::Messages), true).await
}

/// A stream that nobody reads is gone: who asks for the epoch learns it all the same.
pub async fn a_loss_that_no_reader_meets_changes_the_epoch(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let before = queue.epoch().await?;
    subject.wipe(Wipe::Stream(Stream::Files)).await?;
    let after = queue.epoch().await?;
    ensure(after != before, || "the loss went unnoticed".to_owned())?;
    ensure(queue.epoch().await? == after, || {
        "the epoch does not settle".to_owned()
    })
}

async fn outlives(subject: &dyn Subject, what: Wipe, new_epoch: bool) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let before = queue.epoch().await?;
    let mut reader = queue.consumer(Stream::Messages, "reader").await?;
    arrives(&*queue, &mut *reader).await?;
    // One read is under way while the backend loses it; how it ends is not the point.
    let waiting = tokio::spawn(async move {
        let ended = reader.receive(1, Duration::from_millis(500)).await;
        (reader, ended.is_ok())
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    subject.wipe(what).await?;
    let (mut reader, _) = waiting
        .await
        .map_err(|error| Broken(format!("the reader ended: {error}")))?;
    arrives(&*queue, &mut *reader).await?;
    ensure((queue.epoch().await? != before) == new_epoch, || {
        "the epoch does not tell of the loss".to_owned()
    })
}

/// Publishes an envelope and receives it, whatever else comes or fails before.
async fn arrives(queue: &dyn Queue, reader: &mut dyn Consumer) -> Verdict {
    let published = envelope(1);
    let id: JobId = published.job_id;
    queue
        .producer()
        .publish(Stream::Messages, &[published])
        .await?;
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        match reader.receive(8, Duration::from_millis(200)).await {
            Ok(deliveries) => {
                for delivery in deliveries {
                    let found = delivery.envelope.job_id == id;
                    delivery.ack().await?;
                    if found {
                        return Ok(());
                    }
                }
            }
            Err(_transient) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    Err(Broken(
        "what was published afterwards never came".to_owned(),
    ))
}
