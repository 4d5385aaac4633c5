//! Claims about leases, and about what becomes of a delivery.
//!
//! Owns every method of [`Settle`](crate::queue::Settle).
//! **Invariant:** a claim that cannot be judged because the machine stood still is tried again, not passed.

#![expect(
    clippy::missing_errors_doc,
    reason = "what fails is the claim, as its name says"
)]

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Broken, LONG, Subject, Terms, Verdict, answer, collect, collect_one, ensure, envelope,
    envelopes, eventually, nothing_comes,
};
use crate::queue::{Depth, Queue, Stream};

/// Dropping a delivery gives it to somebody else, counted.
pub async fn a_dropped_delivery_comes_back_when_its_lease_ends(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::hasty(subject)).await?;
    let published = envelope(1);
    publish(&*queue, &published).await?;
    let mut first = queue.consumer(Stream::Messages, "first").await?;
    drop(collect_one(&mut *first).await?);
    let mut second = queue.consumer(Stream::Messages, "second").await?;
    let again = collect_one(&mut *second).await?;
    ensure(again.envelope == published, || {
        "something else came back".to_owned()
    })?;
    ensure(again.deliveries >= 2, || {
        format!("the second delivery is counted as {}", again.deliveries)
    })
}

/// Extending holds on to a delivery for longer than a lease.
pub async fn an_extended_delivery_stays_with_its_owner(subject: &dyn Subject) -> Verdict {
    let terms = Terms::hasty(subject);
    let queue = subject.open(terms).await?;
    let mut owner = queue.consumer(Stream::Messages, "owner").await?;
    let mut other = queue.consumer(Stream::Messages, "other").await?;
    // A machine that stops for a lease proves nothing: the owner was late then. Such a try is void.
    for _ in 0..20 {
        publish(&*queue, &envelope(1)).await?;
        let held = collect_one(&mut *owner).await?;
        let begin = Instant::now();
        let (mut extended, mut late, mut lost) = (begin, false, false);
        while begin.elapsed() < terms.lease * 3 && !lost {
            held.extend().await?;
            late |= extended.elapsed() > terms.lease * 2 / 3;
            extended = Instant::now();
            lost = !other.receive(1, terms.lease / 8).await?.is_empty();
            late |= extended.elapsed() > terms.lease * 2 / 3;
        }
        held.ack().await?;
        if !late {
            return ensure(!lost, || "it went to somebody else".to_owned());
        }
    }
    Err(Broken("the machine is too slow to tell".to_owned()))
}

/// Handing back does not wait for the lease, which here outlasts the claim.
pub async fn a_handed_back_delivery_goes_to_another_before_its_lease_ends(
    subject: &dyn Subject,
) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let published = envelopes(3);
    queue
        .producer()
        .publish(Stream::Messages, &published)
        .await?;
    let mut first = queue.consumer(Stream::Messages, "first").await?;
    let held = collect(&mut *first, 3).await?;
    let begin = Instant::now();
    for delivery in held {
        delivery.nack().await?;
    }
    let mut second = queue.consumer(Stream::Messages, "second").await?;
    for again in collect(&mut *second, 3).await? {
        ensure(published.contains(&again.envelope), || {
            "handing back changed it".to_owned()
        })?;
        ensure(again.deliveries == 2, || {
            format!("the second delivery is counted as {}", again.deliveries)
        })?;
        again.ack().await?;
    }
    ensure(begin.elapsed() < LONG, || {
        "it waited for the lease".to_owned()
    })?;
    is_empty(&*queue, Stream::Messages).await
}

/// What is done does not come back, not even when the lease would have ended.
pub async fn an_acknowledged_entry_is_gone_for_good(subject: &dyn Subject) -> Verdict {
    let terms = Terms::hasty(subject);
    let queue = subject.open(terms).await?;
    publish(&*queue, &envelope(1)).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    collect_one(&mut *consumer).await?.ack().await?;
    nothing_comes(&mut *consumer, terms.lease * 2).await?;
    is_empty(&*queue, Stream::Messages).await
}

/// Acknowledging what is gone is no error, and touches nothing else.
pub async fn acknowledging_twice_is_harmless(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    queue
        .producer()
        .publish(Stream::Messages, &envelopes(2))
        .await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    let delivery = collect_one(&mut *consumer).await?;
    let (settle, receipt) = (delivery.settle(), delivery.receipt.clone());
    delivery.ack().await?;
    settle.ack(std::slice::from_ref(&receipt)).await?;
    settle.extend(std::slice::from_ref(&receipt)).await?;
    settle.nack(std::slice::from_ref(&receipt)).await?;
    collect_one(&mut *consumer).await?.ack().await?;
    is_empty(&*queue, Stream::Messages).await
}

/// A former owner that wakes up late may say it is done: no error, nothing left, nothing else gone.
pub async fn a_late_acknowledgement_by_a_former_owner_is_harmless(
    subject: &dyn Subject,
) -> Verdict {
    let queue = subject.open(Terms::hasty(subject)).await?;
    publish(&*queue, &envelope(1)).await?;
    let mut former = queue.consumer(Stream::Messages, "former").await?;
    let late = collect_one(&mut *former).await?;
    let mut owner = queue.consumer(Stream::Messages, "owner").await?;
    let held = collect_one(&mut *owner).await?;
    let bystander = envelope(2);
    publish(&*queue, &bystander).await?;
    late.ack().await?;
    held.ack().await?;
    let next = collect_one(&mut *owner).await?;
    ensure(next.envelope == bystander, || {
        "what was done came back".to_owned()
    })?;
    next.ack().await?;
    is_empty(&*queue, Stream::Messages).await
}

/// A former owner that wakes up late can neither hand back nor set aside what another holds by now. Only
/// for backends that know their owners.
pub async fn a_former_owner_cannot_take_it_from_the_new_one(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::hasty(subject)).await?;
    publish(&*queue, &envelope(1)).await?;
    let mut former = queue.consumer(Stream::Messages, "former").await?;
    let late = collect_one(&mut *former).await?;
    let mut owner = queue.consumer(Stream::Messages, "owner").await?;
    let held = collect_one(&mut *owner).await?;
    let settle = late.settle();
    settle.nack(std::slice::from_ref(&late.receipt)).await?;
    settle.extend(std::slice::from_ref(&late.receipt)).await?;
    late.dead_letter("too late").await?;
    // Until somebody asks for more, even a lease that ran out meanwhile counts as held.
    let depth = queue.depth(Stream::Messages).await?;
    ensure(
        (depth.waiting, depth.in_flight, depth.dead_letters) == (0, 1, 0),
        || format!("it was taken from its owner: {depth:?}"),
    )?;
    held.ack().await?;
    is_empty(&*queue, Stream::Messages).await
}

/// Answers go out, and what they answer is done.
pub async fn a_reply_publishes_the_answer_and_settles_the_question(
    subject: &dyn Subject,
) -> Verdict {
    let terms = Terms::hasty(subject);
    let queue = subject.open(terms).await?;
    let published = envelopes(12);
    queue
        .producer()
        .publish(Stream::Messages, &published)
        .await?;
    let mut scanner = queue.consumer(Stream::Messages, "scanner").await?;
    let mut questions = 0;
    while questions < published.len() {
        let deliveries = collect(&mut *scanner, 1).await?;
        questions += deliveries.len();
        for delivery in deliveries {
            let settle = delivery.settle();
            let answer = answer(&delivery.envelope);
            settle.reply(&[(delivery.receipt, answer)]).await?;
        }
    }
    let mut aggregator = queue.consumer(Stream::Results, "aggregator").await?;
    let expected: Vec<_> = published.iter().map(answer).collect();
    for delivery in collect(&mut *aggregator, published.len()).await? {
        ensure(expected.contains(&delivery.envelope), || {
            "an answer was changed".to_owned()
        })?;
        delivery.ack().await?;
    }
    nothing_comes(&mut *scanner, terms.lease * 2).await?;
    is_empty(&*queue, Stream::Messages).await?;
    is_empty(&*queue, Stream::Results).await
}

/// Empty batches are no error.
pub async fn settling_nothing_is_harmless(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    publish(&*queue, &envelope(1)).await?;
    queue.producer().publish(Stream::Messages, &[]).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    ensure(
        consumer.receive(0, Duration::ZERO).await?.is_empty(),
        || "nothing was asked for".to_owned(),
    )?;
    let delivery = collect_one(&mut *consumer).await?;
    let settle = delivery.settle();
    settle.ack(&[]).await?;
    settle.nack(&[]).await?;
    settle.extend(&[]).await?;
    settle.reply(&[]).await?;
    delivery.ack().await?;
    is_empty(&*queue, Stream::Messages).await
}

/// What is set aside can be looked at and put back, whole.
pub async fn a_dead_letter_keeps_its_reason_and_comes_back_by_redrive(
    subject: &dyn Subject,
) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    let published = envelope(1);
    publish(&*queue, &published).await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    let delivery = collect_one(&mut *consumer).await?;
    delivery.dead_letter("scanned three times in vain").await?;
    eventually(
        || queue.depth(Stream::Messages),
        |depth| (depth.waiting, depth.in_flight, depth.dead_letters) == (0, 0, 1),
    )
    .await?;
    // Looking does not change it: twice, so that the first look is seen to leave it there.
    for _ in 0..2 {
        eventually(
            || queue.dead_letters(10),
            |letters| match letters.as_slice() {
                [letter] => {
                    letter.reason == "scanned three times in vain"
                        && letter.stream == Some(Stream::Messages)
                        && letter.envelope.as_ref() == Some(&published)
                }
                _ => false,
            },
        )
        .await?;
    }
    eventually(|| queue.redrive(10), |moved| *moved == 1).await?;
    let again = collect_one(&mut *consumer).await?;
    ensure(again.envelope == published, || {
        "redriving changed it".to_owned()
    })?;
    again.ack().await?;
    eventually(
        || queue.depth(Stream::Messages),
        |depth| depth.dead_letters == 0,
    )
    .await
}

/// The limit of a redrive is kept.
pub async fn redrive_moves_no_more_than_asked(subject: &dyn Subject) -> Verdict {
    let queue = subject.open(Terms::EASY).await?;
    queue
        .producer()
        .publish(Stream::Messages, &envelopes(3))
        .await?;
    let mut consumer = queue.consumer(Stream::Messages, "one").await?;
    for delivery in collect(&mut *consumer, 3).await? {
        delivery.dead_letter("in vain").await?;
    }
    eventually(|| queue.redrive(2), |moved| *moved == 2).await?;
    drop(collect(&mut *consumer, 2).await?);
    eventually(
        || queue.depth(Stream::Messages),
        |depth| depth.dead_letters == 1,
    )
    .await
}

async fn publish(queue: &dyn Queue, envelope: &crate::job::Envelope) -> Verdict {
    let one = std::slice::from_ref(envelope);
    Ok(queue.producer().publish(Stream::Messages, one).await?)
}

/// Nothing waits and nothing is held.
pub(super) async fn is_empty(queue: &dyn Queue, stream: Stream) -> Verdict {
    let empty = |depth: &Depth| (depth.waiting, depth.in_flight) == (0, 0);
    eventually(|| queue.depth(stream), empty).await
}
