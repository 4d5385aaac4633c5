//! What Slack sends, on its way to disk: events, clicks, commands, however they came.
//!
//! | file | takes in |
//! |---|---|
//! | `events` | messages and files: jobs |
//! | `news` | what is told beside content: messages gone, files, tokens revoked |
//! | `history` | messages that are read again |
//! | `clicks` | buttons |
//! | `commands` | `/dlp`, which is answered at once |
//!
//! Owns that each is on disk before anybody says so. Leaves signatures to `api`, sockets to `actors`, and what
//! follows to the pipeline.
//! **Invariant:** an answer that says "taken" follows the commit.

mod clicks;
mod commands;
mod events;
mod history;
mod news;

use std::sync::Arc;

use shared::actor::Guarded;
use shared::job::RetryClass;
use shared::telemetry::Metrics;

use crate::actors::{Intake, IntakeError};
use crate::alarms::Alarms;
use crate::bell::Bell;
use crate::gaps::Gaps;
use crate::installations::Installations;
use crate::jobs::JobMaker;
use crate::policies::Policies;
use crate::slack::interaction::{self, Interaction};
use crate::store::slack_actions::SlackActions;
use crate::store::{Store, StoreError};
use crate::survey::Joining;
use shared::seal::SealError;

/// Takes in what Slack sends. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    /// Where it is put.
    pub store: Store,
    /// Commits events in groups.
    pub intake: Guarded<Intake>,
    /// Makes jobs of content.
    pub jobs: JobMaker,
    /// Who we are, and what we may do.
    pub installations: Arc<Installations>,
    /// What is in force, for who asks.
    pub policies: Arc<Policies>,
    /// Makes rows of what is to be done.
    pub actions: SlackActions,
    /// Wakes who does it.
    pub bell: Bell,
    /// Tells people what went wrong.
    pub alarms: Alarms,
    /// Knows of time in which nobody listened.
    pub gaps: Gaps,
    /// Whether channels that are new are entered.
    pub joining: Joining,
    /// What carries the jobs, by its name in traces.
    pub queue: &'static str,
    /// What is counted.
    pub metrics: Metrics,
}

pub use history::Found;

/// Whether a form is Slack's question whether the address speaks TLS: nothing else in it is looked at.
pub fn is_ssl_check(form: &[u8]) -> bool {
    matches!(
        interaction::parse_interactivity(form),
        Interaction::SslCheck
    )
}

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is on disk, or there was nothing to keep.
    Kept,
    /// Slack asks whether the address is ours.
    Challenge(String),
}

/// It is not on disk.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// It is not what Slack sends. Permanent.
    #[error("not JSON")]
    NotJson,
    /// It is no form with a payload, or no command. Permanent.
    #[error("not what slack sends")]
    Unreadable,
    /// It could not be written down. Transient: Slack will send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be taken in now. Transient.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// It could not be sealed. Transient.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl InboxError {
    /// Whether sending it again can help.
    pub fn class(&self) -> RetryClass {
        match self {
            Self::NotJson | Self::Unreadable => RetryClass::Permanent,
            Self::Store(_) | Self::Intake(_) | Self::Seal(_) => RetryClass::Transient,
        }
    }
}
