//! Tokens that somebody made at the app's pages and hands in, for a workspace beside the one of the configuration.
//!
//! Owns asking Slack whose they are before they are kept. **Invariant:** what Slack refuses is not kept, and tokens of
//! the configuration or of an installation through Slack are not replaced behind its back.

use std::sync::Arc;

use shared::ids::{UserId, WorkspaceId};
use shared::seal::{SealError, Sealer};

use super::probe::{ProbeError, Prober};
use super::{Installations, Tokens, sealed};
use crate::store::installations::{self, InstallationSource, InstallationState};
use crate::store::{Conn, StoreError};

/// Takes tokens in. Cheap to clone.
#[derive(Clone)]
pub struct HandIn {
    /// Asks whose they are.
    pub prober: Prober,
    /// Seals them.
    pub sealer: Sealer,
    /// Says whether there are tokens in the configuration.
    pub installations: Arc<Installations>,
}

/// Tokens were not taken.
#[derive(Debug, thiserror::Error)]
pub enum HandInError {
    /// Slack refuses the bot's token, or did not answer.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Slack refuses the admin's token.
    #[error("slack refuses the admin's token: {0}")]
    Admin(String),
    /// The workspace has tokens that come from elsewhere.
    #[error("the tokens of that workspace come from elsewhere")]
    Elsewhere(InstallationSource),
    /// They could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HandIn {
    /// Asks Slack whose tokens they are, and keeps them, sealed.
    ///
    /// # Errors
    /// [`HandInError`]; nothing is kept then.
    pub async fn take(&self, tokens: &Tokens, by: UserId) -> Result<WorkspaceId, HandInError> {
        let found = self.prober.insist(tokens, InstallationSource::Api).await?;
        if let Some(code) = found.admin_refused {
            return Err(HandInError::Admin(code));
        }
        let (probe, tenant) = (found.probe.clone(), found.probe.tenant.clone());
        let bot = sealed(&self.sealer, &tenant, &tokens.bot, "bot")?;
        let admin = match &tokens.admin {
            Some(token) => Some(sealed(&self.sealer, &tenant, token, "admin")?),
            None => None,
        };
        let (of, is_configured) = (tenant.clone(), self.installations.configured().is_some());
        let keeping = move |conn: &mut Conn| {
            let known = installations::of_tenant(conn, &of)?;
            let elsewhere = known.filter(|known| match known.source {
                InstallationSource::Api => false,
                // They may stand there no longer.
                InstallationSource::Configured => is_configured,
                InstallationSource::OAuth => known.state != InstallationState::Uninstalled,
            });
            if let Some(known) = elsewhere {
                return Ok(Err(HandInError::Elsewhere(known.source)));
            }
            installations::note_probe(conn, &probe)?;
            installations::keep_lasting_tokens(conn, &of, (bot, admin), by).map(Ok)
        };
        self.prober.store.write(keeping).await??;
        Ok(tenant)
    }
}
