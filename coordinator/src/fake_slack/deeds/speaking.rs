//! What people say, of any shape.

use serde_json::Value;

use super::messages::Change;
use super::typed::{rich_text, source_of};
use crate::fake_slack::model::{Message, World};
use crate::fake_slack::refusal::Outcome;

/// A message to be, of any shape. `text` is taken as Slack keeps it.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Who says it: a person, or the user of a bot.
    pub user: String,
    /// Where.
    pub channel: String,
    /// mrkdwn.
    pub text: String,
    /// Block Kit.
    pub blocks: Vec<Value>,
    /// What hangs below it.
    pub attachments: Vec<Value>,
    /// Ids of files.
    pub files: Vec<String>,
    /// The thread.
    pub thread_ts: Option<String>,
    /// `me_message`, `bot_message`, `file_share`, …
    pub subtype: Option<String>,
    /// For programs.
    pub metadata: Option<Value>,
}

impl Draft {
    /// What a client sends for what a person typed.
    pub fn typed(user: &str, channel: &str, text: &str) -> Self {
        let source = source_of(text);
        let blocks = if source.is_empty() {
            Vec::new()
        } else {
            vec![rich_text(&source)]
        };
        Self {
            user: user.to_owned(),
            channel: channel.to_owned(),
            text: source,
            blocks,
            ..Self::default()
        }
    }

    /// The same, in a thread.
    #[must_use]
    pub fn in_thread(mut self, root: &str) -> Self {
        self.thread_ts = Some(root.to_owned());
        self
    }

    /// The same, of another kind.
    #[must_use]
    pub fn of_subtype(mut self, subtype: &str) -> Self {
        self.subtype = Some(subtype.to_owned());
        self
    }

    /// The same, with a file.
    #[must_use]
    pub fn with_file(mut self, file: &str) -> Self {
        self.files.push(file.to_owned());
        self
    }
}

impl World {
    /// Posts a draft. Gives its timestamp.
    ///
    /// # Errors
    /// As [`World::post`] has them.
    pub(in crate::fake_slack) fn speak(&mut self, draft: Draft) -> Outcome<String> {
        let mut message = Message::new(self.author(&draft.user), &draft.text);
        let is_bot = message.author.bot.is_some();
        message.client_msg_id = (!is_bot).then(|| format!("msg-{}", self.secret(12)));
        message.blocks = draft.blocks;
        message.attachments = draft.attachments;
        message.files = draft.files;
        message.thread_ts = draft.thread_ts;
        message.subtype = draft.subtype;
        message.metadata = draft.metadata;
        self.post(&draft.channel, message)
    }

    /// Changes what a message says, as its author types it.
    ///
    /// # Errors
    /// As [`World::change`] has them.
    pub(in crate::fake_slack) fn retype(
        &mut self,
        channel: &str,
        ts: &str,
        text: &str,
    ) -> Outcome<()> {
        let source = source_of(text);
        let editor = self.message(channel, ts)?.author.user.clone();
        let blocks = Some(vec![rich_text(&source)]);
        let change = Change {
            text: Some(source),
            blocks,
            editor,
            ..Change::default()
        };
        self.change(channel, ts, change)
    }
}
