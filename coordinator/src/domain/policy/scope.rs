//! Where a policy holds: places, people, bots and audiences.
//!
//! Owns the lists of a scope and what it means to be in one. Leaves who belongs to a group to the snapshot.
//! **Invariant:** what is not known of a message is in no list: it passes every `exclude` and fails every
//! `include` that asks for it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use shared::ids::{PeopleGroupId, WorkspaceId};
use utoipa::ToSchema;

/// The word that stands for every bot.
pub const ANY_BOT: &str = "any";

/// Who belongs to which group: Slack's user ids.
pub type Members = HashMap<PeopleGroupId, HashSet<String>>;

/// Where a policy holds. Empty: everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Every list that is not empty must hold the message; all empty means everywhere.
    #[serde(default)]
    pub include: Places,
    /// No list may hold the message. Stronger than `include`.
    #[serde(default)]
    pub exclude: Places,
}

/// Places, people and audiences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Workspaces, by Slack's id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false, max_items = 500, example = json!(["T0001"]))]
    pub workspaces: Vec<WorkspaceId>,
    /// Kinds of conversations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 4)]
    pub channel_types: Vec<ChannelType>,
    /// Conversations, by Slack's id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 500, example = json!(["C123"]))]
    pub channels: Vec<String>,
    /// Authors, by Slack's id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 500, example = json!(["U123"]))]
    pub users: Vec<String>,
    /// Authors who belong to one of these groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<uuid::Uuid>, required = false, max_items = 500)]
    pub groups: Vec<PeopleGroupId>,
    /// Bots that wrote it, by Slack's id; `any` for every bot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 500, example = json!(["any"]))]
    pub bots: Vec<String>,
    /// Who reads it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 2)]
    pub audience: Vec<Audience>,
}

/// Kinds of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelType {
    /// Everybody of the workspace may join.
    Public,
    /// By invitation.
    Private,
    /// Two people.
    Dm,
    /// A few people.
    GroupDm,
}

/// Who reads a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The organisation's own people.
    Internal,
    /// People of other organisations, too.
    External,
}

/// Where a message stands, as far as policies care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// The channel, if it stands in one.
    pub channel: Option<String>,
    /// What kind of channel, if it is known.
    pub channel_type: Option<ChannelType>,
    /// The author, if there is one.
    pub user: Option<String>,
    /// The bot that wrote it, if one did.
    pub bot: Option<String>,
    /// Who reads it.
    pub audience: Audience,
}

impl ChannelType {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Public, Self::Private, Self::Dm, Self::GroupDm];

    /// The word, as written in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Dm => "dm",
            Self::GroupDm => "group_dm",
        }
    }

    /// The kind that Slack calls so in its events.
    ///
    /// # Source
    /// <https://docs.slack.dev/reference/events/message>: `channel`, `group`, `im`, `mpim`.
    pub fn of_slack(word: &str) -> Option<Self> {
        match word {
            "channel" => Some(Self::Public),
            "group" => Some(Self::Private),
            "im" => Some(Self::Dm),
            "mpim" => Some(Self::GroupDm),
            _ => None,
        }
    }

    /// Whether it is between certain people: nobody but its author can take a message away there.
    pub const fn is_direct(self) -> bool {
        matches!(self, Self::Dm | Self::GroupDm)
    }
}

impl Audience {
    /// Both audiences.
    pub const ALL: &'static [Self] = &[Self::Internal, Self::External];

    /// The word, as written in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
        }
    }
}

impl Scope {
    /// Whether a message that stands there is concerned.
    pub fn holds(&self, context: &Context, members: &Members) -> bool {
        let included = self.include.lists(context, members);
        let excluded = self.exclude.lists(context, members);
        included.into_iter().flatten().all(|held| held)
            && !excluded.into_iter().flatten().any(|held| held)
    }
}

impl Places {
    /// For each list that is not empty, whether it holds the message.
    fn lists(&self, context: &Context, members: &Members) -> [Option<bool>; 7] {
        let in_a_group = |user: &String| {
            let of = |group| members.get(group).is_some_and(|them| them.contains(user));
            self.groups.iter().any(of)
        };
        let is_listed_bot = |bot: &String| {
            let mut listed = self.bots.iter();
            listed.any(|one| one == bot || one == ANY_BOT)
        };
        let kind = context.channel_type;
        let audience = &context.audience;
        [
            asked(&self.workspaces, || {
                self.workspaces.contains(&context.workspace)
            }),
            asked(&self.channel_types, || {
                kind.is_some_and(|kind| self.channel_types.contains(&kind))
            }),
            asked(&self.channels, || {
                listed(&self.channels, context.channel.as_ref())
            }),
            asked(&self.users, || listed(&self.users, context.user.as_ref())),
            asked(&self.groups, || {
                context.user.as_ref().is_some_and(in_a_group)
            }),
            asked(&self.bots, || {
                context.bot.as_ref().is_some_and(is_listed_bot)
            }),
            asked(&self.audience, || self.audience.contains(audience)),
        ]
    }
}

fn asked<T>(list: &[T], holds: impl FnOnce() -> bool) -> Option<bool> {
    (!list.is_empty()).then(holds)
}

fn listed(list: &[String], id: Option<&String>) -> bool {
    id.is_some_and(|id| list.contains(id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn context() -> Context {
        Context {
            workspace: WorkspaceId::new("T1"),
            channel: Some("C1".to_owned()),
            channel_type: Some(ChannelType::Private),
            user: Some("U1".to_owned()),
            bot: None,
            audience: Audience::Internal,
        }
    }

    fn unknown() -> Context {
        Context {
            channel: None,
            channel_type: None,
            user: None,
            ..context()
        }
    }

    fn places(value: Value) -> Places {
        serde_json::from_value(value).unwrap()
    }

    fn includes(value: Value, context: &Context, members: &Members) -> bool {
        let scope = Scope {
            include: places(value),
            exclude: Places::default(),
        };
        scope.holds(context, members)
    }

    fn excludes(value: Value, context: &Context, members: &Members) -> bool {
        let scope = Scope {
            include: Places::default(),
            exclude: places(value),
        };
        !scope.holds(context, members)
    }

    /// A list that holds [`context`], and one that does not.
    fn lists() -> Vec<(Value, Value)> {
        vec![
            (json!({"workspaces": ["T1"]}), json!({"workspaces": ["T2"]})),
            (
                json!({"channel_types": ["dm", "private"]}),
                json!({"channel_types": ["public", "group_dm"]}),
            ),
            (
                json!({"channels": ["C9", "C1"]}),
                json!({"channels": ["c1"]}),
            ),
            (json!({"users": ["U1"]}), json!({"users": ["U2"]})),
            (
                json!({"audience": ["internal"]}),
                json!({"audience": ["external"]}),
            ),
        ]
    }

    #[test]
    fn every_kind_of_list_includes_and_excludes() {
        let none = Members::new();
        for (holding, other) in lists() {
            let at = holding.to_string();
            assert!(includes(holding.clone(), &context(), &none), "{at}");
            assert!(!includes(other.clone(), &context(), &none), "{at}");
            assert!(excludes(holding, &context(), &none), "{at}");
            assert!(!excludes(other, &context(), &none), "{at}");
        }
    }

    #[test]
    fn what_is_unknown_is_in_no_list() {
        let none = Members::new();
        for list in [
            json!({"channels": ["C1"]}),
            json!({"users": ["U1"]}),
            json!({"channel_types": ["public", "private", "dm", "group_dm"]}),
            json!({"bots": ["any"]}),
        ] {
            assert!(!includes(list.clone(), &unknown(), &none), "{list}");
            assert!(!excludes(list.clone(), &unknown(), &none), "{list}");
        }
    }

    #[test]
    fn every_include_list_must_hold() {
        let none = Members::new();
        let both = |user: &str| json!({"channels": ["C1"], "users": [user]});
        assert!(includes(both("U1"), &context(), &none));
        assert!(!includes(both("U2"), &context(), &none));
    }

    #[test]
    fn a_group_stands_for_its_members_as_they_are_now() {
        let group = PeopleGroupId::fresh();
        let list = json!({ "groups": [group] });
        let of = |user: &str| Members::from([(group, HashSet::from([user.to_owned()]))]);
        assert!(includes(list.clone(), &context(), &of("U1")));
        assert!(!includes(list.clone(), &context(), &of("U2")));
        assert!(!excludes(list, &context(), &Members::new()));
    }

    #[test]
    fn any_is_every_bot_and_no_person() {
        let none = Members::new();
        let by_bot = Context {
            bot: Some("B1".to_owned()),
            ..context()
        };
        for (list, holds) in [("any", true), ("B1", true), ("B2", false)] {
            let list = json!({ "bots": [list] });
            assert_eq!(includes(list.clone(), &by_bot, &none), holds, "{list}");
            assert!(!includes(list.clone(), &context(), &none), "{list}");
        }
    }

    #[test]
    fn slack_s_words_for_conversations_are_known() {
        for (word, kind) in [
            ("channel", "public"),
            ("group", "private"),
            ("im", "dm"),
            ("mpim", "group_dm"),
        ] {
            assert_eq!(
                ChannelType::of_slack(word).map(ChannelType::as_str),
                Some(kind)
            );
        }
        assert_eq!(ChannelType::of_slack("app_home"), None);
    }

    #[test]
    fn a_scope_of_the_first_version_is_read_and_written_back() {
        let old = json!({"include": {}, "exclude": {"channels": ["C123"]}});
        let scope: Scope = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(serde_json::to_value(scope).unwrap(), old);
    }

    proptest! {
        #[test]
        fn exclude_is_stronger_than_include(choice in prop::collection::vec(0..5_usize, 1..4)) {
            let mut list = json!({});
            for at in choice {
                let (holding, _) = lists().swap_remove(at);
                list.as_object_mut().unwrap().extend(holding.as_object().unwrap().clone());
            }
            let scope = Scope { include: places(list.clone()), exclude: places(list) };
            prop_assert!(!scope.holds(&context(), &Members::new()));
        }
    }
}
