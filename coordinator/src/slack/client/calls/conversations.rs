//! Channels: opening, entering, looking at, listing.

use serde_json::Value;

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::{list, text, texts};
use crate::slack::client::views::Channel;

/// Every kind of conversation, in Slack's words.
const ALL_KINDS: &str = "public_channel,private_channel,mpim,im";
/// As many as Slack advises to ask for at once.
const LIMIT: u16 = 200;

/// Which part of a list to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Where to go on: what the page before said.
    pub cursor: Option<String>,
    /// Of which workspace. A token of a whole organisation has to say.
    pub team: Option<String>,
    /// How many at most; fewer come although more follow.
    pub limit: u16,
    /// Kinds of conversations, in Slack's words with commas between.
    pub kinds: String,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What it lists.
    pub items: Vec<T>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            cursor: None,
            team: None,
            limit: LIMIT,
            kinds: ALL_KINDS.to_owned(),
        }
    }
}

impl Listing {
    /// The next page of the same list.
    #[must_use]
    pub fn at(self, cursor: String) -> Self {
        Self {
            cursor: Some(cursor),
            ..self
        }
    }

    fn channels(&self) -> Form {
        Form::new()
            .text("limit", self.limit.to_string())
            .text("types", &self.kinds)
            .maybe("team_id", self.team.as_deref())
            .maybe("cursor", self.cursor.as_deref())
    }
}

impl Session<'_> {
    /// Opens the direct message with somebody, and gives its channel.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn open_dm(&self, user: &str) -> Result<String, SlackError> {
        let form = Form::new().text("users", user);
        let answer = self.call(Method::ConversationsOpen, form).await?;
        let channel = answer.root.get("channel");
        let id = channel.and_then(|channel| text(channel, "id"));
        id.ok_or_else(Answer::lacking)
    }

    /// Enters a public channel; to be in it already is no error.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn join(&self, channel: &str) -> Result<(), SlackError> {
        let form = Form::new().text("channel", channel);
        self.call(Method::ConversationsJoin, form).await.map(drop)
    }

    /// What a channel is.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn channel_info(&self, channel: &str) -> Result<Channel, SlackError> {
        let form = Form::new()
            .text("channel", channel)
            .text("include_num_members", "true");
        let answer = self.call(Method::ConversationsInfo, form).await?;
        let channel = answer.root.get("channel").and_then(Channel::read);
        channel.ok_or_else(Answer::lacking)
    }

    /// The channels of a workspace that the token sees.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn channels(&self, listing: &Listing) -> Result<Page<Channel>, SlackError> {
        let answer = self
            .call(Method::ConversationsList, listing.channels())
            .await?;
        page_of(&answer)
    }

    /// The channels that whoever calls is in.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn my_channels(&self, listing: &Listing) -> Result<Page<Channel>, SlackError> {
        let answer = self
            .call(Method::UsersConversations, listing.channels())
            .await?;
        page_of(&answer)
    }

    /// The ids of those who are in a channel. Of `listing` only cursor and limit count.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn members(
        &self,
        channel: &str,
        listing: &Listing,
    ) -> Result<Page<String>, SlackError> {
        let form = Form::new()
            .text("channel", channel)
            .text("limit", listing.limit.to_string())
            .maybe("cursor", listing.cursor.as_deref());
        let answer = self.call(Method::ConversationsMembers, form).await?;
        Ok(Page {
            items: texts(&answer.root, "members"),
            next_cursor: answer.next_cursor()?,
        })
    }
}

fn page_of(answer: &Answer) -> Result<Page<Channel>, SlackError> {
    let channels: &[Value] = list(&answer.root, "channels");
    Ok(Page {
        items: channels.iter().filter_map(Channel::read).collect(),
        next_cursor: answer.next_cursor()?,
    })
}
