//! Installing the app through Slack (OAuth v2): in a workspace, or in a whole organisation.
//!
//! Owns what is asked for, and keeping what is granted. Leaves the pages to `api`.
//! **Invariant:** a state is good once, within ten minutes, in the browser that began; a token is written down, sealed,
//! before anybody uses it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::clock::SharedClock;
use shared::ids::WorkspaceId;
use shared::seal::{SealError, Sealer};
use shared::secret::SecretString;
use url::Url;

use super::probe::{ProbeError, Prober};
use super::{Tokens, sealed};
use crate::slack::client::{AppCredentials, Grant, Granted, SlackError};
use crate::store::installations::{self, InstallationSource, SealedTokens};
use crate::store::{StoreError, oauth_states};

/// What the bot is to be allowed.
pub(super) const BOT_SCOPES: [&str; 17] = [
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:read",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "team:read",
    "users:read",
    "users:read.email",
];
/// What is to be allowed in the name of who installs it, who must be an owner or admin.
pub(super) const ADMIN_SCOPES: [&str; 8] = [
    "channels:history",
    "channels:read",
    "chat:write",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "users:read",
];

/// Installs the app. Cheap to clone.
#[derive(Clone)]
pub struct Installer {
    /// Asks Slack.
    pub prober: Prober,
    /// The app.
    pub credentials: AppCredentials,
    /// Slack's page that asks for consent.
    pub consent: Url,
    /// Where Slack sends people back to.
    pub redirect: Url,
    /// Seals tokens.
    pub sealer: Sealer,
    /// Says when a token ends.
    pub clock: SharedClock,
}

/// Somebody begins to install the app.
pub struct Begun {
    /// Where to send them.
    pub location: Url,
    /// What their browser has to bring back.
    pub state: SecretString,
}

/// The app was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Nobody began with that state in that browser, or too long ago, or it was used before.
    #[error("this installation was not begun here, or it took too long")]
    State,
    /// Slack refused.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// Slack did not say who it is.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Slack granted no token to the bot.
    #[error("slack granted no token")]
    NoToken,
    /// A token could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gave no randomness.
    #[error("no randomness for a state")]
    NoRandomness,
}

impl Installer {
    /// Begins.
    ///
    /// # Errors
    /// [`InstallError::Store`], [`InstallError::NoRandomness`]; transient.
    pub async fn begin(&self) -> Result<Begun, InstallError> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).or(Err(InstallError::NoRandomness))?;
        let state = URL_SAFE_NO_PAD.encode(bytes);
        let hash = hash_of(&state);
        let beginning = move |conn: &mut _| oauth_states::begin(conn, &hash);
        self.prober.store.write(beginning).await?;
        let mut location = self.consent.clone();
        location
            .query_pairs_mut()
            .append_pair("client_id", &self.credentials.client_id)
            .append_pair("scope", &BOT_SCOPES.join(","))
            .append_pair("user_scope", &ADMIN_SCOPES.join(","))
            .append_pair("redirect_uri", self.redirect.as_str())
            .append_pair("state", &state);
        Ok(Begun {
            location,
            state: SecretString::from(state),
        })
    }

    /// Ends what was begun: turns the code into tokens, and keeps them. `bound` is what the browser brought back.
    ///
    /// # Errors
    /// [`InstallError`].
    pub async fn finish(
        &self,
        code: &SecretString,
        state: &str,
        bound: Option<&str>,
    ) -> Result<WorkspaceId, InstallError> {
        if bound != Some(state) {
            return Err(InstallError::State);
        }
        let hash = hash_of(state);
        let taking = move |conn: &mut _| oauth_states::take(conn, &hash);
        if !self.prober.store.write(taking).await? {
            return Err(InstallError::State);
        }
        let client = &self.prober.client;
        let grant = client
            .exchange_code(&self.credentials, code, &self.redirect)
            .await?;
        self.keep(grant).await
    }

    async fn keep(&self, grant: Grant) -> Result<WorkspaceId, InstallError> {
        let bot = grant.bot.as_ref().ok_or(InstallError::NoToken)?;
        let tokens = Tokens {
            bot: bot.token.clone(),
            admin: grant.user.as_ref().map(|user| user.token.clone()),
        };
        let found = self
            .prober
            .insist(&tokens, InstallationSource::OAuth)
            .await?;
        let probe = found.probe;
        let tenant = probe.tenant.clone();
        let kept = self.seal(&tenant, grant.bot.as_ref(), grant.user.as_ref())?;
        let of = tenant.clone();
        let keeping = move |conn: &mut _| {
            installations::note_probe(conn, &probe)?;
            installations::keep_tokens(conn, &of, kept).map(drop)
        };
        self.prober.store.write(keeping).await?;
        Ok(tenant)
    }

    /// Seals what was granted; what was not stays as it is.
    pub(super) fn seal(
        &self,
        tenant: &WorkspaceId,
        bot: Option<&Granted>,
        admin: Option<&Granted>,
    ) -> Result<SealedTokens, SealError> {
        let token = |granted: Option<&Granted>, whose| match granted {
            Some(granted) => sealed(&self.sealer, tenant, &granted.token, whose).map(Some),
            None => Ok(None),
        };
        let refresh = |granted: Option<&Granted>, whose| match granted
            .and_then(|granted| granted.refresh.as_ref())
        {
            Some(refresh) => sealed(&self.sealer, tenant, refresh, whose).map(Some),
            None => Ok(None),
        };
        let ends = |granted: Option<&Granted>| {
            let good_for = granted.and_then(|granted| granted.expires_in)?;
            Some((self.clock.now() + good_for).into())
        };
        Ok(SealedTokens {
            bot_token: token(bot, "bot")?,
            admin_token: token(admin, "admin")?,
            bot_refresh: refresh(bot, "bot_refresh")?,
            admin_refresh: refresh(admin, "admin_refresh")?,
            bot_expires_at: ends(bot),
            admin_expires_at: ends(admin),
        })
    }
}

fn hash_of(state: &str) -> Vec<u8> {
    digest(&SHA256, state.as_bytes()).as_ref().to_vec()
}
