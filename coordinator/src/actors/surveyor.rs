//! Asking Slack from time to time who the installations are, and what their tokens allow.
//!
//! Owns when: at the start until Slack answers, then at intervals. What is asked is `installations`.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use shared::lifecycle::Shutdown;

use crate::installations::{Installations, ProbeError, Prober};
use crate::slack::client::Meaning;
use crate::store::installations::{InstallationState, note_state};

/// The pause after Slack did not answer.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

shared::answers_ping!(Surveyor);

/// Asks Slack about the installations.
pub struct Surveyor {
    parts: Arc<SurveyorParts>,
}

/// What a surveyor works with.
pub struct SurveyorParts {
    /// Asks.
    pub prober: Prober,
    /// What is known.
    pub installations: Arc<Installations>,
    /// How often Slack is asked.
    pub every: Duration,
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
        ctx.spawn(survey_until_stopped(Arc::clone(&self.parts)).into_actor(self));
    }
}

async fn survey_until_stopped(parts: Arc<SurveyorParts>) {
    let mut pause = FIRST_PAUSE;
    while !parts.shutdown.is_draining() {
        let wait = match parts.prober.probe_configured(&parts.installations).await {
            Ok(_) => {
                pause = FIRST_PAUSE;
                parts.every
            }
            Err(error) => {
                tracing::warn!(%error, "slack does not say who the installation is, asking again");
                note_dead_token(&parts, &error).await;
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                wait
            }
        };
        tokio::select! {
            () = parts.shutdown.draining() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// A token that Slack takes no more is told: nothing can be done with it.
async fn note_dead_token(parts: &SurveyorParts, error: &ProbeError) {
    let ProbeError::Slack(error) = error else {
        return;
    };
    if error.meaning() != Meaning::AuthDead {
        return;
    }
    let Some(tenant) = parts.installations.configured_tenant() else {
        return;
    };
    let code = error.code().to_owned();
    let noting = move |conn: &mut _| note_state(conn, &tenant, InstallationState::Broken, &code);
    if let Err(error) = parts.prober.store.write(noting).await {
        tracing::warn!(%error, "broken installation not noted");
    }
}
