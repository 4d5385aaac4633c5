//! Conversations, as answers and events show them.

use serde_json::{Value, json};

use crate::fake_slack::deeds::Caller;
use crate::fake_slack::model::{Conversation, Kind, World};

impl World {
    /// A conversation, as a caller sees it.
    pub(in crate::fake_slack) fn show_conversation(
        &self,
        conversation: &Conversation,
        caller: Option<&Caller>,
    ) -> Value {
        let user = caller
            .map(|caller| caller.user.as_str())
            .unwrap_or_default();
        let is_member = conversation.members.contains(user);
        if conversation.kind == Kind::Im {
            let other = conversation.members.iter().find(|member| *member != user);
            return json!({
                "id": conversation.id, "created": conversation.created, "is_im": true,
                "is_org_shared": false, "user": other, "is_user_deleted": false, "priority": 0,
                "is_archived": conversation.archived, "is_open": true,
                "context_team_id": conversation.team,
            });
        }
        let external = self.is_shared(&conversation.id);
        let shared = !conversation.shared_with.is_empty();
        let mut teams: Vec<&String> = conversation.shared_with.iter().collect();
        teams.insert(0, &conversation.team);
        let word = |text: &str| json!({ "value": text, "creator": "", "last_set": 0 });
        json!({
            "id": conversation.id, "name": conversation.name, "name_normalized": conversation.name,
            "is_channel": conversation.kind == Kind::Public,
            "is_group": conversation.kind == Kind::Private, "is_im": false,
            "is_mpim": conversation.kind == Kind::Mpim,
            "is_private": conversation.kind != Kind::Public,
            "created": conversation.created, "creator": conversation.creator,
            "is_archived": conversation.archived, "is_general": conversation.name == "general",
            "unlinked": 0, "is_shared": shared, "is_org_shared": shared && !external,
            "is_ext_shared": external, "is_pending_ext_shared": false, "pending_shared": [],
            "shared_team_ids": teams, "internal_team_ids": [], "pending_connected_team_ids": [],
            "context_team_id": conversation.team, "updated": conversation.created * 1_000,
            "parent_conversation": null, "is_member": is_member,
            "topic": word(&conversation.topic), "purpose": word(""), "previous_names": [],
            "num_members": conversation.members.len(),
        })
    }
}
