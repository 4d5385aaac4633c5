//! What the tokens of an installation allow.
//!
//! Owns which scope and which role each deed needs. Leaves asking Slack for both to `installations`.
//! **Invariant:** what is not known to be allowed is not promised.

use serde::{Deserialize, Serialize};

/// What somebody is in their workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is nobody.
    #[default]
    Nobody,
    /// They work there.
    Member,
    /// They run the workspace: an admin, or an owner.
    Admin,
}

/// What Slack said that the tokens may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The scopes of the bot's token.
    #[serde(default)]
    pub bot_scopes: Vec<String>,
    /// The scopes of the admin's token.
    #[serde(default)]
    pub admin_scopes: Vec<String>,
    /// What the person behind the admin's token is.
    #[serde(default)]
    pub admin: Standing,
}

/// What Weir may have to do in Slack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// See the messages of channels.
    ReadMessages,
    /// Fetch files.
    ReadFiles,
    /// Hide a message until it is restored.
    TombstoneMessages,
    /// Delete anybody's message.
    DeleteMessages,
    /// Delete anybody's file.
    DeleteFiles,
    /// Post notices and cards.
    Post,
    /// Write to an author.
    TellAuthors,
    /// Know which Weir account a person in Slack has.
    KnowPeople,
    /// Enter public channels by itself.
    JoinChannels,
}

/// What keeps an installation from doing something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "lacks", rename_all = "snake_case")]
pub enum Lack {
    /// A scope of the bot's token.
    BotScope {
        /// Which.
        scope: &'static str,
    },
    /// A token of an admin.
    AdminToken,
    /// A scope of the admin's token.
    AdminScope {
        /// Which.
        scope: &'static str,
    },
    /// The admin's token is of somebody who is no admin.
    AdminRole,
}

/// Whose token does it.
enum By {
    Bot,
    /// An admin of the workspace.
    Admin,
    /// Whoever Slack let have the scope: it gives it to organisations only.
    Granted,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 9] = [
        Self::ReadMessages,
        Self::ReadFiles,
        Self::TombstoneMessages,
        Self::DeleteMessages,
        Self::DeleteFiles,
        Self::Post,
        Self::TellAuthors,
        Self::KnowPeople,
        Self::JoinChannels,
    ];

    /// The word, as shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadMessages => "read_messages",
            Self::ReadFiles => "read_files",
            Self::TombstoneMessages => "tombstone_messages",
            Self::DeleteMessages => "delete_messages",
            Self::DeleteFiles => "delete_files",
            Self::Post => "post",
            Self::TellAuthors => "tell_authors",
            Self::KnowPeople => "know_people",
            Self::JoinChannels => "join_channels",
        }
    }

    /// # Source
    /// <https://docs.slack.dev/reference/scopes>
    const fn needs(self) -> (By, &'static [&'static str]) {
        match self {
            Self::ReadMessages => (By::Bot, &["channels:history"]),
            Self::ReadFiles => (By::Bot, &["files:read"]),
            Self::TombstoneMessages => (By::Granted, &["discovery:write"]),
            Self::DeleteMessages => (By::Admin, &["chat:write"]),
            Self::DeleteFiles => (By::Admin, &["files:write"]),
            Self::Post => (By::Bot, &["chat:write"]),
            Self::TellAuthors => (By::Bot, &["chat:write", "im:write"]),
            Self::KnowPeople => (By::Bot, &["users:read", "users:read.email"]),
            Self::JoinChannels => (By::Bot, &["channels:join"]),
        }
    }
}

impl Capabilities {
    /// Whether it can be done; if not, the first thing that is lacking.
    ///
    /// # Errors
    /// What is lacking.
    pub fn check(&self, ability: Ability) -> Result<(), Lack> {
        let (by, scopes) = ability.needs();
        let among = match by {
            By::Bot => &self.bot_scopes,
            By::Admin | By::Granted => &self.admin_scopes,
        };
        if !matches!(by, By::Bot) && self.admin == Standing::Nobody {
            return Err(Lack::AdminToken);
        }
        let missing = scopes
            .iter()
            .find(|scope| !among.iter().any(|granted| granted == *scope));
        match (missing, by) {
            (Some(scope), By::Bot) => Err(Lack::BotScope { scope }),
            (Some(scope), _) => Err(Lack::AdminScope { scope }),
            (None, By::Admin) if self.admin < Standing::Admin => Err(Lack::AdminRole),
            (None, _) => Ok(()),
        }
    }

    /// Whether it can be done.
    pub fn allow(&self, ability: Ability) -> bool {
        self.check(ability).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(bot: &[&str], admin: &[&str], standing: Standing) -> Capabilities {
        let owned = |scopes: &[&str]| scopes.iter().map(|&scope| scope.to_owned()).collect();
        Capabilities {
            bot_scopes: owned(bot),
            admin_scopes: owned(admin),
            admin: standing,
        }
    }

    #[test]
    fn only_an_admin_with_the_scope_deletes_what_others_wrote() {
        for (capabilities, expected) in [
            (
                granted(&["chat:write"], &[], Standing::Nobody),
                Err(Lack::AdminToken),
            ),
            (
                granted(&[], &["files:read"], Standing::Admin),
                Err(Lack::AdminScope {
                    scope: "chat:write",
                }),
            ),
            (
                granted(&[], &["chat:write"], Standing::Member),
                Err(Lack::AdminRole),
            ),
            (granted(&[], &["chat:write"], Standing::Admin), Ok(())),
        ] {
            assert_eq!(capabilities.check(Ability::DeleteMessages), expected);
        }
    }

    #[test]
    fn an_organisation_grants_tombstones_whoever_holds_the_token() {
        let discovery = granted(
            &[],
            &["discovery:read", "discovery:write"],
            Standing::Member,
        );
        assert!(discovery.allow(Ability::TombstoneMessages));
        assert!(!discovery.allow(Ability::DeleteMessages));
    }

    #[test]
    fn nothing_is_promised_without_tokens() {
        let nothing = Capabilities::default();
        for ability in Ability::ALL {
            assert!(!nothing.allow(ability), "{}", ability.as_str());
        }
    }

    #[test]
    fn the_lacking_scope_is_named() {
        let bot = granted(&["chat:write"], &[], Standing::Nobody);
        assert!(bot.allow(Ability::Post));
        assert_eq!(
            bot.check(Ability::TellAuthors),
            Err(Lack::BotScope { scope: "im:write" })
        );
        let told = serde_json::to_value(Lack::BotScope { scope: "im:write" }).unwrap();
        assert_eq!(
            told,
            serde_json::json!({"lacks": "bot_scope", "scope": "im:write"})
        );
    }
}
