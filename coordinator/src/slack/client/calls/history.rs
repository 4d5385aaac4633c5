//! What was said in a channel or a thread.
//!
//! **Invariant:** timestamps stay the texts that Slack gave: as numbers they would lose their last digits and
//! name another message.

use std::fmt;

use serde_json::Value;
use shared::content::Gap;

use crate::slack::client::Session;
use crate::slack::client::answer::Answer;
use crate::slack::client::error::SlackError;
use crate::slack::client::form::Form;
use crate::slack::client::method::Method;
use crate::slack::client::read::{flag, list};

/// As many as come quickly.
const LIMIT: u16 = 200;

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// After this timestamp.
    pub oldest: Option<String>,
    /// Before this timestamp.
    pub latest: Option<String>,
    /// Where to go on: what the page before said.
    pub cursor: Option<String>,
    /// How many at most; fewer come although more follow.
    pub limit: u16,
}

/// Messages, as Slack tells them; in a channel the newest first, in a thread the oldest.
#[derive(Clone, PartialEq)]
pub struct HistoryPage {
    /// The messages.
    pub messages: Vec<Value>,
    /// Where to go on; none at the end.
    pub next_cursor: Option<String>,
    /// Whether Slack has more.
    pub has_more: bool,
    /// What of the messages was too much to read.
    pub gaps: Vec<Gap>,
}

impl Default for Range {
    fn default() -> Self {
        Self {
            oldest: None,
            latest: None,
            cursor: None,
            limit: LIMIT,
        }
    }
}

impl Session<'_> {
    /// Messages of a channel, with the parents of threads and without their replies.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn history(&self, channel: &str, range: &Range) -> Result<HistoryPage, SlackError> {
        let form = range.within(Form::new().text("channel", channel));
        let answer = self.call(Method::ConversationsHistory, form).await?;
        HistoryPage::read(answer)
    }

    /// A thread, its parent first.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn replies(
        &self,
        channel: &str,
        thread_ts: &str,
        range: &Range,
    ) -> Result<HistoryPage, SlackError> {
        let form = Form::new().text("channel", channel).text("ts", thread_ts);
        let answer = self
            .call(Method::ConversationsReplies, range.within(form))
            .await?;
        HistoryPage::read(answer)
    }
}

impl Range {
    fn within(&self, form: Form) -> Form {
        form.text("limit", self.limit.to_string())
            .text("include_all_metadata", "true")
            .maybe("oldest", self.oldest.as_deref())
            .maybe("latest", self.latest.as_deref())
            .maybe("cursor", self.cursor.as_deref())
    }
}

impl HistoryPage {
    fn read(mut answer: Answer) -> Result<Self, SlackError> {
        let next_cursor = answer.next_cursor()?;
        let has_more = flag(&answer.root, "has_more");
        let messages = match answer.root.get_mut("messages").map(Value::take) {
            Some(Value::Array(messages)) => messages,
            _ => list(&answer.root, "messages").to_vec(),
        };
        Ok(Self {
            messages,
            next_cursor,
            has_more,
            gaps: answer.gaps,
        })
    }
}

impl fmt::Debug for HistoryPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryPage")
            .field("messages", &self.messages.len())
            .field("has_more", &self.has_more)
            .finish_non_exhaustive()
    }
}
