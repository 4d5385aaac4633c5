//! Pulling jobs of one stream.
//!
//! Owns the consumer, the permits and the loop between them. A batch is pulled, scanned and answered as
//! one: one read, one hand-off to a blocking thread, one round trip for all its answers.
//!
//! **Invariant:** permit first, pull second. The queue is the back-pressure; nothing piles up here.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::actor::Permit;
use shared::failpoint;
use shared::job::JobClass;
use shared::queue::{Consumer, Delivery, QueueError, Stream};

use super::work::Work;
use super::{reporter, scanner};

/// How long one read waits: as long as a shutdown may go unnoticed.
const POLL: Duration = Duration::from_secs(1);
/// Pause after a failed read, doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A drain ends with the work, or with the process.
const FOREVER: Duration = Duration::from_hours(24);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

shared::answers_ping!(Puller);

/// Pulls one stream until the node is told to stop.
pub(crate) struct Puller {
    stream: Stream,
    class: JobClass,
    work: Arc<Work>,
}

impl Puller {
    pub(crate) fn new(stream: Stream, class: JobClass, work: Arc<Work>) -> Self {
        Self {
            stream,
            class,
            work,
        }
    }
}

impl Actor for Puller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let pulling = pull_until_stopped(self.stream, self.class, Arc::clone(&self.work));
        ctx.spawn(pulling.into_actor(self));
    }
}

async fn pull_until_stopped(stream: Stream, class: JobClass, work: Arc<Work>) {
    let mut pause = FIRST_PAUSE;
    while !work.parts.shutdown.is_draining() {
        let name = format!("{}-{}", work.parts.node.name, work.parts.node.id);
        match work.parts.queue.consumer(stream, &name).await {
            Ok(consumer) => {
                pull(consumer, class, &work, &mut pause).await;
            }
            Err(error) => {
                tracing::warn!(stream = stream.name(), %error, "no consumer, trying again");
                rest(&work, &mut pause).await;
            }
        }
    }
}

/// Pulls with one consumer until the node stops.
async fn pull(
    mut consumer: Box<dyn Consumer>,
    class: JobClass,
    work: &Arc<Work>,
    pause: &mut Duration,
) {
    while let Some(permit) = next_permit(work, class).await {
        match consumer.receive(work.batch(class), POLL).await {
            Ok(deliveries) if deliveries.is_empty() => *pause = FIRST_PAUSE,
            Ok(deliveries) => {
                failpoint::pass("puller");
                *pause = FIRST_PAUSE;
                start_batch(work, class, deliveries, permit);
            }
            Err(error) => {
                note(class, &error);
                drop(permit);
                rest(work, pause).await;
            }
        }
    }
    // What is still in work is answered over the queue's other connections; only then may the group
    // forget this consumer, or it would forget what it holds.
    tokio::select! {
        () = work.parts.shutdown.stopping() => return,
        _ = work.permits(class).drain(FOREVER) => {}
    }
    if let Err(error) = consumer.close().await {
        note(class, &error);
    }
}

/// The next permit, or nothing once the node is to stop.
async fn next_permit(work: &Work, class: JobClass) -> Option<Permit> {
    tokio::select! {
        biased;
        () = work.parts.shutdown.draining() => None,
        permit = work.permits(class).acquire() => permit,
    }
}

fn start_batch(work: &Arc<Work>, class: JobClass, deliveries: Vec<Delivery>, permit: Permit) {
    let work = Arc::clone(work);
    actix::spawn(async move {
        let busy = work.parts.metrics.busy();
        let receipts = deliveries
            .iter()
            .map(|delivery| delivery.receipt.clone())
            .collect::<Vec<_>>();
        let settle = deliveries.first().map(Delivery::settle);
        let scanned = scanner::scan_batch(&work, class, deliveries);
        let renewal = async {
            match &settle {
                Some(settle) => reporter::renew(&work.parts, settle.as_ref(), &receipts).await,
                None => std::future::pending().await,
            }
        };
        let answers = tokio::select! { answers = scanned => answers, () = renewal => Vec::new() };
        reporter::answer(&work.parts, answers).await;
        drop(busy);
        drop(permit);
    });
}

async fn rest(work: &Work, pause: &mut Duration) {
    tokio::select! {
        () = work.parts.shutdown.draining() => {}
        () = tokio::time::sleep(*pause) => {}
    }
    *pause = (*pause * 2).min(LONGEST_PAUSE);
}

fn note(class: JobClass, error: &QueueError) {
    tracing::warn!(class = class.as_str(), %error, "queue read failed, trying again");
}
