//! Asking Slack who an installation is, and what its tokens allow.
//!
//! Owns what is asked: `auth.test` for identity and scopes, `users.info` for what the person behind the admin's
//! token is, `team.info` for a name. Leaves how often to `actors::surveyor`.
//! **Invariant:** an admin's token of another workspace, or one that Slack refuses, is as good as none; what Slack
//! does not say just now changes nothing.

use std::time::Duration;

use shared::ids::WorkspaceId;
use shared::job::RetryClass;
use shared::secret::SecretString;

use super::Tokens;
use crate::domain::capability::{Capabilities, Standing};
use crate::slack::client::{self, SlackClient, SlackError, is_about_a_token};
use crate::store::installations::{self, Identity, InstallationSource, Probe};
use crate::store::{Store, StoreError};

/// How often Slack is asked while somebody waits, and how long in between.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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

/// What Slack said of a pair of tokens.
pub struct Found {
    /// Who it is, and what the tokens allow.
    pub probe: Probe,
    /// Slack's word, if it refuses the admin's token.
    pub admin_refused: Option<String>,
}

/// What stands behind an admin's token.
#[derive(Default)]
struct Admin {
    user: Option<String>,
    scopes: Vec<String>,
    standing: Standing,
    refused: Option<String>,
}

impl Prober {
    /// Asks about an installation's tokens, and writes the answer down.
    ///
    /// # Errors
    /// [`ProbeError`]; what was known stays.
    pub async fn note(
        &self,
        tokens: &Tokens,
        source: InstallationSource,
    ) -> Result<Found, ProbeError> {
        let found = self.probe(tokens, source).await?;
        let probe = found.probe.clone();
        let noting = move |conn: &mut _| installations::note_probe(conn, &probe);
        self.store.write(noting).await?;
        Ok(found)
    }

    /// What Slack says of a pair of tokens that somebody just gave us: they wait, and a code of Slack's is good once.
    /// So a moment in which Slack does not answer is waited out.
    ///
    /// # Errors
    /// [`ProbeError`].
    pub async fn insist(
        &self,
        tokens: &Tokens,
        source: InstallationSource,
    ) -> Result<Found, ProbeError> {
        for _ in 1..TRIES {
            match self.probe(tokens, source).await {
                Err(ProbeError::Slack(error)) if error.class() == RetryClass::Transient => {
                    tokio::time::sleep(pause_after(&error)).await;
                }
                answer => return answer,
            }
        }
        self.probe(tokens, source).await
    }

    /// What Slack says of a pair of tokens.
    ///
    /// # Errors
    /// [`ProbeError`].
    pub async fn probe(
        &self,
        tokens: &Tokens,
        source: InstallationSource,
    ) -> Result<Found, ProbeError> {
        let nobody = WorkspaceId::new("unknown");
        let bot = self.client.with(&tokens.bot, &nobody).auth_test().await?;
        let tenant = tenant_of(&bot).ok_or(ProbeError::Nobody)?;
        let session = self.client.with(&tokens.bot, &tenant);
        // A name is nice to have, and a scope of its own.
        let team = session.team_info(None).await.ok();
        let admin = match &tokens.admin {
            Some(token) => self.admin(token, &tenant, &bot).await?,
            None => Admin::default(),
        };
        let probe = Probe {
            source,
            identity: Identity {
                team_id: bot.team_id.filter(|_| !bot.is_enterprise_install),
                enterprise_id: bot.enterprise_id,
                name: team.and_then(|team| team.name),
                app_id: bot.app_id,
                bot_id: bot.bot_id,
                bot_user_id: Some(bot.user_id),
                admin_user_id: admin.user,
            },
            capabilities: Capabilities {
                bot_scopes: bot.scopes,
                admin_scopes: admin.scopes,
                admin: admin.standing,
            },
            tenant,
        };
        Ok(Found {
            probe,
            admin_refused: admin.refused,
        })
    }

    async fn admin(
        &self,
        token: &SecretString,
        tenant: &WorkspaceId,
        bot: &client::Identity,
    ) -> Result<Admin, ProbeError> {
        let session = self.client.with(token, tenant);
        let whose = match session.auth_test().await {
            Err(error) if is_about_a_token(error.code()) => {
                return Ok(Admin {
                    refused: Some(error.code().to_owned()),
                    ..Admin::default()
                });
            }
            whose => whose?,
        };
        if (&whose.team_id, &whose.enterprise_id) != (&bot.team_id, &bot.enterprise_id) {
            tracing::warn!(%tenant, "the admin's token is of another workspace, and is not used");
            return Ok(Admin::default());
        }
        let user = session.user_info(&whose.user_id).await;
        let standing = match user {
            Ok(user) if user.is_admin || user.is_owner || user.is_primary_owner => Standing::Admin,
            Ok(_) => Standing::Member,
            // An admin taken for a member would let leaks stand until somebody asks again.
            Err(error) if error.class() == RetryClass::Transient => return Err(error.into()),
            // Who may not be looked up is taken for a member, who may delete nothing of others.
            Err(error) => {
                tracing::warn!(%tenant, %error, "slack does not say what the admin's token is of");
                Standing::Member
            }
        };
        Ok(Admin {
            user: Some(whose.user_id),
            scopes: whose.scopes,
            standing,
            refused: None,
        })
    }
}

fn pause_after(error: &SlackError) -> Duration {
    match error {
        SlackError::RateLimited { retry_after } => (*retry_after).min(LONGEST_PAUSE),
        _ => PAUSE,
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
