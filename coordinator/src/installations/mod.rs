//! Where the app is installed: whose tokens act where, and what they allow.
//!
//! | file | does |
//! |---|---|
//! | `installing` | turns somebody's consent into tokens (OAuth) |
//! | `handing_in` | keeps tokens that an admin of Weir hands in |
//! | `rotating` | turns tokens that end soon into the next ones |
//! | `probe` | asks Slack who an installation is, and what its tokens allow |
//! | `joining` | enters public channels, so that what is said there is heard |
//!
//! Owns a snapshot of the installations with their tokens opened, read again every second. Leaves the rows to
//! `store::installations`, and when to ask Slack to `actors::surveyor`.
//! **Invariant:** an event belongs to the installation of its tenant; a token acts for its own only.

mod handing_in;
mod installing;
mod joining;
mod probe;
mod rotating;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use shared::ids::WorkspaceId;
use shared::seal::{SealError, Sealer};
use shared::secret::{ExposeSecret, SecretString};

use crate::bell::Bell;
use crate::domain::capability::Capabilities;
use crate::slack::event::OwnIds;
use crate::store::installations::{
    self, InstallationSource, InstallationState, Mark, StoredInstallation,
};
use crate::store::{Store, StoreError};

pub use handing_in::{HandIn, HandInError};
pub use installing::{Begun, InstallError, Installer};
pub use probe::{ProbeError, Prober};

/// The tokens that stand in the configuration.
#[derive(Clone)]
pub struct Tokens {
    /// The bot's.
    pub bot: SecretString,
    /// An admin's.
    pub admin: Option<SecretString>,
}

/// An installation, ready to act.
pub struct Installation {
    /// The workspace, or the organisation.
    pub tenant: WorkspaceId,
    /// The workspace; none if it is a whole organisation.
    pub team_id: Option<String>,
    /// The organisation, if there is one.
    pub enterprise_id: Option<String>,
    /// Where cards for reviewers are posted.
    pub review_channel: Option<String>,
    /// What its tokens allow.
    pub capabilities: Capabilities,
    /// Where its tokens come from.
    pub source: InstallationSource,
    /// Whether it works.
    pub state: InstallationState,
    /// Acts as the bot.
    pub bot: Option<SecretString>,
    /// Acts as an admin.
    pub admin: Option<SecretString>,
    admin_user_id: Option<String>,
    own: OwnIds,
}

/// The installations.
pub struct Installations {
    current: ArcSwap<HashMap<WorkspaceId, Arc<Installation>>>,
    configured: Option<Tokens>,
    review_channel: Option<String>,
    sealer: Sealer,
    /// What the database held when it was read last; whoever holds the lock may publish.
    read: tokio::sync::Mutex<Option<Vec<Mark>>>,
    /// Rung when Slack refused a token.
    doubts: Bell,
}

impl Installations {
    /// None yet. `review_channel` is where those post cards that have no channel of their own.
    pub fn new(sealer: Sealer, configured: Option<Tokens>, review_channel: Option<String>) -> Self {
        Self {
            current: ArcSwap::default(),
            configured,
            review_channel,
            sealer,
            read: tokio::sync::Mutex::default(),
            doubts: Bell::default(),
        }
    }

    /// Every installation.
    pub fn all(&self) -> Vec<Arc<Installation>> {
        self.current.load().values().map(Arc::clone).collect()
    }

    /// Slack refused a token: whoever asks Slack about installations should do so now.
    pub fn doubt(&self) {
        self.doubts.ring();
    }

    /// Waits until there is a doubt.
    ///
    /// # Cancel safety
    /// A doubt is not lost with a wait that is given up.
    pub async fn doubted(&self) {
        self.doubts.rung().await;
    }

    /// The installation of a tenant.
    pub fn of(&self, tenant: &WorkspaceId) -> Option<Arc<Installation>> {
        self.current.load().get(tenant).map(Arc::clone)
    }

    /// Who we are there.
    pub fn own_ids(&self, tenant: &WorkspaceId) -> OwnIds {
        let known = self.of(tenant);
        known.map(|known| known.own.clone()).unwrap_or_default()
    }

    /// The tokens that stand in the configuration.
    pub const fn configured(&self) -> Option<&Tokens> {
        self.configured.as_ref()
    }

    /// The tenant whose tokens stand in the configuration, once Slack said who that is.
    pub fn configured_tenant(&self) -> Option<WorkspaceId> {
        let current = self.current.load();
        let configured =
            |known: &&Arc<Installation>| known.source == InstallationSource::Configured;
        current
            .values()
            .find(configured)
            .map(|known| known.tenant.clone())
    }

    /// Whether there are tokens of which Slack never said whose they are.
    pub fn is_unsure(&self) -> bool {
        self.configured.is_some() && self.configured_tenant().is_none()
    }

    /// Reads them again. As long as nothing was changed, it costs a look at the versions.
    ///
    /// # Errors
    /// Transient if the database cannot be read; the snapshot stays.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let mut read = self.read.lock().await;
        let before = read.clone();
        let reading = store.read(move |conn| {
            let marks = installations::marks(conn)?;
            if before.as_ref() == Some(&marks) {
                return Ok(None);
            }
            Ok(Some((marks, installations::list(conn)?)))
        });
        let Some((marks, stored)) = reading.await? else {
            return Ok(());
        };
        let opened = stored.into_iter().map(|row| self.open(row));
        let by_tenant = opened.map(|known| (known.tenant.clone(), Arc::new(known)));
        self.current.store(Arc::new(by_tenant.collect()));
        *read = Some(marks);
        Ok(())
    }

    fn open(&self, row: StoredInstallation) -> Installation {
        let (bot, admin) = match (row.source, &self.configured) {
            (InstallationSource::Configured, Some(tokens)) => {
                (Some(tokens.bot.clone()), tokens.admin.clone())
            }
            (InstallationSource::Configured, None) => (None, None),
            (InstallationSource::OAuth | InstallationSource::Api, _) => (
                self.token(&row, row.bot_token.as_deref(), "bot"),
                self.token(&row, row.admin_token.as_deref(), "admin"),
            ),
        };
        Installation {
            own: OwnIds {
                bot_id: row.bot_id,
                bot_user_id: row.bot_user_id,
                app_id: row.app_id,
            },
            admin_user_id: row.admin_user_id,
            tenant: row.tenant,
            team_id: row.team_id,
            enterprise_id: row.enterprise_id,
            review_channel: row
                .review_channel_id
                .or_else(|| self.review_channel.clone()),
            capabilities: row.capabilities.0,
            source: row.source,
            state: row.state,
            bot,
            admin,
        }
    }

    fn token(
        &self,
        row: &StoredInstallation,
        sealed: Option<&[u8]>,
        whose: &str,
    ) -> Option<SecretString> {
        let opened = self.sealer.open(&token_place(&row.tenant, whose), sealed?);
        let token = opened.map(|plain| String::from_utf8_lossy(&plain).into_owned());
        match token {
            Ok(token) => Some(SecretString::from(token)),
            Err(error) => {
                tracing::error!(tenant = %row.tenant, whose, %error, "a token cannot be opened");
                None
            }
        }
    }
}

impl Installation {
    /// Whether it can do anything at all.
    pub fn is_active(&self) -> bool {
        self.state == InstallationState::Active && self.bot.is_some()
    }

    /// Whether our bot, or the admin who lent us a token, is among these.
    pub fn is_anybody_of(&self, users: &[String], bots: &[String]) -> bool {
        let is_among =
            |list: &[String], id: &Option<String>| id.as_ref().is_some_and(|id| list.contains(id));
        is_among(bots, &self.own.bot_user_id) || is_among(users, &self.admin_user_id)
    }

    /// The bot's token, as long as the installation works.
    pub fn bot(&self) -> Option<&SecretString> {
        self.bot.as_ref().filter(|_| self.is_active())
    }

    /// The admin's token: good by itself, whatever became of the bot's, as long as the app is there.
    pub fn admin(&self) -> Option<&SecretString> {
        let is_there = self.state != InstallationState::Uninstalled;
        self.admin.as_ref().filter(|_| is_there)
    }

    /// Its tokens, if Slack can be asked about them.
    pub fn tokens(&self) -> Option<Tokens> {
        let bot = self.bot.clone()?;
        let admin = self.admin.clone();
        (self.state != InstallationState::Uninstalled).then_some(Tokens { bot, admin })
    }
}

/// A token, sealed for its tenant.
fn sealed(
    sealer: &Sealer,
    tenant: &WorkspaceId,
    token: &SecretString,
    whose: &str,
) -> Result<Vec<u8>, SealError> {
    sealer.seal(
        &token_place(tenant, whose),
        token.expose_secret().as_bytes(),
    )
}

/// What a sealed token is bound to: it opens for its own tenant only.
fn token_place(tenant: &WorkspaceId, whose: &str) -> Vec<u8> {
    format!("weir/slack-token/{tenant}/{whose}").into_bytes()
}
