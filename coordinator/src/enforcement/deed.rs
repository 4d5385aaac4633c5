//! What carrying out a row came to.
//!
//! Owns turning what Slack said into what is recorded. **Invariant:** what Slack may do later is tried later, what
//! it never will is told in one word.

use std::sync::Arc;
use std::time::Duration;

use crate::outgoing::Outcome;
use crate::slack::client::{Meaning, SlackError};
use crate::store::{Conn, StoreResult};

/// What is written in the transaction that records a row; more than once if the database does not take it at once.
pub(super) type Then = Arc<dyn Fn(&mut Conn) -> StoreResult<()> + Send + Sync>;

/// What carrying out a row came to.
pub(super) struct Done {
    /// What is recorded of the row.
    pub(super) outcome: Outcome,
    /// What follows from it.
    pub(super) then: Then,
}

impl Done {
    /// An outcome from which nothing follows.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            then: Arc::new(|_| Ok(())),
        }
    }

    /// It is done, and nothing follows.
    pub(super) fn nothing_more() -> Self {
        Self::of(Outcome::Done)
    }

    /// It can never be done.
    pub(super) fn failed(code: &str) -> Self {
        Self::of(Outcome::Failed(code.to_owned()))
    }

    /// It is done, and this is written with it.
    pub(super) fn with(
        then: impl Fn(&mut Conn) -> StoreResult<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            outcome: Outcome::Done,
            then: Arc::new(then),
        }
    }

    /// What a refused call means for a row that is nothing but this call.
    pub(super) fn refused(error: &SlackError) -> Self {
        Self::of(outcome_of(error).unwrap_or(Outcome::Done))
    }
}

/// What a refused call means for its row; none if what was to be done is done.
pub(super) fn outcome_of(error: &SlackError) -> Option<Outcome> {
    let code = error.code().to_owned();
    match error.meaning() {
        Meaning::AlreadyDone => None,
        Meaning::Wait(wait) => Some(Outcome::PutOff(code, wait.max(Duration::from_secs(1)))),
        // Once somebody gave us a good token it can be done.
        Meaning::Again | Meaning::TokenExpired | Meaning::AuthDead => Some(Outcome::Later(code)),
        Meaning::Forbidden
        | Meaning::NotAMember
        | Meaning::Misconfigured { .. }
        | Meaning::Unknown => Some(Outcome::Failed(code)),
    }
}
