//! Publishing jobs that were just committed.
//!
//! Owns the order in which they go: workspaces take turns, messages and files have a lane each. Publishing
//! is an economy, not a duty: whatever is lost here (a crash, a queue that is away) is past due soon and
//! comes by the redispatcher.
//!
//! **Invariant:** nothing is published beyond the stream's window.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use shared::failpoint;
use shared::ids::WorkspaceId;
use shared::job::{Envelope, JobClass};
use shared::queue::{Producer, QueueError, Stream};
use shared::telemetry::Metrics;

use super::admission::Place;
use crate::domain::turns::Turns;

/// Jobs published in one go.
const BATCH: usize = 256;
/// Pause when the window is full or the queue is away.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause when the queue cannot be reached.
const LONG_PAUSE: Duration = Duration::from_millis(500);

shared::answers_ping!(Dispatcher);

/// Publishes jobs.
pub struct Dispatcher {
    producer: Arc<dyn Producer>,
    metrics: Metrics,
    messages: Lane,
    files: Lane,
}

#[derive(Default)]
struct Lane {
    waiting: Turns<WorkspaceId, Ready>,
    busy: bool,
}

/// A committed job that may be published.
pub struct Ready {
    envelope: Envelope,
    class: JobClass,
    /// Held until the job is published.
    _place: Place,
}

impl Ready {
    /// A job and its place in the dispatcher's memory.
    pub fn new(envelope: Envelope, class: JobClass, place: Place) -> Self {
        Self {
            envelope,
            class,
            _place: place,
        }
    }
}

/// Hands over jobs to publish.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Dispatch(pub Vec<Ready>);

/// The stream jobs of a class travel on.
pub(super) const fn stream_of(class: JobClass) -> Stream {
    match class {
        JobClass::Message => Stream::Messages,
        JobClass::File => Stream::Files,
    }
}

impl Dispatcher {
    /// A dispatcher with nothing to do.
    pub fn new(producer: Arc<dyn Producer>, metrics: Metrics) -> Self {
        Self {
            producer,
            metrics,
            messages: Lane::default(),
            files: Lane::default(),
        }
    }

    fn lane(&mut self, class: JobClass) -> &mut Lane {
        match class {
            JobClass::Message => &mut self.messages,
            JobClass::File => &mut self.files,
        }
    }

    /// Publishes a batch of a class, unless one is under way.
    fn publish(&mut self, class: JobClass, ctx: &mut Context<Self>) {
        let lane = self.lane(class);
        if lane.busy || lane.waiting.is_empty() {
            return;
        }
        lane.busy = true;
        let batch = lane.waiting.take(BATCH);
        let publishing = publish(Arc::clone(&self.producer), class, batch);
        ctx.spawn(
            publishing
                .into_actor(self)
                .map(move |(left, outcome), dispatcher, ctx| {
                    dispatcher.published(class, left, outcome, ctx);
                }),
        );
    }

    fn published(
        &mut self,
        class: JobClass,
        left: Vec<(WorkspaceId, Ready)>,
        outcome: Result<usize, QueueError>,
        ctx: &mut Context<Self>,
    ) {
        let stuck = !left.is_empty();
        let lane = self.lane(class);
        lane.busy = false;
        lane.waiting.put_back(left.into_iter());
        match outcome {
            Ok(count) => {
                self.metrics.jobs.enqueued(class, count as u64);
                if stuck {
                    ctx.run_later(PAUSE, move |dispatcher, ctx| dispatcher.publish(class, ctx));
                } else {
                    self.publish(class, ctx);
                }
            }
            Err(error) => {
                tracing::warn!(class = class.as_str(), %error, "jobs not published, trying again");
                ctx.run_later(LONG_PAUSE, move |dispatcher, ctx| {
                    dispatcher.publish(class, ctx);
                });
            }
        }
    }
}

impl Actor for Dispatcher {
    type Context = Context<Self>;
}

impl Handler<Dispatch> for Dispatcher {
    type Result = ();

    fn handle(&mut self, Dispatch(jobs): Dispatch, ctx: &mut Context<Self>) {
        failpoint::pass("dispatcher");
        for job in jobs {
            let workspace = job.envelope.workspace.clone();
            self.lane(job.class).waiting.push(workspace, job);
        }
        for class in JobClass::ALL {
            self.publish(class, ctx);
        }
    }
}

type Batch = Vec<(WorkspaceId, Ready)>;

/// Publishes as many as the window takes; gives back the rest and how many went.
async fn publish(
    producer: Arc<dyn Producer>,
    class: JobClass,
    mut batch: Batch,
) -> (Batch, Result<usize, QueueError>) {
    let stream = stream_of(class);
    let room = match producer.room(stream).await {
        Ok(room) => room,
        Err(error) => return (batch, Err(error)),
    };
    let left = batch.split_off(room.min(batch.len()));
    if batch.is_empty() {
        return (left, Ok(0));
    }
    let envelopes: Vec<Envelope> = batch.iter().map(|(_, job)| job.envelope.clone()).collect();
    match producer.publish(stream, &envelopes).await {
        Ok(()) => (left, Ok(envelopes.len())),
        Err(error) => {
            batch.extend(left);
            (batch, Err(error))
        }
    }
}
