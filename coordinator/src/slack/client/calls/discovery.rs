//! What only organisations that Slack allows it may do: hide a message or a file until somebody judged it.
//!
//! **Invariant:** what is hidden can be put back; only deleting cannot be undone.
//!
//! # Source
//! <https://github.com/slackapi/python-slack-discovery-sdk>, which is where these methods are described.

use serde_json::Value;

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::{list, text};
use crate::slack::client::views::Team;

/// A message of an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The workspace, for a channel that belongs to one.
    pub team: Option<&'a str>,
    /// Where.
    pub channel: &'a str,
    /// Which message.
    pub ts: &'a str,
}

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enterprise {
    /// `E…`.
    pub id: String,
    /// What it is called.
    pub name: Option<String>,
    /// Its workspaces, as far as this page lists them.
    pub teams: Vec<Team>,
    /// Where the workspaces go on; none at the end.
    pub next_cursor: Option<String>,
}

impl Session<'_> {
    /// The organisation. To be answered at all means that Slack allows these calls.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn discovery_enterprise_info(
        &self,
        cursor: Option<&str>,
    ) -> Result<Enterprise, SlackError> {
        let form = Form::new().maybe("cursor", cursor);
        let answer = self.call(Method::DiscoveryEnterpriseInfo, form).await?;
        let enterprise = answer.root.get("enterprise").unwrap_or(&answer.root);
        Ok(Enterprise {
            id: text(enterprise, "id").ok_or_else(Answer::lacking)?,
            name: text(enterprise, "name"),
            teams: Team::read_all(list(enterprise, "teams")),
            next_cursor: answer.next_cursor()?,
        })
    }

    /// What a message says now.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn discovery_chat_info(&self, spot: Spot<'_>) -> Result<Value, SlackError> {
        let mut answer = self.call(Method::DiscoveryChatInfo, spot.form()).await?;
        let message = answer.root.get_mut("message").map(Value::take);
        message.filter(Value::is_object).ok_or_else(Answer::lacking)
    }

    /// Shows `content` in a message's place, until it is restored or deleted.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn discovery_chat_tombstone(
        &self,
        spot: Spot<'_>,
        content: &str,
    ) -> Result<(), SlackError> {
        let form = spot.form().text("content", content);
        self.call(Method::DiscoveryChatTombstone, form)
            .await
            .map(drop)
    }

    /// Puts a message back.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn discovery_chat_restore(&self, spot: Spot<'_>) -> Result<(), SlackError> {
        self.call(Method::DiscoveryChatRestore, spot.form())
            .await
            .map(drop)
    }

    /// Takes a message for good, with what it said before it was changed.
    ///
    /// # Errors
    /// [`SlackError`]; that it is gone already is one whose meaning is so.
    pub async fn discovery_chat_delete(&self, spot: Spot<'_>) -> Result<(), SlackError> {
        self.call(Method::DiscoveryChatDelete, spot.form())
            .await
            .map(drop)
    }

    /// Shows a notice in a file's place. Whoever needs the file fetches it before.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn discovery_file_tombstone(
        &self,
        file: &str,
        title: &str,
        content: &str,
    ) -> Result<(), SlackError> {
        let form = Form::new()
            .text("file", file)
            .text("title", title)
            .text("content", content);
        self.call(Method::DiscoveryFileTombstone, form)
            .await
            .map(drop)
    }

    /// Puts a file back.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn discovery_file_restore(&self, file: &str) -> Result<(), SlackError> {
        let form = Form::new().text("file", file);
        self.call(Method::DiscoveryFileRestore, form)
            .await
            .map(drop)
    }

    /// Takes a file for good.
    ///
    /// # Errors
    /// [`SlackError`]; that it is gone already is one whose meaning is so.
    pub async fn discovery_file_delete(&self, file: &str) -> Result<(), SlackError> {
        let form = Form::new().text("file", file);
        self.call(Method::DiscoveryFileDelete, form).await.map(drop)
    }
}

impl Spot<'_> {
    fn form(self) -> Form {
        Form::new()
            .maybe("team", self.team)
            .text("channel", self.channel)
            .text("ts", self.ts)
    }
}
