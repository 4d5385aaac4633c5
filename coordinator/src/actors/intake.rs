//! Group commit: events that arrive together are written together, then answered.
//!
//! Owns the lane between a request and its row. One commit is under way at a time; what arrives meanwhile
//! waits for the next, so a commit carries more the busier it is.
//!
//! **Invariant:** an answer of `Accepted` or `Duplicate` is given after the commit that made it true.
//! Whatever else happens (error, panic, full lane) the caller gets an error, and Slack asks again.

use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture,
};
use shared::actor::Guarded;
use shared::failpoint;
use shared::telemetry::Metrics;
use tokio::sync::oneshot;

use super::admission::{Admission, Place};
use super::dispatcher::{Dispatch, Dispatcher, Ready};
use crate::domain::pace::Pace;
use crate::jobs;
use crate::store::intake::{self, NewInbound, Outcome};
use crate::store::{Store, StoreError};

/// Events waiting for a commit, at most: about a second's worth. Beyond it, Slack is asked to come again.
const LANE: usize = 8_192;
/// Events in one commit, at most.
const BATCH: usize = 512;

/// The lane's name in metrics.
const INTAKE_LANE: &str = "intake";

shared::answers_ping!(Intake);

/// Writes events down.
pub struct Intake {
    store: Store,
    dispatcher: Guarded<Dispatcher>,
    admission: Admission,
    due_after: Duration,
    metrics: Metrics,
    waiting: Vec<Waiting>,
    stage: Stage,
    pace: Pace,
    gathered_since: Instant,
}

type Answer = oneshot::Sender<Result<Outcome, IntakeError>>;

struct Waiting {
    inbound: NewInbound,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    Gathering,
    Committing,
}

/// Asks to write down one event with the jobs it gives rise to.
#[derive(Message)]
#[rtype(result = "Result<Outcome, IntakeError>")]
pub struct TakeIn(pub NewInbound);

/// The event is not on disk, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// More events wait than the lane holds.
    #[error("more events are waiting than can be taken in")]
    Full,
    /// The commit failed, or nobody knows whether it succeeded.
    #[error("the database did not take the event")]
    NotCommitted,
}

impl Intake {
    /// An intake with an empty lane. A job that is dispatched at once is due again `due_after`.
    pub fn new(
        store: Store,
        dispatcher: Guarded<Dispatcher>,
        admission: Admission,
        due_after: Duration,
        metrics: Metrics,
    ) -> Self {
        Self {
            store,
            dispatcher,
            admission,
            due_after,
            metrics,
            waiting: Vec::new(),
            stage: Stage::Idle,
            pace: Pace::default(),
            gathered_since: Instant::now(),
        }
    }

    /// Starts gathering if nothing is under way.
    fn gather(&mut self, ctx: &mut Context<Self>) {
        if self.stage != Stage::Idle || self.waiting.is_empty() {
            return;
        }
        self.stage = Stage::Gathering;
        ctx.run_later(self.pace.wait(), Self::commit);
    }

    fn commit(&mut self, ctx: &mut Context<Self>) {
        self.stage = Stage::Committing;
        let batch: Vec<Waiting> = self
            .waiting
            .drain(..self.waiting.len().min(BATCH))
            .collect();
        let elapsed = std::mem::replace(&mut self.gathered_since, Instant::now()).elapsed();
        self.pace.learn(batch.len(), elapsed);
        let committing = commit(
            self.store.clone(),
            self.dispatcher.clone(),
            (self.admission.clone(), self.due_after),
            self.metrics.clone(),
            batch,
        );
        ctx.spawn(committing.into_actor(self).map(|(), intake, ctx| {
            intake.stage = Stage::Idle;
            intake.gather(ctx);
        }));
    }
}

impl Actor for Intake {
    type Context = Context<Self>;
}

impl Handler<TakeIn> for Intake {
    type Result = ResponseFuture<Result<Outcome, IntakeError>>;

    fn handle(&mut self, TakeIn(inbound): TakeIn, ctx: &mut Context<Self>) -> Self::Result {
        if self.waiting.len() >= LANE {
            return Box::pin(std::future::ready(Err(IntakeError::Full)));
        }
        let (answer, answered) = oneshot::channel();
        self.waiting.push(Waiting { inbound, answer });
        self.gather(ctx);
        // A dropped sender means the actor died with the event in hand.
        Box::pin(async { answered.await.unwrap_or(Err(IntakeError::NotCommitted)) })
    }
}

async fn commit(
    store: Store,
    dispatcher: Guarded<Dispatcher>,
    (admission, due_after): (Admission, Duration),
    metrics: Metrics,
    batch: Vec<Waiting>,
) {
    failpoint::pass("intake");
    let (mut events, answers): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|waiting| (waiting.inbound, waiting.answer))
        .unzip();
    let ready = place(&mut events, &admission, due_after);
    let started = Instant::now();
    let outcome = store.write(move |conn| intake::commit(conn, &events)).await;
    metrics.jobs.committed(INTAKE_LANE, answers.len());
    tracing::debug!(events = answers.len(), took = ?started.elapsed(), "events committed");
    match outcome {
        Ok(outcomes) => {
            failpoint::pass("intake_committed");
            dispatch(&dispatcher, accepted(ready, &outcomes)).await;
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                reply(answer, Ok(outcome));
            }
        }
        Err(error) => refuse(answers, &error),
    }
}

/// Gives places to the jobs that can be published at once; the others are born due.
fn place(events: &mut [NewInbound], admission: &Admission, due_after: Duration) -> Vec<Vec<Ready>> {
    let mut ready = Vec::with_capacity(events.len());
    for event in events {
        let mut placed = Vec::new();
        for job in &mut event.jobs {
            let place: Option<Place> = admission.try_take(&job.workspace);
            job.due_in = if place.is_some() {
                due_after
            } else {
                Duration::ZERO
            };
            placed
                .extend(place.map(|place| Ready::new(jobs::first_envelope(job), job.class, place)));
        }
        ready.push(placed);
    }
    ready
}

/// The jobs of events that were new; those of duplicates exist already.
fn accepted(ready: Vec<Vec<Ready>>, outcomes: &[Outcome]) -> Vec<Ready> {
    ready
        .into_iter()
        .zip(outcomes)
        .filter(|(_, outcome)| **outcome == Outcome::Accepted)
        .flat_map(|(ready, _)| ready)
        .collect()
}

async fn dispatch(dispatcher: &Guarded<Dispatcher>, ready: Vec<Ready>) {
    if ready.is_empty() {
        return;
    }
    if let Err(error) = dispatcher.send(Dispatch(ready)).await {
        tracing::warn!(%error, "dispatcher not reached, its jobs come by the redispatcher");
    }
}

fn refuse(answers: Vec<Answer>, error: &StoreError) {
    tracing::warn!(%error, events = answers.len(), "events not committed");
    for answer in answers {
        reply(answer, Err(IntakeError::NotCommitted));
    }
}

/// A caller that left has its event on disk all the same, or will ask again.
fn reply(answer: Answer, outcome: Result<Outcome, IntakeError>) {
    if answer.send(outcome).is_err() {
        tracing::debug!("nobody waits for this answer any more");
    }
}
