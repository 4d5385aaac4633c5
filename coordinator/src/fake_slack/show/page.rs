//! What the page shows to one person.
//!
//! **Invariant:** a person sees what they would see in Slack: their channels, their direct messages, and what
//! was whispered to them.

use serde_json::{Value, json};

use crate::fake_slack::model::{Conversation, Kind, Transport, World};

/// Messages of a conversation that are shown.
const SHOWN: usize = 200;

impl World {
    /// All that the page needs to draw itself for somebody; for the first person, if that is nobody.
    pub(in crate::fake_slack) fn page_state(&self, user: &str) -> Value {
        let people = || self.users.values().filter(|user| user.bot_id.is_none());
        let chosen = self.users.get(user).or_else(|| people().next());
        let me = chosen.map(|user| user.id.as_str()).unwrap_or_default();
        let team = chosen.map(|user| user.team.as_str()).unwrap_or_default();
        let workspace = self.workspaces.get(team).map(|team| team.name.as_str());
        let users: Vec<Value> = self
            .users
            .values()
            .map(|user| {
                json!({
                    "id": user.id, "name": user.name, "real_name": user.real_name,
                    "is_bot": user.bot_id.is_some(), "is_admin": user.rank.is_admin(),
                    "team": user.team,
                })
            })
            .collect();
        let here = self
            .conversations
            .values()
            .filter(|c| is_open_to(c, me, team));
        let conversations: Vec<Value> = here.map(|c| self.page_conversation(c, me)).collect();
        let views = self.views.iter().filter(|view| view.user == me);
        let views: Vec<Value> = views
            .map(|v| json!({ "id": v.id, "view": v.view }))
            .collect();
        json!({
            "version": self.version, "me": me, "workspace": workspace, "app": self.app.name,
            "connection": match &self.app.transport {
                Transport::Nowhere => "nowhere",
                Transport::Http(_) => "http",
                Transport::Socket => "socket",
            },
            "users": users, "conversations": conversations, "views": views,
        })
    }

    fn page_conversation(&self, conversation: &Conversation, me: &str) -> Value {
        let said = conversation.messages.values().filter(|m| m.is_there());
        let skipped = said.clone().count().saturating_sub(SHOWN);
        let mut messages: Vec<Value> = said
            .skip(skipped)
            .map(|message| self.show_message(&conversation.id, message))
            .collect();
        let whispers = conversation.ephemerals.iter().filter(|e| e.user == me);
        for ephemeral in whispers {
            let mut shown = self.show_message(&conversation.id, &ephemeral.message);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("whispered".to_owned(), json!(true));
            }
            messages.push(shown);
        }
        messages.sort_by_key(|message| {
            let ts = message.get("ts").and_then(Value::as_str);
            ts.unwrap_or_default().to_owned()
        });
        json!({
            "id": conversation.id, "name": conversation.name,
            "kind": conversation.kind.channel_type(), "members": conversation.members,
            "archived": conversation.archived, "external": self.is_shared(&conversation.id),
            "is_member": conversation.members.contains(me), "messages": messages,
        })
    }
}

fn is_open_to(conversation: &Conversation, user: &str, team: &str) -> bool {
    let open = conversation.kind == Kind::Public && conversation.team == team;
    open || conversation.members.contains(user)
}
