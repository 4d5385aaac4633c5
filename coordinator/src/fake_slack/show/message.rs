//! Messages, as answers and events show them.

use serde_json::{Map, Value, json};

use crate::fake_slack::model::{Author, Conversation, Message, Visibility, World};

impl World {
    /// A message that is there, as answers show it.
    pub(in crate::fake_slack) fn shown(&self, channel: &str, ts: &str) -> Option<Value> {
        let message = self.conversations.get(channel)?.message(ts)?;
        Some(self.show_message(channel, message))
    }

    /// A message, as answers show it.
    pub(in crate::fake_slack) fn show_message(&self, channel: &str, message: &Message) -> Value {
        let mut shown = Map::new();
        shown.insert("type".to_owned(), json!("message"));
        match message.visibility {
            Visibility::Shown | Visibility::Deleted => self.content(channel, message, &mut shown),
            Visibility::Tombstone => {
                shown.insert("subtype".to_owned(), json!("tombstone"));
                shown.insert("user".to_owned(), json!("USLACKBOT"));
                shown.insert("hidden".to_owned(), json!(true));
            }
            Visibility::Hidden => {
                shown.insert("subtype".to_owned(), json!("dlp_tombstone"));
                self.author_of(&message.author, &mut shown);
            }
        }
        shown.insert("text".to_owned(), json!(message.text));
        shown.insert("ts".to_owned(), json!(message.ts));
        if let Some(conversation) = self.conversations.get(channel) {
            thread_of(conversation, message, &mut shown);
        }
        Value::Object(shown)
    }

    fn content(&self, channel: &str, message: &Message, shown: &mut Map<String, Value>) {
        self.author_of(&message.author, shown);
        for (key, value) in [
            ("subtype", &message.subtype),
            ("username", &message.username),
            ("client_msg_id", &message.client_msg_id),
        ] {
            if let Some(value) = value {
                shown.insert(key.to_owned(), json!(value));
            }
        }
        if message.subtype.as_deref() == Some("bot_message") {
            shown.remove("user");
        }
        for (key, list) in [
            ("blocks", &message.blocks),
            ("attachments", &message.attachments),
        ] {
            if !list.is_empty() {
                shown.insert(key.to_owned(), json!(list));
            }
        }
        if !message.files.is_empty() {
            let files = message
                .files
                .iter()
                .map(|id| self.show_file_in(channel, id));
            shown.insert("files".to_owned(), files.collect());
            shown.insert("upload".to_owned(), json!(false));
            shown.insert("display_as_bot".to_owned(), json!(false));
        }
        if let Some(edited) = &message.edited {
            let edited = json!({ "user": edited.user, "ts": edited.ts });
            shown.insert("edited".to_owned(), edited);
        }
        if let Some(metadata) = &message.metadata {
            shown.insert("metadata".to_owned(), metadata.clone());
        }
        if self.is_shared(channel) {
            shown.insert("user_team".to_owned(), json!(message.author.team));
            shown.insert("source_team".to_owned(), json!(message.author.team));
        }
    }

    fn author_of(&self, author: &Author, shown: &mut Map<String, Value>) {
        if let Some(user) = &author.user {
            shown.insert("user".to_owned(), json!(user));
        }
        shown.insert("team".to_owned(), json!(author.team));
        let Some(bot) = &author.bot else {
            return;
        };
        let user = author.user.as_ref().and_then(|user| self.users.get(user));
        let profile = json!({
            "id": bot, "app_id": author.app, "user_id": author.user, "deleted": false,
            "name": user.map(|user| &user.name), "updated": 1_700_000_000, "team_id": author.team,
            "icons": self.icons(),
        });
        shown.insert("bot_id".to_owned(), json!(bot));
        shown.insert("app_id".to_owned(), json!(author.app));
        shown.insert("bot_profile".to_owned(), profile);
    }

    fn icons(&self) -> Value {
        let icon = format!("{}/icon.png", self.origin);
        json!({ "image_36": icon, "image_48": icon, "image_72": icon })
    }

    /// Whether others than the owning company take part.
    pub(in crate::fake_slack) fn is_shared(&self, channel: &str) -> bool {
        self.conversations.get(channel).is_some_and(|conversation| {
            let mut others = conversation.shared_with.iter();
            others.any(|team| !self.same_company(team, &conversation.team))
        })
    }
}

/// What a message tells of the thread it is in, or of the one it began.
fn thread_of(conversation: &Conversation, message: &Message, shown: &mut Map<String, Value>) {
    if let Some(root) = message.thread_ts.as_ref().filter(|_| message.is_reply()) {
        let parent = conversation.messages.get(root);
        let parent = parent.and_then(|parent| parent.author.user.as_ref());
        shown.insert("thread_ts".to_owned(), json!(root));
        if let Some(parent) = parent {
            shown.insert("parent_user_id".to_owned(), json!(parent));
        }
        return;
    }
    let replies: Vec<&Message> = conversation
        .thread(&message.ts)
        .filter(|reply| reply.ts != message.ts)
        .collect();
    let Some(latest) = replies.last() else {
        return;
    };
    let mut users: Vec<&String> = replies
        .iter()
        .filter_map(|m| m.author.user.as_ref())
        .collect();
    users.sort_unstable();
    users.dedup();
    for (key, value) in [
        ("thread_ts", json!(message.ts)),
        ("reply_count", json!(replies.len())),
        ("reply_users", json!(users)),
        ("reply_users_count", json!(users.len())),
        ("latest_reply", json!(latest.ts)),
        ("is_locked", json!(false)),
        ("subscribed", json!(false)),
    ] {
        shown.insert(key.to_owned(), value);
    }
}
