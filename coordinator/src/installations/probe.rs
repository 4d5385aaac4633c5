//! Asking Slack who an installation is, and what its tokens allow.
//!
//! Owns what is asked: `auth.test` for identity and scopes, `users.info` for what the person behind the admin's
//! token is, `team.info` for a name. Leaves how often to `actors::prober`.
//! **Invariant:** an admin's token of another workspace is as good as none.

use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::{ConfiguredTokens, Installations};
use crate::domain::capability::{Capabilities, Standing};
use crate::slack::client::{self, SlackClient, SlackError};
use crate::store::installations::{self, Identity, InstallationSource, Probe};
use crate::store::{Store, StoreError};

/// Asks Slack about installations. Cheap to clone.
#[derive(Clone)]
pub struct Prober {
    /// Asks.
    pub client: SlackClient,
    /// Where the answer is written.
    pub store: Store,
}

/// Nothing was learnt.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Slack did not say.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// Slack names neither a workspace nor an organisation.
    #[error("slack does not say whose the token is")]
    Nobody,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Prober {
    /// Asks about the tokens of the configuration, writes the answer down, and puts it in force.
    ///
    /// # Errors
    /// [`ProbeError`]; what was known stays.
    pub async fn probe_configured(
        &self,
        installations: &Installations,
    ) -> Result<Option<WorkspaceId>, ProbeError> {
        let Some(tokens) = installations.configured() else {
            return Ok(None);
        };
        let probe = self.probe(tokens, InstallationSource::Configured).await?;
        let tenant = probe.tenant.clone();
        let noting = move |conn: &mut _| installations::note_probe(conn, &probe);
        self.store.write(noting).await?;
        installations.refresh(&self.store).await?;
        Ok(Some(tenant))
    }

    /// What Slack says of a pair of tokens.
    ///
    /// # Errors
    /// [`ProbeError`].
    pub async fn probe(
        &self,
        tokens: &ConfiguredTokens,
        source: InstallationSource,
    ) -> Result<Probe, ProbeError> {
        let nobody = WorkspaceId::new("unknown");
        let bot = self.client.with(&tokens.bot, &nobody).auth_test().await?;
        let tenant = tenant_of(&bot).ok_or(ProbeError::Nobody)?;
        let session = self.client.with(&tokens.bot, &tenant);
        // A name is nice to have, and a scope of its own.
        let team = session.team_info(None).await.ok();
        let admin = match &tokens.admin {
            Some(token) => self.admin(token, &tenant, &bot).await?,
            None => None,
        };
        let (admin_user_id, admin_scopes, standing) = admin.unwrap_or_default();
        Ok(Probe {
            source,
            identity: Identity {
                team_id: bot.team_id.filter(|_| !bot.is_enterprise_install),
                enterprise_id: bot.enterprise_id,
                name: team.and_then(|team| team.name),
                app_id: bot.app_id,
                bot_id: bot.bot_id,
                bot_user_id: Some(bot.user_id),
                admin_user_id,
            },
            capabilities: Capabilities {
                bot_scopes: bot.scopes,
                admin_scopes,
                admin: standing,
            },
            tenant,
        })
    }

    async fn admin(
        &self,
        token: &SecretString,
        tenant: &WorkspaceId,
        bot: &client::Identity,
    ) -> Result<Option<(Option<String>, Vec<String>, Standing)>, ProbeError> {
        let session = self.client.with(token, tenant);
        let whose = session.auth_test().await?;
        if (&whose.team_id, &whose.enterprise_id) != (&bot.team_id, &bot.enterprise_id) {
            tracing::warn!(%tenant, "the admin's token is of another workspace, and is not used");
            return Ok(None);
        }
        // Who cannot be looked up is taken for a member, who may delete nothing of others.
        let user = session.user_info(&whose.user_id).await;
        let standing = match user {
            Ok(user) if user.is_admin || user.is_owner || user.is_primary_owner => Standing::Admin,
            Ok(_) => Standing::Member,
            Err(error) => {
                tracing::warn!(%tenant, %error, "slack does not say what the admin's token is of");
                Standing::Member
            }
        };
        Ok(Some((Some(whose.user_id), whose.scopes, standing)))
    }
}

/// The tenant of a token: its organisation if it is installed there, else its workspace.
fn tenant_of(identity: &client::Identity) -> Option<WorkspaceId> {
    let organisation = identity
        .enterprise_id
        .as_ref()
        .filter(|_| identity.is_enterprise_install);
    organisation
        .or(identity.team_id.as_ref())
        .map(WorkspaceId::new)
}
