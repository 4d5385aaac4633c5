//! Entering public channels: what is said where nobody listens is not heard.
//!
//! Owns which are entered. **Invariant:** only channels of the workspace itself: public, not archived, and not shared
//! with other organisations, who would wonder.

use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::Installation;
use super::probe::Prober;
use crate::domain::capability::Ability;
use crate::slack::client::{Channel, Listing, Meaning, Session, SlackError};

const PUBLIC: &str = "public_channel";

impl Prober {
    /// Enters every public channel that the bot is not in yet; says how many.
    ///
    /// # Errors
    /// [`SlackError`]: what was entered stays entered, and the rest can wait for the next time.
    pub async fn join_public_channels(
        &self,
        installation: &Installation,
    ) -> Result<u64, SlackError> {
        let able = installation.capabilities.allow(Ability::JoinChannels);
        let Some(token) = installation.bot().filter(|_| able) else {
            return Ok(0);
        };
        let mut entered = 0;
        for team in self.teams_of(installation, token).await? {
            entered += self.join_in(&installation.tenant, token, team).await?;
        }
        Ok(entered)
    }

    /// The workspaces whose lists have to be asked for one by one: those of an organisation.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn teams_of(
        &self,
        installation: &Installation,
        token: &SecretString,
    ) -> Result<Vec<Option<String>>, SlackError> {
        if installation.team_id.is_some() {
            return Ok(vec![None]);
        }
        let session = self.client.with(token, &installation.tenant);
        let mut listing = Listing::default();
        let mut teams = Vec::new();
        loop {
            let page = patiently(async || session.teams(&listing).await).await?;
            teams.extend(page.items.into_iter().map(|team| Some(team.id)));
            match page.next_cursor {
                Some(next) => listing = listing.at(next),
                None => return Ok(teams),
            }
        }
    }

    async fn join_in(
        &self,
        tenant: &WorkspaceId,
        token: &SecretString,
        team: Option<String>,
    ) -> Result<u64, SlackError> {
        let session = self.client.with(token, tenant);
        let mut listing = Listing {
            team,
            kinds: PUBLIC.to_owned(),
            ..Listing::default()
        };
        let mut entered = 0;
        loop {
            let page = patiently(async || session.channels(&listing).await).await?;
            for channel in page.items.iter().filter(|channel| is_wanted(channel)) {
                entered += u64::from(enter(session, channel).await?);
            }
            match page.next_cursor {
                Some(next) => listing = listing.at(next),
                None => return Ok(entered),
            }
        }
    }
}

/// One door that stays closed does not keep us from the next.
async fn enter(session: Session<'_>, channel: &Channel) -> Result<bool, SlackError> {
    match patiently(async || session.join(&channel.id).await).await {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.meaning(), Meaning::Forbidden | Meaning::NotAMember) => {
            tracing::debug!(channel = %channel.id, %error, "a channel is not entered");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Waits whenever Slack asks to, or our own pace: nobody waits for us, and there may be thousands of channels.
async fn patiently<T>(call: impl AsyncFn() -> Result<T, SlackError>) -> Result<T, SlackError> {
    loop {
        match call().await {
            Err(SlackError::RateLimited { retry_after }) => tokio::time::sleep(retry_after).await,
            answer => return answer,
        }
    }
}

const fn is_wanted(channel: &Channel) -> bool {
    !(channel.is_member || channel.is_archived || channel.is_private || channel.is_ext_shared)
}
