//! What is written of a deed that was tried too often.
//!
//! Owns that nothing ends in silence: a leak that stands is shown to stand, a message that stays held is shown to, and
//! somebody is told to see to it.

use std::sync::Arc;

use super::Enforcement;
use super::deed::Done;
use crate::alarms::Trouble;
use crate::outgoing::Outcome;
use crate::store::StoreError;
use crate::store::outbox::StoredAction;
use crate::store::slack_actions::SlackDeed;

impl Enforcement {
    /// What follows from giving a deed up after a failure called `code`.
    pub(super) async fn give_up(
        &self,
        deed: SlackDeed,
        action: &StoredAction,
        code: &str,
    ) -> Result<Done, StoreError> {
        let ended = match deed {
            SlackDeed::Block { job, .. } => self.block_given_up(action, job, code).await?,
            SlackDeed::Release { held, .. } => self.release_given_up(action, held, code).await?,
            _ => Done::failed(code),
        };
        let (alarms, workspace) = (self.parts.alarms.clone(), action.workspace.clone());
        let trouble = Trouble::GivenUp {
            kind: action.kind.clone(),
            code: code.to_owned(),
        };
        let then = ended.then;
        Ok(Done {
            outcome: Outcome::Failed(code.to_owned()),
            then: Arc::new(move |conn| {
                then(conn)?;
                alarms.raise(conn, &workspace, &trouble).map(drop)
            }),
        })
    }
}
