//! The events of each deed.
//!
//! **Invariant:** an event about a conversation goes only to installations that see it.

use serde_json::{Value, json};

use super::envelope::Audience;
use crate::fake_slack::model::{Install, Message, World};

impl World {
    /// A message was posted.
    pub(in crate::fake_slack) fn tell_message(&mut self, channel: &str, ts: &str) {
        let Some(mut event) = self.shown(channel, ts) else {
            return;
        };
        let root = self.root_of(channel, ts);
        if let Some(event) = event.as_object_mut() {
            event.insert("event_ts".to_owned(), json!(ts));
            if let (Some(root), Some("thread_broadcast")) =
                (root, event.get("subtype").and_then(Value::as_str))
            {
                event.insert("root".to_owned(), root);
            }
        }
        self.tell_in(channel, event);
    }

    /// A message is not what it was.
    pub(in crate::fake_slack) fn tell_changed(
        &mut self,
        channel: &str,
        ts: &str,
        before: &Message,
    ) {
        let before = self.show_message(channel, before);
        self.tell_changed_from(channel, ts, &before);
    }

    /// A message is not what it was, which was shown so.
    pub(in crate::fake_slack) fn tell_changed_from(
        &mut self,
        channel: &str,
        ts: &str,
        before: &Value,
    ) {
        let Some(message) = self.shown(channel, ts) else {
            return;
        };
        let moment = self.next_ts();
        self.tell_in(
            channel,
            json!({
                "type": "message", "subtype": "message_changed", "hidden": true,
                "message": message, "previous_message": before, "ts": moment, "event_ts": moment,
            }),
        );
    }

    /// A message is gone.
    pub(in crate::fake_slack) fn tell_deleted(&mut self, channel: &str, before: &Message) {
        let previous = self.show_message(channel, before);
        let moment = self.next_ts();
        self.tell_in(
            channel,
            json!({
                "type": "message", "subtype": "message_deleted", "hidden": true,
                "deleted_ts": before.ts, "previous_message": previous,
                "ts": moment, "event_ts": moment,
            }),
        );
    }

    /// A file is to be seen in a conversation.
    pub(in crate::fake_slack) fn tell_file_shared(&mut self, id: &str, channel: &str, user: &str) {
        let event = json!({
            "type": "file_shared", "file_id": id, "user_id": user, "file": { "id": id },
            "channel_id": channel, "event_ts": self.next_ts(),
        });
        self.tell(&event, Audience::Conversation(channel, "files:read"));
    }

    /// Something about a file changed: `file_created`, `file_change` or `file_public`.
    pub(in crate::fake_slack) fn tell_file(&mut self, id: &str, kind: &str) {
        let Some(user) = self.files.get(id).map(|file| file.user.clone()) else {
            return;
        };
        let event = json!({
            "type": kind, "file_id": id, "user_id": user, "file": { "id": id },
            "event_ts": self.next_ts(),
        });
        self.tell(&event, Audience::File(id));
    }

    /// A file goes. Must be told while it is there, so that it is known who saw it.
    pub(in crate::fake_slack) fn tell_file_deleted(&mut self, id: &str) {
        let Some(file) = self.files.get(id) else {
            return;
        };
        let mut channels: Vec<String> = file.shares.iter().map(|s| s.channel.clone()).collect();
        channels.dedup();
        let event = json!({
            "type": "file_deleted", "file_id": id, "channel_ids": channels,
            "event_ts": self.next_ts(),
        });
        self.tell(&event, Audience::File(id));
    }

    /// Something about a channel changed: `channel_created` or `channel_archive`.
    pub(in crate::fake_slack) fn tell_channel(&mut self, id: &str, kind: &str) {
        let Some(conversation) = self.conversations.get(id) else {
            return;
        };
        let team = conversation.team.clone();
        let channel = if kind == "channel_created" {
            self.show_conversation(conversation, None)
        } else {
            json!(id)
        };
        let user = conversation.creator.clone();
        let event = json!({
            "type": kind, "channel": channel, "user": user, "event_ts": self.next_ts(),
        });
        self.tell(&event, Audience::Workspace(&team, "channels:read"));
    }

    /// Somebody came in.
    pub(in crate::fake_slack) fn tell_member(
        &mut self,
        channel: &str,
        user: &str,
        inviter: Option<&str>,
    ) {
        let mut event = self.membership("member_joined_channel", channel, user);
        if let (Some(inviter), Some(event)) = (inviter, event.as_object_mut()) {
            event.insert("inviter".to_owned(), json!(inviter));
        }
        self.tell_of_members(channel, &event);
    }

    /// Somebody goes out. Must be told while they are in.
    pub(in crate::fake_slack) fn tell_left(&mut self, channel: &str, user: &str) {
        let event = self.membership("member_left_channel", channel, user);
        self.tell_of_members(channel, &event);
    }

    /// Something happened to installations: they are told, with all of them that it touches.
    pub(in crate::fake_slack) fn tell_installs(
        &mut self,
        event: &Value,
        touched: impl Fn(&Install) -> bool,
    ) {
        let installs: Vec<Install> = self
            .app
            .installs
            .iter()
            .filter(|i| touched(i))
            .cloned()
            .collect();
        for install in installs {
            let mut event = event.clone();
            if let Some(event) = event.as_object_mut() {
                event.insert("event_ts".to_owned(), json!(self.next_ts()));
            }
            self.tell(&event, Audience::Install(&install));
        }
    }

    fn membership(&mut self, kind: &str, channel: &str, user: &str) -> Value {
        let letter = channel.chars().next().unwrap_or('C').to_string();
        let team = self.conversations.get(channel).map(|c| c.team.clone());
        json!({
            "type": kind, "user": user, "channel": channel, "channel_type": letter,
            "team": team, "event_ts": self.next_ts(),
        })
    }

    fn tell_of_members(&mut self, channel: &str, event: &Value) {
        let Some(scope) = self.conversations.get(channel).map(|c| c.kind.read_scope()) else {
            return;
        };
        self.tell(event, Audience::Conversation(channel, scope));
    }

    /// Tells a message event: adds where it was.
    fn tell_in(&mut self, channel: &str, mut event: Value) {
        let Some(kind) = self
            .conversations
            .get(channel)
            .map(|conversation| conversation.kind)
        else {
            return;
        };
        if let Some(event) = event.as_object_mut() {
            event.insert("channel".to_owned(), json!(channel));
            event.insert("channel_type".to_owned(), json!(kind.channel_type()));
        }
        self.tell(
            &event,
            Audience::Conversation(channel, kind.history_scope()),
        );
    }

    fn root_of(&self, channel: &str, ts: &str) -> Option<Value> {
        let message = self.conversations.get(channel)?.message(ts)?;
        self.shown(channel, message.thread_ts.as_ref()?)
    }
}
