//! Saying things, changing them, and taking them away.
//!
//! Owns what each of it does to a conversation and what is told of it. Leaves who may do so to `rights`, and
//! hiding to `hiding`.

use serde_json::{Value, json};

use crate::fake_slack::model::{
    Author, Conversation, Edited, Ephemeral, Message, Share, Visibility, World,
};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// What stands where the first message of a thread stood.
const TOMBSTONE: &str = "This message was deleted.";

/// What to change about a message. What is `None` stays.
#[derive(Clone, Debug, Default)]
pub(in crate::fake_slack) struct Change {
    pub(in crate::fake_slack) text: Option<String>,
    pub(in crate::fake_slack) blocks: Option<Vec<Value>>,
    pub(in crate::fake_slack) attachments: Option<Vec<Value>>,
    pub(in crate::fake_slack) metadata: Option<Value>,
    /// Who edits; nobody, if Slack itself adds a preview of a link.
    pub(in crate::fake_slack) editor: Option<String>,
}

impl World {
    /// The author that a user is.
    pub(in crate::fake_slack) fn author(&self, user: &str) -> Author {
        let known = self.users.get(user);
        Author {
            user: Some(user.to_owned()),
            bot: known.and_then(|user| user.bot_id.clone()),
            app: known.and_then(|user| user.app_id.clone()),
            team: known.map(|user| user.team.clone()).unwrap_or_default(),
        }
    }

    /// Puts a message into a conversation and tells of it. Gives its timestamp.
    ///
    /// # Errors
    /// `channel_not_found`, `is_archived`, `thread_not_found`.
    pub(in crate::fake_slack) fn post(
        &mut self,
        channel: &str,
        mut message: Message,
    ) -> Outcome<String> {
        self.may_be_said(channel, &message)?;
        message.ts = self.next_ts();
        self.name_blocks(&mut message.blocks);
        let ts = message.ts.clone();
        self.note_shares(channel, &message);
        let files = message.files.clone();
        let author = message.author.user.clone().unwrap_or_default();
        if let Some(conversation) = self.conversations.get_mut(channel) {
            conversation.messages.insert(ts.clone(), message);
        }
        self.tell_message(channel, &ts);
        for file in files {
            self.tell_file_shared(&file, channel, &author);
        }
        Ok(ts)
    }

    fn may_be_said(&self, channel: &str, message: &Message) -> Outcome<()> {
        let conversation = self.conversation(channel)?;
        if conversation.archived {
            return Err(Refusal::of("is_archived"));
        }
        match &message.thread_ts {
            Some(root) if conversation.message(root).is_none() => {
                Err(Refusal::of("thread_not_found"))
            }
            _ => Ok(()),
        }
    }

    /// Shows a message to one person only. Gives its timestamp.
    pub(in crate::fake_slack) fn whisper(
        &mut self,
        channel: &str,
        user: &str,
        mut message: Message,
    ) -> Outcome<String> {
        self.may_be_said(channel, &message)?;
        message.ts = self.next_ts();
        self.name_blocks(&mut message.blocks);
        let ts = message.ts.clone();
        let user = user.to_owned();
        if let Some(conversation) = self.conversations.get_mut(channel) {
            conversation.ephemerals.push(Ephemeral { user, message });
        }
        Ok(ts)
    }

    /// Changes a message and tells of it.
    ///
    /// # Errors
    /// `message_not_found`.
    pub(in crate::fake_slack) fn change(
        &mut self,
        channel: &str,
        ts: &str,
        mut change: Change,
    ) -> Outcome<()> {
        let before = self.message(channel, ts)?.clone();
        let moment = self.next_ts();
        if let Some(blocks) = &mut change.blocks {
            self.name_blocks(blocks);
        }
        let Some(message) = self.message_mut(channel, ts) else {
            return Err(Refusal::of("message_not_found"));
        };
        apply(message, change, moment);
        self.tell_changed(channel, ts, &before);
        Ok(())
    }

    /// Takes a message away and tells of it: for good, or, if others answered, but for a tombstone.
    ///
    /// # Errors
    /// `message_not_found`.
    pub(in crate::fake_slack) fn take_away(&mut self, channel: &str, ts: &str) -> Outcome<()> {
        let before = self.message(channel, ts)?.clone();
        if before.visibility == Visibility::Tombstone {
            return Err(Refusal::of("message_not_found"));
        }
        let conversation = self.conversation(channel)?;
        let answered = !before.is_reply() && conversation.thread(ts).any(|m| m.ts != ts);
        for file in &before.files {
            self.forget_share(file, channel, ts);
        }
        let left = if answered {
            before.replaced(Visibility::Tombstone, TOMBSTONE)
        } else {
            before.replaced(Visibility::Deleted, "")
        };
        if let Some(message) = self.message_mut(channel, ts) {
            *message = left;
        }
        if answered {
            self.tell_changed(channel, ts, &before);
        } else {
            self.tell_deleted(channel, &before);
        }
        Ok(())
    }

    /// # Errors
    /// `channel_not_found`.
    pub(in crate::fake_slack) fn conversation(&self, id: &str) -> Outcome<&Conversation> {
        let found = self.conversations.get(id);
        found.ok_or_else(|| Refusal::of("channel_not_found"))
    }

    /// # Errors
    /// `channel_not_found`, `message_not_found`.
    pub(in crate::fake_slack) fn message(&self, channel: &str, ts: &str) -> Outcome<&Message> {
        let found = self.conversation(channel)?.message(ts);
        found.ok_or_else(|| Refusal::of("message_not_found"))
    }

    pub(in crate::fake_slack) fn message_mut(
        &mut self,
        channel: &str,
        ts: &str,
    ) -> Option<&mut Message> {
        self.conversations.get_mut(channel)?.messages.get_mut(ts)
    }

    /// Blocks without a name get one, as Slack does it: clicks tell the name.
    fn name_blocks(&mut self, blocks: &mut [Value]) {
        for block in blocks.iter_mut().filter_map(Value::as_object_mut) {
            if !block.contains_key("block_id") {
                block.insert("block_id".to_owned(), json!(self.secret(5)));
            }
        }
    }

    fn note_shares(&mut self, channel: &str, message: &Message) {
        for id in &message.files {
            if let Some(file) = self.files.get_mut(id) {
                file.shares.insert(Share {
                    channel: channel.to_owned(),
                    ts: message.ts.clone(),
                });
            }
        }
    }

    fn forget_share(&mut self, file: &str, channel: &str, ts: &str) {
        if let Some(file) = self.files.get_mut(file) {
            file.shares
                .retain(|share| share.channel != channel || share.ts != ts);
        }
    }
}

fn apply(message: &mut Message, change: Change, moment: String) {
    if let Some(text) = change.text {
        message.text = text;
        // As with chat.update: a new text without blocks takes the old blocks away.
        message.blocks = change.blocks.unwrap_or_default();
    } else if let Some(blocks) = change.blocks {
        message.blocks = blocks;
    }
    if let Some(attachments) = change.attachments {
        message.attachments = attachments;
    }
    if change.metadata.is_some() {
        message.metadata = change.metadata;
    }
    if let Some(user) = change.editor {
        message.edited = Some(Edited { user, ts: moment });
    }
}
