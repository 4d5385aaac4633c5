//! Who sees and who may take away what.
//!
//! **Invariant:** what a caller does not see is answered as if it did not exist.

use std::collections::BTreeSet;

use crate::fake_slack::model::{
    Conversation, Kind, Message, Rank, StoredFile, Token, TokenKind, World,
};
use crate::fake_slack::refusal::{Outcome, Refusal};

/// Somebody who calls the Web API.
#[derive(Clone, Debug)]
pub(in crate::fake_slack) struct Caller {
    pub(in crate::fake_slack) kind: TokenKind,
    pub(in crate::fake_slack) app: String,
    /// Empty for the app itself.
    pub(in crate::fake_slack) user: String,
    pub(in crate::fake_slack) bot: Option<String>,
    pub(in crate::fake_slack) rank: Rank,
    /// None when org-wide.
    pub(in crate::fake_slack) team: Option<String>,
    pub(in crate::fake_slack) organisation: Option<String>,
    pub(in crate::fake_slack) scopes: BTreeSet<String>,
}

impl Caller {
    /// Whoever a token is for.
    pub(in crate::fake_slack) fn of(token: &Token, world: &World) -> Self {
        let user = token.user.clone().unwrap_or_default();
        let known = world.users.get(&user);
        Self {
            kind: token.kind,
            app: token.app.clone(),
            bot: known.and_then(|user| user.bot_id.clone()),
            rank: known.map(|user| user.rank).unwrap_or_default(),
            user,
            team: token.team.clone(),
            organisation: token.organisation.clone(),
            scopes: token.scopes.clone(),
        }
    }

    /// # Errors
    /// `missing_scope`, with what is needed.
    pub(in crate::fake_slack) fn needs(&self, scope: &str) -> Outcome<()> {
        self.needs_one_of(&[scope])
    }

    /// # Errors
    /// `missing_scope`, with what is needed.
    pub(in crate::fake_slack) fn needs_one_of(&self, scopes: &[&str]) -> Outcome<()> {
        if scopes.iter().any(|scope| self.scopes.contains(*scope)) {
            return Ok(());
        }
        let provided: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        Err(Refusal::of("missing_scope")
            .with("needed", scopes.join(",").into())
            .with("provided", provided.join(",").into()))
    }
}

impl World {
    /// Whether a caller's installation holds for a workspace.
    pub(in crate::fake_slack) fn reaches(&self, caller: &Caller, team: &str) -> bool {
        match &caller.team {
            Some(own) => own == team,
            None => {
                self.organisation_of(team) == caller.organisation.as_deref()
                    && self.app.installs.iter().any(|install| install.covers(team))
            }
        }
    }

    /// Whether a caller sees a conversation.
    pub(in crate::fake_slack) fn sees(&self, caller: &Caller, conversation: &Conversation) -> bool {
        let reached = self.reaches(caller, &conversation.team)
            || conversation
                .shared_with
                .iter()
                .any(|team| self.reaches(caller, team));
        reached
            && (conversation.kind == Kind::Public || conversation.members.contains(&caller.user))
    }

    /// A conversation that a caller sees.
    ///
    /// # Errors
    /// `channel_not_found`.
    pub(in crate::fake_slack) fn seen(&self, caller: &Caller, id: &str) -> Outcome<&Conversation> {
        let found = self.conversations.get(id);
        found
            .filter(|conversation| self.sees(caller, conversation))
            .ok_or_else(|| Refusal::of("channel_not_found"))
    }

    /// Whether a caller sees a file: it is theirs, or shared where they look.
    pub(in crate::fake_slack) fn sees_file(&self, caller: &Caller, file: &StoredFile) -> bool {
        let mut places = file.shares.iter();
        file.user == caller.user
            || places.any(|share| {
                let place = self.conversations.get(&share.channel);
                place.is_some_and(|place| self.sees(caller, place))
            })
    }

    /// # Errors
    /// `cant_delete_message`.
    pub(in crate::fake_slack) fn may_delete(
        &self,
        caller: &Caller,
        conversation: &Conversation,
        message: &Message,
    ) -> Outcome<()> {
        let admin = caller.kind == TokenKind::User
            && caller.rank.is_admin()
            && !conversation.kind.is_direct()
            && self.reaches(caller, &message.author.team);
        if admin || is_own(caller, message) {
            return Ok(());
        }
        Err(Refusal::of("cant_delete_message"))
    }

    /// # Errors
    /// `cant_update_message`.
    pub(in crate::fake_slack) fn may_update(caller: &Caller, message: &Message) -> Outcome<()> {
        if is_own(caller, message) {
            return Ok(());
        }
        Err(Refusal::of("cant_update_message"))
    }

    /// # Errors
    /// `cant_delete_file`.
    pub(in crate::fake_slack) fn may_delete_file(
        &self,
        caller: &Caller,
        file: &StoredFile,
    ) -> Outcome<()> {
        let admin = caller.kind == TokenKind::User
            && caller.rank.is_admin()
            && self.reaches(caller, &file.team);
        if admin || file.user == caller.user {
            return Ok(());
        }
        Err(Refusal::of("cant_delete_file"))
    }
}

/// A bot's messages are its own whoever installed it; a person's are not their bot's.
fn is_own(caller: &Caller, message: &Message) -> bool {
    match (&caller.bot, &message.author.bot) {
        (Some(caller), Some(author)) => caller == author,
        (None, None) => message.author.user.as_deref() == Some(&caller.user),
        _ => false,
    }
}
