//! Opening, joining, leaving and closing conversations.

use std::collections::BTreeSet;

use crate::fake_slack::model::{Conversation, Kind, World};
use crate::fake_slack::refusal::{Outcome, Refusal};

impl World {
    /// Adds a conversation; tells of it if it is a channel for all.
    pub(in crate::fake_slack) fn add_conversation(&mut self, mut conversation: Conversation) {
        conversation.created = self.now().timestamp();
        if conversation.creator.is_empty() {
            let first = conversation.members.first().cloned();
            conversation.creator = first.unwrap_or_else(|| "USLACKBOT".to_owned());
        }
        let (id, kind) = (conversation.id.clone(), conversation.kind);
        self.conversations.insert(id.clone(), conversation);
        if kind == Kind::Public {
            self.tell_channel(&id, "channel_created");
        }
    }

    /// Lets somebody in.
    ///
    /// # Errors
    /// `channel_not_found`, `is_archived`.
    pub(in crate::fake_slack) fn join(
        &mut self,
        channel: &str,
        user: &str,
        inviter: Option<&str>,
    ) -> Outcome<()> {
        if self.conversation(channel)?.archived {
            return Err(Refusal::of("is_archived"));
        }
        let conversation = self.conversations.get_mut(channel);
        let fresh = conversation.is_some_and(|c| c.members.insert(user.to_owned()));
        if fresh {
            self.tell_member(channel, user, inviter);
        }
        Ok(())
    }

    /// Lets somebody out, and tells of it while they are in.
    ///
    /// # Errors
    /// `channel_not_found`.
    pub(in crate::fake_slack) fn leave(&mut self, channel: &str, user: &str) -> Outcome<()> {
        if self.conversation(channel)?.members.contains(user) {
            self.tell_left(channel, user);
        }
        if let Some(conversation) = self.conversations.get_mut(channel) {
            conversation.members.remove(user);
        }
        Ok(())
    }

    /// Archives a channel.
    ///
    /// # Errors
    /// `channel_not_found`, `already_archived`.
    pub(in crate::fake_slack) fn archive(&mut self, channel: &str) -> Outcome<()> {
        if self.conversation(channel)?.archived {
            return Err(Refusal::of("already_archived"));
        }
        if let Some(conversation) = self.conversations.get_mut(channel) {
            conversation.archived = true;
        }
        self.tell_channel(channel, "channel_archive");
        Ok(())
    }

    /// The direct conversation of exactly these, which is opened if there is none. Says whether it was there.
    pub(in crate::fake_slack) fn open_direct(
        &mut self,
        team: &str,
        members: BTreeSet<String>,
    ) -> (String, Found) {
        let mut all = self.conversations.values();
        let same = all.find(|c| c.kind.is_direct() && c.members == members);
        if let Some(found) = same {
            return (found.id.clone(), Found::Before);
        }
        let (prefix, kind) = if members.len() > 2 {
            ("G", Kind::Mpim)
        } else {
            ("D", Kind::Im)
        };
        let id = self.next_id(prefix);
        let name = if kind == Kind::Mpim {
            format!(
                "mpdm-{}",
                members.iter().cloned().collect::<Vec<_>>().join("--")
            )
        } else {
            String::new()
        };
        let mut conversation = Conversation::new(kind, &id, team, &name);
        conversation.members = members;
        self.add_conversation(conversation);
        (id, Found::Opened)
    }
}

/// Whether something was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fake_slack) enum Found {
    /// It was.
    Before,
    /// It is new.
    Opened,
}
