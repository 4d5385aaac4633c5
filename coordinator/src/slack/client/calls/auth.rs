//! Who a token is, and where it reaches.

use shared::secret::SecretString;
use url::Url;

use super::conversations::{Listing, Page};
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::{flag, list, text};
use crate::slack::client::transport::Caller;
use crate::slack::client::views::Team;
use crate::slack::client::{Session, SlackClient};

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The workspace, but for a token of a whole organisation.
    pub team_id: Option<String>,
    /// The organisation, if there is one.
    pub enterprise_id: Option<String>,
    /// Who calls.
    pub user_id: String,
    /// The bot, if a bot calls.
    pub bot_id: Option<String>,
    /// The app, if Slack says.
    pub app_id: Option<String>,
    /// Where the workspace is.
    pub url: Option<Url>,
    /// The app is installed for the whole organisation.
    pub is_enterprise_install: bool,
    /// What the token may do.
    pub scopes: Vec<String>,
}

impl Session<'_> {
    /// Whose token it is, and what it may do.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn auth_test(&self) -> Result<Identity, SlackError> {
        let answer = self.call(Method::AuthTest, Form::new()).await?;
        let root = &answer.root;
        Ok(Identity {
            team_id: text(root, "team_id"),
            enterprise_id: text(root, "enterprise_id"),
            user_id: text(root, "user_id").ok_or_else(Answer::lacking)?,
            bot_id: text(root, "bot_id"),
            app_id: text(root, "app_id"),
            url: text(root, "url").and_then(|url| url.parse().ok()),
            is_enterprise_install: flag(root, "is_enterprise_install"),
            scopes: answer.scopes,
        })
    }

    /// The workspaces that an org-wide install reaches. Of `listing` only cursor and limit count.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn teams(&self, listing: &Listing) -> Result<Page<Team>, SlackError> {
        let form = Form::new()
            .text("limit", listing.limit.to_string())
            .maybe("cursor", listing.cursor.as_deref());
        let answer = self.call(Method::AuthTeamsList, form).await?;
        Ok(Page {
            items: Team::read_all(list(&answer.root, "teams")),
            next_cursor: answer.next_cursor()?,
        })
    }

    /// The token's workspace, or `team`.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn team_info(&self, team: Option<&str>) -> Result<Team, SlackError> {
        let form = Form::new().maybe("team", team);
        let answer = self.call(Method::TeamInfo, form).await?;
        let team = answer.root.get("team").and_then(Team::read);
        team.ok_or_else(Answer::lacking)
    }
}

impl SlackClient {
    /// Opens a connection for Socket Mode. The address is good for one connection, and a secret until then.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn open_connection(&self, app_token: &SecretString) -> Result<Url, SlackError> {
        let caller = Caller::Token(app_token);
        let answer = self
            .call(Method::ConnectionsOpen, caller, Form::new())
            .await?;
        let url = text(&answer.root, "url").and_then(|url| url.parse().ok());
        url.ok_or_else(Answer::lacking)
    }
}
