//! The methods of the Web API: one table, one function each.
//!
//! Owns which token and scope a method takes, and how often it may be called. **Invariant:** the table is in
//! the order of names.

mod apps;
mod auth;
mod chat;
mod conversations;
mod discovery;
mod discovery_reading;
mod files;
mod history;
mod oauth;
mod paging;
mod users;
mod views;

use super::call::Request;
use crate::fake_slack::limits::Tier;
use crate::fake_slack::model::World;
use crate::fake_slack::refusal::Outcome;

/// A method.
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) tier: Tier,
    pub(super) accepts: Accepts,
    pub(super) body: Body,
    /// One of them is needed; none, if there is none.
    pub(super) scopes: &'static [&'static str],
    pub(super) run: fn(&mut World, &Request) -> Outcome,
}

/// Whose token a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Bots and people.
    Members,
    /// People.
    People,
    /// The app itself.
    Apps,
    /// No token at all.
    Anybody,
}

/// What a method reads as its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// A form, or JSON.
    Any,
    /// A form only: JSON is not looked at.
    Form,
}

const READ: &[&str] = &["channels:read", "groups:read", "im:read", "mpim:read"];
const HISTORY: &[&str] = &[
    "channels:history",
    "groups:history",
    "im:history",
    "mpim:history",
];
const OPEN: &[&str] = &["im:write", "mpim:write"];
const JOIN: &[&str] = &["channels:join", "channels:write"];

/// The method of a name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    let at = METHODS
        .binary_search_by_key(&name, |method| method.name)
        .ok()?;
    METHODS.get(at)
}

macro_rules! methods {
    ($($name:literal $tier:ident $accepts:ident $body:ident $scopes:expr => $run:path,)+) => {
        const METHODS: &[Method] = &[$(Method {
            name: $name,
            tier: Tier::$tier,
            accepts: Accepts::$accepts,
            body: Body::$body,
            scopes: $scopes,
            run: $run,
        }),+];
    };
}

methods! {
    "apps.connections.open" One Apps Any &["connections:write"] => apps::connections_open,
    "apps.event.authorizations.list" Special Apps Any &["authorizations:read"] => apps::authorizations,
    "auth.revoke" Three Members Form &[] => auth::revoke,
    "auth.teams.list" Two Members Form &[] => auth::teams_list,
    "auth.test" Special Members Any &[] => auth::test,
    "chat.delete" Three Members Any &["chat:write"] => chat::delete,
    "chat.getPermalink" Special Members Form &[] => chat::permalink,
    "chat.postEphemeral" Four Members Any &["chat:write"] => chat::post_ephemeral,
    "chat.postMessage" Posting Members Any &["chat:write"] => chat::post_message,
    "chat.update" Three Members Any &["chat:write"] => chat::update,
    "conversations.history" Three Members Any HISTORY => history::history,
    "conversations.info" Three Members Form READ => conversations::info,
    "conversations.join" Three Members Any JOIN => conversations::join,
    "conversations.list" Two Members Form READ => conversations::list,
    "conversations.members" Four Members Form READ => conversations::members,
    "conversations.open" Three Members Any OPEN => conversations::open,
    "conversations.replies" Three Members Form HISTORY => history::replies,
    "discovery.chat.delete" Special People Form &["discovery:write"] => discovery::chat_delete,
    "discovery.chat.info" Special People Form &["discovery:read"] => discovery_reading::chat_info,
    "discovery.chat.restore" Special People Form &["discovery:write"] => discovery::chat_restore,
    "discovery.chat.tombstone" Special People Form &["discovery:write"] => discovery::chat_tombstone,
    "discovery.chat.update" Special People Form &["discovery:write"] => discovery::chat_update,
    "discovery.conversations.history" Special People Form &["discovery:read"] => discovery_reading::history,
    "discovery.conversations.list" Special People Form &["discovery:read"] => discovery_reading::list,
    "discovery.conversations.recent" Special People Form &["discovery:read"] => discovery_reading::recent,
    "discovery.enterprise.info" Special People Form &["discovery:read"] => discovery_reading::enterprise,
    "discovery.file.delete" Special People Form &["discovery:write"] => discovery::file_delete,
    "discovery.file.info" Special People Form &["discovery:read"] => discovery_reading::file_info,
    "discovery.file.restore" Special People Form &["discovery:write"] => discovery::file_restore,
    "discovery.file.tombstone" Special People Form &["discovery:write"] => discovery::file_tombstone,
    "files.completeUploadExternal" Four Members Any &["files:write"] => files::complete_upload,
    "files.delete" Three Members Any &["files:write"] => files::delete,
    "files.getUploadURLExternal" Four Members Form &["files:write"] => files::upload_url,
    "files.info" Four Members Form &["files:read"] => files::info,
    "files.list" Three Members Form &["files:read"] => files::list,
    "files.revokePublicURL" Three Members Any &["files:write"] => files::revoke_public,
    "files.sharedPublicURL" Three People Any &["files:write"] => files::share_public,
    "oauth.v2.access" Special Anybody Form &[] => oauth::access,
    "oauth.v2.exchange" Special Anybody Form &[] => oauth::exchange,
    "team.info" Three Members Form &["team:read"] => auth::team_info,
    "users.conversations" Three Members Form READ => conversations::of_user,
    "users.info" Four Members Form &["users:read"] => users::info,
    "users.list" Two Members Form &["users:read"] => users::list,
    "users.lookupByEmail" Three Members Form &["users:read.email"] => users::lookup,
    "views.open" Four Members Any &[] => views::open,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_name() {
        for method in METHODS {
            assert!(find(method.name).is_some(), "{}", method.name);
        }
        assert!(find("chat.unheardOf").is_none());
    }
}
