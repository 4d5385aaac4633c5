//! Whose token acts, and what becomes of a deed when there is none.
//!
//! **Invariant:** what somebody can mend is tried again; only where the app is not installed nothing is.

use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::Enforcement;
use crate::installations::Installation;
use crate::outgoing::Outcome;
use crate::store::installations::InstallationState;

/// The word for a deed that waits until Slack takes our tokens again.
pub(super) const BROKEN: &str = "installation_broken";

impl Enforcement {
    /// The bot's token of a workspace.
    pub(super) fn bot_of(&self, workspace: &WorkspaceId) -> Result<SecretString, Outcome> {
        self.token_of(workspace, Installation::bot)
    }

    /// The admin's token of a workspace.
    pub(super) fn admin_of(&self, workspace: &WorkspaceId) -> Result<SecretString, Outcome> {
        self.token_of(workspace, Installation::admin)
    }

    fn token_of(
        &self,
        workspace: &WorkspaceId,
        whose: fn(&Installation) -> Option<&SecretString>,
    ) -> Result<SecretString, Outcome> {
        let installations = &self.parts.installations;
        let Some(known) = installations.of(workspace) else {
            return Err(if installations.is_unsure() {
                Outcome::Later("not_known_yet".to_owned())
            } else {
                Outcome::Failed("not_connected".to_owned())
            });
        };
        if known.state == InstallationState::Uninstalled {
            return Err(Outcome::Failed("uninstalled".to_owned()));
        }
        let token = whose(&known).cloned();
        token.ok_or_else(|| Outcome::Later(BROKEN.to_owned()))
    }
}
