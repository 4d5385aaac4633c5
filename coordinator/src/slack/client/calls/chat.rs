//! Saying things, changing and deleting them.
//!
//! **Invariant:** what Weir says unfolds no link and is not repeated into the channel from a thread.

use std::fmt;

use serde_json::{Value, json};
use url::Url;

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::text;

/// Something to say.
#[derive(Clone, Default)]
pub struct NewMessage {
    /// Where.
    pub channel: String,
    /// In which thread, if in one.
    pub thread_ts: Option<String>,
    /// What notifications and screen readers say, and all where there are no blocks.
    pub text: String,
    /// What it looks like.
    pub blocks: Vec<Value>,
    /// What our own programs know it again by.
    pub metadata: Option<Metadata>,
}

/// What programs read of a message and people do not see.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// What it is about.
    pub event_type: String,
    /// An object of plain values.
    pub payload: Value,
}

/// What was said, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Where; a direct message's channel for somebody's id.
    pub channel: String,
    /// Its timestamp, which is its id in the channel.
    pub ts: String,
}

impl Session<'_> {
    /// Says something.
    ///
    /// # Errors
    /// [`SlackError`]. Where it may have happened, saying it again says it twice.
    pub async fn post_message(&self, message: &NewMessage) -> Result<Posted, SlackError> {
        let form = message
            .said_in(Form::new())
            .maybe("thread_ts", message.thread_ts.as_deref())
            .text("reply_broadcast", "false")
            .text("unfurl_links", "false")
            .text("unfurl_media", "false");
        Posted::read(&self.call(Method::ChatPostMessage, form).await?, "ts")
    }

    /// Says something that only `user` sees, who must be in the channel. It lasts until they reload, and
    /// cannot be changed.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn post_ephemeral(
        &self,
        user: &str,
        message: &NewMessage,
    ) -> Result<Posted, SlackError> {
        let form = message
            .said_in(Form::new().text("user", user))
            .maybe("thread_ts", message.thread_ts.as_deref());
        let answer = self.call(Method::ChatPostEphemeral, form).await?;
        let ts = text(&answer.root, "message_ts").ok_or_else(Answer::lacking)?;
        let channel = message.channel.clone();
        Ok(Posted { channel, ts })
    }

    /// Says something else in place of what we said at `ts`.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn update_message(
        &self,
        ts: &str,
        message: &NewMessage,
    ) -> Result<Posted, SlackError> {
        let form = message.said_in(Form::new().text("ts", ts));
        Posted::read(&self.call(Method::ChatUpdate, form).await?, "ts")
    }

    /// Deletes a message: a bot its own, a person what they may delete in Slack.
    ///
    /// # Errors
    /// [`SlackError`]; that it is gone already is one whose meaning is so.
    pub async fn delete_message(&self, channel: &str, ts: &str) -> Result<(), SlackError> {
        let form = Form::new().text("channel", channel).text("ts", ts);
        self.call(Method::ChatDelete, form).await.map(drop)
    }

    /// Where people look at a message.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn permalink(&self, channel: &str, ts: &str) -> Result<Url, SlackError> {
        let form = Form::new().text("channel", channel).text("message_ts", ts);
        let answer = self.call(Method::ChatGetPermalink, form).await?;
        let url = text(&answer.root, "permalink").and_then(|url| url.parse().ok());
        url.ok_or_else(Answer::lacking)
    }
}

impl NewMessage {
    fn said_in(&self, form: Form) -> Form {
        let form = form.text("channel", &self.channel).text("text", &self.text);
        // Where there is text and no blocks, an update takes the blocks away.
        let form = match self.blocks.as_slice() {
            [] => form,
            blocks => form.json("blocks", &blocks),
        };
        match &self.metadata {
            Some(Metadata {
                event_type,
                payload,
            }) => form.json(
                "metadata",
                &json!({"event_type": event_type, "event_payload": payload}),
            ),
            None => form,
        }
    }
}

impl Posted {
    fn read(answer: &Answer, ts: &str) -> Result<Self, SlackError> {
        let channel = text(&answer.root, "channel");
        let ts = text(&answer.root, ts);
        let posted = channel.zip(ts).map(|(channel, ts)| Self { channel, ts });
        posted.ok_or_else(Answer::lacking)
    }
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMessage")
            .field("channel", &self.channel)
            .field("thread_ts", &self.thread_ts)
            .finish_non_exhaustive()
    }
}
