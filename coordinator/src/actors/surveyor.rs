//! Asking Slack from time to time who the installations are, what their tokens allow, and for the next tokens.
//!
//! Owns when: at the start until Slack answers, then at intervals, and at once when Slack refused a token; channels
//! are entered after each asking, beside the rest, for in a large workspace that takes an hour. What is asked, and
//! what follows, is `survey`.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::lifecycle::Shutdown;
use tokio::sync::Notify;

use crate::installations::Installations;
use crate::survey::Survey;

/// The pause after Slack did not answer.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Between two askings because of a doubt.
const AFTER_A_DOUBT: Duration = Duration::from_secs(5);

shared::answers_ping!(Surveyor);

/// Asks Slack about the installations.
pub struct Surveyor {
    parts: Arc<SurveyorParts>,
}

/// What a surveyor works with.
pub struct SurveyorParts {
    /// Asks.
    pub survey: Survey,
    /// Who doubts.
    pub installations: Arc<Installations>,
    /// How often Slack is asked.
    pub every: Duration,
    /// How often tokens and promises are looked at.
    pub look_every: Duration,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Surveyor {
    /// A surveyor over `parts`.
    pub fn new(parts: Arc<SurveyorParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Surveyor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let asked = Arc::new(Notify::new());
        let asking = ask_until_stopped(Arc::clone(&self.parts), Arc::clone(&asked));
        ctx.spawn(asking.into_actor(self));
        ctx.spawn(join_until_stopped(Arc::clone(&self.parts), asked).into_actor(self));
        ctx.spawn(look_until_stopped(Arc::clone(&self.parts)).into_actor(self));
    }
}

async fn ask_until_stopped(parts: Arc<SurveyorParts>, asked: Arc<Notify>) {
    let mut pause = FIRST_PAUSE;
    while !parts.shutdown.is_draining() {
        let wait = if parts.survey.ask().await {
            pause = FIRST_PAUSE;
            parts.every
        } else {
            let wait = pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
            wait
        };
        asked.notify_one();
        parts.survey.look_at_promises().await;
        tokio::select! {
            () = parts.shutdown.draining() => {}
            () = tokio::time::sleep(wait) => {}
            () = parts.installations.doubted() => breathe(&parts).await,
        }
    }
}

/// What was not entered is tried again before the next asking.
async fn join_until_stopped(parts: Arc<SurveyorParts>, asked: Arc<Notify>) {
    let (mut pause, mut settled) = (FIRST_PAUSE, true);
    while !parts.shutdown.is_draining() {
        tokio::select! {
            () = parts.shutdown.draining() => return,
            () = asked.notified() => {}
            () = tokio::time::sleep(pause), if !settled => {}
        }
        pause = if settled {
            FIRST_PAUSE
        } else {
            (pause * 2).min(LONGEST_PAUSE)
        };
        tokio::select! {
            () = parts.shutdown.draining() => return,
            joined = parts.survey.join() => settled = joined,
        }
    }
}

async fn look_until_stopped(parts: Arc<SurveyorParts>) {
    while !parts.shutdown.is_draining() {
        let renewed = parts.survey.rotate().await;
        parts.survey.look_at_promises().await;
        let wait = if renewed {
            parts.look_every
        } else {
            parts.look_every.min(AFTER_A_DOUBT)
        };
        tokio::select! {
            () = parts.shutdown.draining() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn breathe(parts: &SurveyorParts) {
    tokio::select! {
        () = parts.shutdown.draining() => {}
        () = tokio::time::sleep(AFTER_A_DOUBT) => {}
    }
}
