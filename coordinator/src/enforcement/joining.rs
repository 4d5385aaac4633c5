//! Entering a channel that is new.
//!
//! **Invariant:** only public channels are entered; nobody else's door is tried.

use super::Enforcement;
use super::deed::Done;
use crate::store::StoreError;
use crate::store::outbox::StoredAction;

impl Enforcement {
    pub(super) async fn join(
        &self,
        action: &StoredAction,
        channel: &str,
    ) -> Result<Done, StoreError> {
        let token = match self.bot_of(&action.workspace) {
            Ok(token) => token,
            Err(outcome) => return Ok(Done::of(outcome)),
        };
        let session = self.parts.client.with(&token, &action.workspace);
        Ok(match session.join(channel).await {
            Ok(()) => Done::nothing_more(),
            Err(error) => Done::refused(&error),
        })
    }
}
