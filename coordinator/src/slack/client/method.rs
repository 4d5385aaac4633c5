//! The methods that are called, and how often each may be.
//!
//! Owns the one table of names, tiers and urgency. Leaves keeping to it to `limits`.
//! **Invariant:** what takes a leak away is urgent: no list that is walked can make it wait.

use std::time::Duration;

/// How often Slack lets a method be called, in each workspace.
///
/// # Source
/// <https://docs.slack.dev/apis/web-api/rate-limits>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// About once a minute.
    One,
    /// Some 20 times a minute.
    Two,
    /// Some 50 times a minute.
    Three,
    /// Some 100 times a minute.
    Four,
    /// By rules of its own.
    Special,
}

/// Whether a method is paced before Slack asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// Sent at once, unless Slack asked to wait.
    Urgent,
    /// Called again and again to walk or look up many things: sent no faster than its tier.
    Bulk,
}

impl Tier {
    /// The time between two calls that can go on for ever, if the tier says one.
    pub const fn interval(self) -> Option<Duration> {
        match self {
            Self::One => Some(Duration::from_mins(1)),
            Self::Two => Some(Duration::from_secs(3)),
            Self::Three => Some(Duration::from_millis(1_200)),
            Self::Four => Some(Duration::from_millis(600)),
            Self::Special => None,
        }
    }

    /// How many calls may follow each other at once after a pause: few enough that a minute stays within
    /// the tier, give or take one in ten.
    pub const fn burst(self) -> u32 {
        match self {
            Self::One | Self::Special => 1,
            Self::Two => 2,
            Self::Three => 5,
            Self::Four => 10,
        }
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $tier:ident, $urgency:ident;)+) => {
        /// A method of the Web API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method {
            $($(#[$doc])* $variant,)+
        }

        impl Method {
            /// Every method.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name, as it stands in the URL.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// How often it may be called.
            pub const fn tier(self) -> Tier {
                match self { $(Self::$variant => Tier::$tier,)+ }
            }

            /// Whether it is paced.
            pub const fn urgency(self) -> Urgency {
                match self { $(Self::$variant => Urgency::$urgency,)+ }
            }
        }
    };
}

methods! {
    /// Opens a connection for Socket Mode.
    ConnectionsOpen = "apps.connections.open", Three, Urgent;
    /// Which workspaces an org-wide install reaches.
    AuthTeamsList = "auth.teams.list", Two, Bulk;
    /// Whose token it is.
    AuthTest = "auth.test", Special, Urgent;
    /// Deletes a message.
    ChatDelete = "chat.delete", Three, Urgent;
    /// The address of a message.
    ChatGetPermalink = "chat.getPermalink", Special, Urgent;
    /// Says something that only one person sees.
    ChatPostEphemeral = "chat.postEphemeral", Four, Urgent;
    /// Says something.
    ChatPostMessage = "chat.postMessage", Special, Urgent;
    /// Changes what we said.
    ChatUpdate = "chat.update", Three, Urgent;
    /// Messages of a channel.
    ConversationsHistory = "conversations.history", Three, Bulk;
    /// One channel.
    ConversationsInfo = "conversations.info", Three, Bulk;
    /// Enters a public channel.
    ConversationsJoin = "conversations.join", Three, Bulk;
    /// Channels of a workspace.
    ConversationsList = "conversations.list", Two, Bulk;
    /// Who is in a channel.
    ConversationsMembers = "conversations.members", Four, Bulk;
    /// Opens a direct message.
    ConversationsOpen = "conversations.open", Three, Urgent;
    /// A thread.
    ConversationsReplies = "conversations.replies", Three, Bulk;
    /// Takes a message for good.
    DiscoveryChatDelete = "discovery.chat.delete", Special, Urgent;
    /// What a message says now.
    DiscoveryChatInfo = "discovery.chat.info", Special, Urgent;
    /// Puts a message back.
    DiscoveryChatRestore = "discovery.chat.restore", Special, Urgent;
    /// Shows a notice in a message's place.
    DiscoveryChatTombstone = "discovery.chat.tombstone", Special, Urgent;
    /// The organisation and its workspaces.
    DiscoveryEnterpriseInfo = "discovery.enterprise.info", Special, Urgent;
    /// Takes a file for good.
    DiscoveryFileDelete = "discovery.file.delete", Special, Urgent;
    /// Puts a file back.
    DiscoveryFileRestore = "discovery.file.restore", Special, Urgent;
    /// Shows a notice in a file's place.
    DiscoveryFileTombstone = "discovery.file.tombstone", Special, Urgent;
    /// Shares files that were sent up.
    FilesCompleteUploadExternal = "files.completeUploadExternal", Four, Urgent;
    /// Deletes a file.
    FilesDelete = "files.delete", Three, Urgent;
    /// Where to send a file.
    FilesGetUploadUrlExternal = "files.getUploadURLExternal", Four, Urgent;
    /// One file.
    FilesInfo = "files.info", Four, Bulk;
    /// Ends a file's public address.
    FilesRevokePublicUrl = "files.revokePublicURL", Three, Urgent;
    /// Turns a code or a refresh token into tokens.
    OauthV2Access = "oauth.v2.access", Special, Urgent;
    /// One workspace.
    TeamInfo = "team.info", Three, Urgent;
    /// The channels that somebody is in.
    UsersConversations = "users.conversations", Three, Bulk;
    /// One person.
    UsersInfo = "users.info", Four, Bulk;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_leak_away_is_never_paced() {
        for method in [
            Method::ChatDelete,
            Method::FilesDelete,
            Method::FilesRevokePublicUrl,
            Method::DiscoveryChatTombstone,
            Method::DiscoveryFileTombstone,
            Method::ChatPostMessage,
            Method::ConversationsOpen,
        ] {
            assert_eq!(method.urgency(), Urgency::Urgent, "{}", method.name());
        }
    }

    #[test]
    fn names_are_all_different_and_fit_a_url() {
        let mut names: Vec<&str> = Method::ALL.iter().map(|method| method.name()).collect();
        let fits = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        assert!(names.iter().all(fits));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Method::ALL.len());
    }

    #[test]
    fn a_minute_of_calls_stays_near_the_tier() {
        for (tier, per_minute) in [(Tier::Two, 20), (Tier::Three, 50), (Tier::Four, 100)] {
            let interval = tier.interval().unwrap();
            let steady = Duration::from_mins(1).as_millis() / interval.as_millis();
            let most = steady + u128::from(tier.burst());
            assert!(most <= per_minute + per_minute / 10, "{tier:?}: {most}");
        }
    }
}
