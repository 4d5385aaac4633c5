//! Taking a message away: the ways there are, and which of them to try.
//!
//! Owns their order, and when one is not worth trying. Leaves carrying them out to `enforcement`.
//! **Invariant:** telling people comes last and is always there: a policy that blocks never does nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::capability::{Ability, Capabilities};

/// A way to block a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The Discovery API hides its text until it is restored.
    DiscoveryTombstone,
    /// An admin's token deletes it; a sealed copy is kept.
    AdminDelete,
    /// It stays; author and reviewers are told.
    NotifyOnly,
}

/// A way that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Which way.
    pub strategy: Strategy,
    /// Slack's word for why not, or ours if Slack was not asked.
    pub code: String,
}

/// What matters of where a message stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spot<'a> {
    /// Slack's word for the kind of channel.
    pub channel_type: Option<&'a str>,
    /// The workspace that the author belongs to, if it is told.
    pub author_team: Option<&'a str>,
    /// The ids that are ours: the workspace, and the organisation.
    pub ours: [Option<&'a str>; 2],
    /// Whether people of other organisations read it.
    pub external: bool,
}

/// What to do about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to try, in order; the last one is [`Strategy::NotifyOnly`].
    pub strategies: Vec<Strategy>,
    /// What is not worth trying, and why.
    pub ruled_out: Vec<Tried>,
}

impl Strategy {
    /// Every way, the best first.
    pub const ALL: [Self; 3] = [
        Self::DiscoveryTombstone,
        Self::AdminDelete,
        Self::NotifyOnly,
    ];

    /// The word, as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiscoveryTombstone => "discovery_tombstone",
            Self::AdminDelete => "admin_delete",
            Self::NotifyOnly => "notify_only",
        }
    }

    /// The number, as stored.
    pub const fn as_number(self) -> i16 {
        match self {
            Self::DiscoveryTombstone => 1,
            Self::AdminDelete => 2,
            Self::NotifyOnly => 3,
        }
    }

    /// The way with that number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_number() == number)
    }

    /// Whether the message is away afterwards.
    pub const fn takes_away(self) -> bool {
        !matches!(self, Self::NotifyOnly)
    }

    /// Why there is no use in trying it there, in a word.
    fn hopeless(self, capabilities: &Capabilities, spot: &Spot<'_>) -> Option<&'static str> {
        match self {
            Self::DiscoveryTombstone => {
                (!capabilities.allow(Ability::TombstoneMessages)).then_some("not_granted")
            }
            Self::AdminDelete if !capabilities.allow(Ability::DeleteMessages) => {
                Some("not_granted")
            }
            // Nobody's token deletes in a conversation that its owner is not in.
            Self::AdminDelete if matches!(spot.channel_type, Some("im" | "mpim")) => {
                Some("direct_message")
            }
            Self::AdminDelete if spot.is_of_strangers() => Some("external_author"),
            Self::AdminDelete | Self::NotifyOnly => None,
        }
    }
}

impl Spot<'_> {
    /// Whether the author is of another organisation, whose messages are not ours to delete.
    fn is_of_strangers(&self) -> bool {
        let theirs = self.author_team.filter(|_| self.external);
        theirs.is_some_and(|team| !self.ours.contains(&Some(team)))
    }
}

impl Plan {
    /// What to try on a message.
    pub fn of(capabilities: &Capabilities, spot: &Spot<'_>) -> Self {
        let mut plan = Self {
            strategies: Vec::new(),
            ruled_out: Vec::new(),
        };
        for strategy in Strategy::ALL {
            match strategy.hopeless(capabilities, spot) {
                None => plan.strategies.push(strategy),
                Some(code) => plan.ruled_out.push(Tried {
                    strategy,
                    code: code.to_owned(),
                }),
            }
        }
        plan
    }
}

/// For how long a message could be read; clocks of two companies never agree, so it is never less than nothing.
pub fn exposure(said_at: DateTime<Utc>, held_at: DateTime<Utc>) -> Duration {
    (held_at - said_at).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::capability::Standing;
    use super::*;

    fn admin() -> Capabilities {
        Capabilities {
            admin_scopes: vec!["chat:write".to_owned()],
            admin: Standing::Admin,
            ..Capabilities::default()
        }
    }

    fn discovery() -> Capabilities {
        let mut capabilities = admin();
        capabilities.admin_scopes.push("discovery:write".to_owned());
        capabilities
    }

    fn codes(plan: &Plan) -> Vec<(Strategy, &str)> {
        let of = |tried: &'_ Tried| tried.strategy;
        plan.ruled_out
            .iter()
            .map(|tried| (of(tried), tried.code.as_str()))
            .collect()
    }

    #[test]
    fn the_best_way_that_is_granted_comes_first_and_telling_last() {
        let spot = Spot::default();
        assert_eq!(Plan::of(&discovery(), &spot).strategies, Strategy::ALL);
        assert_eq!(
            Plan::of(&admin(), &spot).strategies,
            [Strategy::AdminDelete, Strategy::NotifyOnly]
        );
        let nothing = Plan::of(&Capabilities::default(), &spot);
        assert_eq!(nothing.strategies, [Strategy::NotifyOnly]);
        assert_eq!(
            codes(&nothing),
            [
                (Strategy::DiscoveryTombstone, "not_granted"),
                (Strategy::AdminDelete, "not_granted")
            ]
        );
    }

    #[test]
    fn nobody_deletes_in_the_direct_messages_of_others() {
        for channel_type in ["im", "mpim"] {
            let spot = Spot {
                channel_type: Some(channel_type),
                ..Spot::default()
            };
            let plan = Plan::of(&discovery(), &spot);
            assert_eq!(
                plan.strategies,
                [Strategy::DiscoveryTombstone, Strategy::NotifyOnly]
            );
            assert_eq!(codes(&plan), [(Strategy::AdminDelete, "direct_message")]);
        }
    }

    #[test]
    fn the_messages_of_another_organisation_are_not_ours_to_delete() {
        let spot = |author| Spot {
            author_team: Some(author),
            ours: [Some("T1"), None],
            external: true,
            ..Spot::default()
        };
        assert_eq!(
            codes(&Plan::of(&admin(), &spot("T9"))).last(),
            Some(&(Strategy::AdminDelete, "external_author"))
        );
        let own = Plan::of(&admin(), &spot("T1"));
        assert!(own.strategies.contains(&Strategy::AdminDelete));
    }

    #[test]
    fn exposure_is_never_less_than_nothing() {
        let now = DateTime::UNIX_EPOCH;
        let second = TimeDelta::milliseconds(1_800);
        assert_eq!(exposure(now, now + second), Duration::from_millis(1_800));
        assert_eq!(exposure(now + second, now), Duration::ZERO);
    }
}
