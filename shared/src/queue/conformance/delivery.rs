//! Claims about what arrives, where, and in which shape.
//!
//! Owns content, order and sharing; what becomes of a delivery is for `settlement`.
//! **Invariant:** nothing here lets a lease run out.

#![expect(
    clippy::missing_errors_doc,
    reason = "what fails is the claim, as its name says"
)]

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;

use super::{
    Subject, Terms, Verdict, collect, collect_one, ensure, envelope, envelopes, nothing_comes,
};
use crate::job::{Envelope, TraceContext};
use crate::queue::Stream;

/// What was published arrives once, unchanged, in order where the backend keeps order, for the first time.
pub async fn entries_come_in_order_and_byte_for_byte(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let mut published = envelopes(40);
    if let Some(bare) = published.first_mut() {
        bare.trace = TraceContext::default();
    }
    let (first, second) = published.split_at(15);
    let producer = queue.producer();
    producer.publish(Stream::Messages, first).await?;
    producer.publish(Stream::Messages, second).await?;

    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    let deliveries = collect(&mut *consumer, published.len()).await?;
    ensure(deliveries.iter().all(|d| d.deliveries == 1), || {
        "a first delivery is not counted as the first".to_owned()
    })?;
    let mut arrived: Vec<Envelope> = deliveries.into_iter().map(|d| d.envelope).collect();
    if !subject.promises().ordered {
        arrived.sort_by_key(|envelope| envelope.job_id);
        published.sort_by_key(|envelope| envelope.job_id);
    }
    ensure(arrived == published, || {
        "what arrived is not what was published".to_owned()
    })
}

/// Two consumers share the entries of a stream.
pub async fn each_entry_goes_to_one_of_two_consumers(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let mut left = queue.consumer(Stream::Messages, "left").await?;
    let mut right = queue.consumer(Stream::Messages, "right").await?;
    let published = envelopes(30);
    queue
        .producer()
        .publish(Stream::Messages, &published)
        .await?;
    let mut seen = HashSet::new();
    let mut count = 0;
    while count < published.len() {
        let for_left = left.receive(4, Duration::from_millis(200));
        let for_right = right.receive(4, Duration::from_millis(200));
        let (from_left, from_right) = if subject.promises().exclusive {
            tokio::join!(for_left, for_right)
        } else {
            (for_left.await, for_right.await)
        };
        for delivery in from_left?.into_iter().chain(from_right?) {
            count += 1;
            ensure(seen.insert(delivery.envelope.job_id), || {
                "an entry went to both".to_owned()
            })?;
        }
    }
    nothing_comes(&mut *left, Duration::from_millis(200)).await?;
    nothing_comes(&mut *right, Duration::from_millis(200)).await
}

/// An entry arrives on the stream it was published on.
pub async fn streams_do_not_mix(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let published = envelopes(Stream::ALL.len());
    for (stream, envelope) in Stream::ALL.into_iter().zip(&published) {
        let one = std::slice::from_ref(envelope);
        queue.producer().publish(stream, one).await?;
    }
    for (stream, envelope) in Stream::ALL.into_iter().zip(&published) {
        let mut consumer = queue.consumer(stream, "one").await?;
        let delivery = collect_one(&mut *consumer).await?;
        ensure(delivery.envelope == *envelope, || {
            format!("{} got what is not its own", stream.name())
        })?;
        nothing_comes(&mut *consumer, Duration::from_millis(100)).await?;
    }
    Ok(())
}

/// Waiting ends when there is something.
pub async fn a_waiting_consumer_gets_what_is_published_meanwhile(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    nothing_comes(&mut *consumer, Duration::from_millis(50)).await?;
    let waiting = tokio::spawn(async move {
        let delivery = collect_one(&mut *consumer).await;
        delivery.map(|delivery| delivery.envelope)
    });
    let published = envelope(1);
    queue
        .producer()
        .publish(Stream::Messages, std::slice::from_ref(&published))
        .await?;
    let arrived = waiting
        .await
        .map_err(|error| super::Broken(format!("the reader ended: {error}")))??;
    ensure(arrived == published, || "something else arrived".to_owned())
}

/// Bodies near the least of what backends carry (1 MiB as base64 in SQS, its attributes included).
pub async fn a_large_body_arrives_whole(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let large = |number: usize, length: usize| Envelope {
        body: Bytes::from(
            (0..length)
                .map(|at| at.to_le_bytes()[0] ^ 0x5a)
                .collect::<Vec<u8>>(),
        ),
        ..envelope(number)
    };
    // Neither all of them nor two of the longest fit one batch of SQS.
    let published = [
        large(1, 780_000),
        large(2, 1),
        large(3, 600_000),
        large(4, 0),
    ];
    queue.producer().publish(Stream::Files, &published).await?;
    let mut consumer = queue.consumer(Stream::Files, "one").await?;
    for delivery in collect(&mut *consumer, published.len()).await? {
        ensure(published.contains(&delivery.envelope), || {
            "a large body was changed".to_owned()
        })?;
    }
    Ok(())
}

/// However much waits, all of it comes, each entry once.
pub async fn a_backlog_drains_to_the_last_entry(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let published = envelopes(subject.promises().backlog);
    for batch in published.chunks(1_000) {
        queue.producer().publish(Stream::Messages, batch).await?;
    }
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    let mut left: HashSet<_> = published.iter().map(|envelope| envelope.job_id).collect();
    while !left.is_empty() {
        let deliveries = collect(&mut *consumer, left.len().min(128)).await?;
        let settle = deliveries.first().map(crate::queue::Delivery::settle);
        for delivery in &deliveries {
            ensure(left.remove(&delivery.envelope.job_id), || {
                "an entry came twice".to_owned()
            })?;
        }
        let receipts: Vec<_> = deliveries.into_iter().map(|d| d.receipt).collect();
        if let Some(settle) = settle {
            settle.ack(&receipts).await?;
        }
    }
    nothing_comes(&mut *consumer, Duration::from_millis(100)).await
}

/// A consumer that comes later gets what was published before it came.
pub async fn what_a_former_process_published_is_still_there(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let former = queue.consumer(Stream::Messages, "former").await?;
    former.close().await?;
    let published = envelope(1);
    queue
        .producer()
        .publish(Stream::Messages, std::slice::from_ref(&published))
        .await?;
    let mut later = queue.consumer(Stream::Messages, "later").await?;
    let delivery = collect_one(&mut *later).await?;
    ensure(delivery.envelope == published, || {
        "something else was there".to_owned()
    })
}
