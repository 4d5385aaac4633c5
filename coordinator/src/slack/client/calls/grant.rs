//! Turning a code into tokens, and old tokens into new ones.
//!
//! Owns reading what an installation grants. Leaves keeping it to whoever calls.
//! **Invariant:** a refresh token is good once: what it brings is stored before it is used.

use std::time::Duration;

use serde_json::Value;
use shared::secret::{ExposeSecret, SecretString};
use url::Url;

use crate::slack::client::answer::{Answer, split_scopes};
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::{flag, number, text};
use crate::slack::client::transport::Caller;
use crate::slack::client::{AppCredentials, SlackClient};

/// What an installation, or a refresh, grants.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The app.
    pub app_id: Option<String>,
    /// The workspace, but for an installation of a whole organisation.
    pub team: Option<Named>,
    /// The organisation, if there is one.
    pub enterprise: Option<Named>,
    /// Installed for the whole organisation.
    pub is_enterprise_install: bool,
    /// Who installed it, `U…`.
    pub installer: Option<String>,
    /// The bot's token.
    pub bot: Option<Granted>,
    /// The token of who installed it, if it was asked for.
    pub user: Option<Granted>,
}

/// Something with an id and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
}

/// A token, and what comes with it.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The token.
    pub token: SecretString,
    /// What brings the next one, if tokens are rotated.
    pub refresh: Option<SecretString>,
    /// How long it is good, if not for ever.
    pub expires_in: Option<Duration>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whom it stands for: the bot's user or a person.
    pub user_id: Option<String>,
}

impl SlackClient {
    /// Turns the code of an installation into tokens. A code is good once.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn exchange_code(
        &self,
        app: &AppCredentials,
        code: &SecretString,
        redirect_uri: &Url,
    ) -> Result<Grant, SlackError> {
        let form = Form::new()
            .text("code", code.expose_secret())
            .text("redirect_uri", redirect_uri.as_str());
        self.grant(app, form).await
    }

    /// Turns a refresh token into the next token. A refresh token is good once.
    ///
    /// # Errors
    /// [`SlackError`]. Where it may have happened, the refresh token may be used up.
    pub async fn refresh(
        &self,
        app: &AppCredentials,
        refresh_token: &SecretString,
    ) -> Result<Grant, SlackError> {
        let form = Form::new()
            .text("grant_type", "refresh_token")
            .text("refresh_token", refresh_token.expose_secret());
        self.grant(app, form).await
    }

    async fn grant(&self, app: &AppCredentials, form: Form) -> Result<Grant, SlackError> {
        let answer = self
            .call(Method::OauthV2Access, Caller::App(app), form)
            .await?;
        Grant::read(&answer.root).ok_or_else(Answer::lacking)
    }
}

impl Grant {
    /// A grant brings one token at least.
    fn read(root: &Value) -> Option<Self> {
        let person = root.get("authed_user").unwrap_or(&Value::Null);
        let installer = text(person, "id");
        let outer = Granted::read(root, text(root, "bot_user_id"));
        // Refreshing a person's token brings the next one on the outside.
        let (bot, outer) = match text(root, "token_type").as_deref() {
            Some("user") => (None, outer),
            _ => (outer, None),
        };
        let user = Granted::read(person, installer.clone()).or(outer);
        (bot.is_some() || user.is_some()).then(|| Self {
            app_id: text(root, "app_id"),
            team: root.get("team").and_then(Named::read),
            enterprise: root.get("enterprise").and_then(Named::read),
            is_enterprise_install: flag(root, "is_enterprise_install"),
            installer,
            bot,
            user,
        })
    }
}

impl Named {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value, "id")?,
            name: text(value, "name"),
        })
    }
}

impl Granted {
    fn read(value: &Value, user_id: Option<String>) -> Option<Self> {
        Some(Self {
            token: SecretString::from(text(value, "access_token")?),
            refresh: text(value, "refresh_token").map(SecretString::from),
            expires_in: number(value, "expires_in").map(Duration::from_secs),
            scopes: split_scopes(&text(value, "scope").unwrap_or_default()),
            user_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_installation_brings_the_bots_token_and_the_persons() {
        let grant = Grant::read(&json!({
            "app_id": "A1", "token_type": "bot", "scope": "chat:write,im:write",
            "access_token": "xoxb-made-up", "bot_user_id": "U2", "expires_in": 43200,
            "refresh_token": "xoxe-made-up", "team": {"id": "T1", "name": "One"}, "enterprise": null,
            "authed_user": {"id": "U1", "scope": "chat:write", "access_token": "xoxp-made-up"},
        }));
        let grant = grant.unwrap();
        let (bot, user) = (grant.bot.as_ref().unwrap(), grant.user.as_ref().unwrap());
        assert_eq!(bot.token.expose_secret(), "xoxb-made-up");
        assert_eq!(bot.scopes, ["chat:write", "im:write"]);
        assert_eq!(bot.user_id.as_deref(), Some("U2"));
        assert_eq!(bot.expires_in, Some(Duration::from_hours(12)));
        assert_eq!(user.token.expose_secret(), "xoxp-made-up");
        assert_eq!(grant.installer.as_deref(), Some("U1"));
        assert_eq!(grant.enterprise, None);
        assert!(!format!("{grant:?}").contains("made-up"));
    }

    #[test]
    fn a_refreshed_token_of_a_person_is_not_taken_for_the_bots() {
        let grant = Grant::read(&json!({
            "token_type": "user", "access_token": "next", "refresh_token": "after",
            "team": null, "enterprise": {"id": "E1"}, "is_enterprise_install": true,
        }));
        let grant = grant.unwrap();
        assert!(grant.bot.is_none() && grant.is_enterprise_install);
        assert_eq!(grant.user.unwrap().token.expose_secret(), "next");
    }

    #[test]
    fn what_brings_no_token_is_no_grant() {
        for root in [
            json!({}),
            json!({"access_token": ""}),
            json!({"authed_user": {"id": "U1"}}),
        ] {
            assert!(Grant::read(&root).is_none(), "{root}");
        }
    }
}
