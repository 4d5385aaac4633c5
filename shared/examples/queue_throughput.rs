//! Measures how many entries a second go through publish, receive and reply.
//!
//! Owns one producer, one scanner and one aggregator against a Redis that is named on the command line,
//! or against this process's memory if none is.
//! **Invariant:** it measures what the product runs: nothing here reaches below the queue's traits.
//!
//! `cargo run --release -p shared --example queue_throughput -- [redis://…] [entries] [batch]`

#![expect(
    clippy::print_stdout,
    reason = "the figures are what the program is for"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use shared::ids::{EpochId, JobId, WorkspaceId};
use shared::job::{Envelope, Kind, TraceContext, WIRE_VERSION};
use shared::queue::{
    Delivery, EmbeddedOptions, EmbeddedQueue, Queue, QueueError, RedisOptions, RedisQueue, Stream,
};
use shared::secret::SecretString;

const WAIT: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() -> Result<(), QueueError> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().filter(|url| url != "memory");
    let entries = arguments
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(100_000);
    let batch = arguments
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(128);
    let queue = open(url, entries).await?;

    let begin = Instant::now();
    let (published, scanned, collected) = tokio::join!(
        tokio::spawn(publish(Arc::clone(&queue), entries, batch)),
        tokio::spawn(scan(Arc::clone(&queue), entries, batch)),
        tokio::spawn(collect(Arc::clone(&queue), entries, batch)),
    );
    for end in [published, scanned, collected] {
        match end {
            Ok(end) => end?,
            Err(panic) => println!("a loop ended: {panic}"),
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{} entries of 1 KiB, batch {batch}, published, scanned, answered and collected: {:.0}/s",
        entries,
        f64::from(u32::try_from(entries).unwrap_or(u32::MAX)) / seconds
    );
    Ok(())
}

async fn open(url: Option<String>, entries: usize) -> Result<Arc<dyn Queue>, QueueError> {
    let Some(url) = url else {
        return Ok(Arc::new(EmbeddedQueue::new(&EmbeddedOptions {
            window_messages: entries,
            ..EmbeddedOptions::default()
        })));
    };
    let options = RedisOptions {
        key_prefix: format!("measure:{}:", EpochId::fresh()),
        ..RedisOptions::new(SecretString::from(url))
    };
    Ok(Arc::new(RedisQueue::connect(options).await?))
}

async fn publish(queue: Arc<dyn Queue>, entries: usize, batch: usize) -> Result<(), QueueError> {
    let producer = queue.producer();
    let mut left = entries;
    while left > 0 {
        let count = batch.min(left);
        let envelopes: Vec<Envelope> = (0..count).map(|_| envelope(Kind::Job, 1_024)).collect();
        producer.publish(Stream::Messages, &envelopes).await?;
        left -= count;
    }
    Ok(())
}

async fn scan(queue: Arc<dyn Queue>, entries: usize, batch: usize) -> Result<(), QueueError> {
    let mut consumer = queue.consumer(Stream::Messages, "scanner").await?;
    let mut left = entries;
    while left > 0 {
        let deliveries = consumer.receive(batch.min(left), WAIT).await?;
        let Some(settle) = deliveries.first().map(Delivery::settle) else {
            continue;
        };
        left -= deliveries.len();
        let answers: Vec<_> = deliveries
            .into_iter()
            .map(|delivery| (delivery.receipt, envelope(Kind::Result, 256)))
            .collect();
        settle.reply(&answers).await?;
    }
    consumer.close().await
}

async fn collect(queue: Arc<dyn Queue>, entries: usize, batch: usize) -> Result<(), QueueError> {
    let mut consumer = queue.consumer(Stream::Results, "aggregator").await?;
    let mut left = entries;
    while left > 0 {
        let deliveries = consumer.receive(batch.min(left), WAIT).await?;
        let Some(settle) = deliveries.first().map(Delivery::settle) else {
            continue;
        };
        left -= deliveries.len();
        let receipts: Vec<_> = deliveries.into_iter().map(|one| one.receipt).collect();
        settle.ack(&receipts).await?;
    }
    consumer.close().await
}

fn envelope(kind: Kind, bytes: usize) -> Envelope {
    Envelope {
        version: WIRE_VERSION,
        kind,
        job_id: JobId::fresh(),
        workspace: WorkspaceId::api(),
        attempt: 0,
        trace: TraceContext::default(),
        body: Bytes::from(vec![7; bytes]),
    }
}
