//! What a policy may weigh, and what in it can have no effect.
//!
//! Owns the bounds of policies and the warnings. Leaves reading a draft, and what it names, to the API.
//! **Invariant:** a warning names fields and words of ours, never a value of the draft.

use std::collections::HashSet;

use shared::finding::InfoType;
use shared::ids::DetectorId;

use super::action::Action;
use super::rule::Rule;
use super::scope::ChannelType;
use super::{Policy, PolicyMode};

/// Most policies.
pub const MAX_POLICIES: usize = 500;
/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Most entries of a list of ids or words.
pub const MAX_LIST: usize = 500;
/// Most rules.
pub const MAX_RULES: usize = 50;
/// Most actions.
pub const MAX_ACTIONS: usize = 20;
/// Most steps of `severity.by_count`.
pub const MAX_STEPS: usize = 20;
/// Most addresses of a mail.
pub const MAX_RECIPIENTS: usize = 20;
/// Highest `min_count` and `at_least`.
pub const MAX_COUNT: u32 = 1_000_000;
/// Highest priority, and with a minus lowest.
pub const MAX_PRIORITY: i32 = 1_000_000;
/// Longest delay, in seconds.
pub const MAX_DELAY_SECONDS: u32 = 86_400;

/// What the detectors that are switched on can find.
#[derive(Clone, Debug, Default)]
pub struct Findable {
    /// Kinds of data.
    pub info_types: HashSet<InfoType>,
    /// The detectors.
    pub detectors: HashSet<DetectorId>,
    /// Families of which at least one is on.
    pub families: HashSet<String>,
}

/// What can have no effect, though it is no mistake.
pub fn warnings(policy: &Policy, findable: &Findable) -> Vec<String> {
    let mut told = Vec::new();
    if policy.mode == PolicyMode::Off {
        told.push("`mode` is off: it decides nothing".to_owned());
    }
    let silent = !policy
        .actions
        .iter()
        .any(|action| action.is_effect() || matches!(action, Action::Alert { .. }));
    if silent {
        told.push(
            "`actions` hold nothing to do: violations are noted and nobody is told".to_owned(),
        );
    }
    for (at, rule) in policy.rules.iter().enumerate() {
        if !rule.is_about_everything() && !finds_anything(rule, findable) {
            told.push(format!(
                "`rules[{at}]`: no detector that is switched on finds any of this"
            ));
        }
    }
    told.extend(about_actions(policy));
    told.extend(about_scope(policy));
    told
}

fn finds_anything(rule: &Rule, findable: &Findable) -> bool {
    let found = |info_type| findable.info_types.contains(info_type);
    let on = |detector| findable.detectors.contains(detector);
    let any_on = |family| findable.families.contains(family);
    rule.info_types.iter().any(found)
        || rule.detectors.iter().any(on)
        || rule.families.iter().any(any_on)
}

fn about_actions(policy: &Policy) -> Vec<String> {
    let direct = policy
        .scope
        .include
        .channel_types
        .iter()
        .any(|kind: &ChannelType| kind.is_direct());
    let mut told = Vec::new();
    for (at, action) in policy.actions.iter().enumerate() {
        if action.is_effect() && policy.mode == PolicyMode::Simulate {
            told.push(format!(
                "`actions[{at}]`: nothing comes of it as long as `mode` is simulate"
            ));
        }
        if matches!(action, Action::Block) && direct {
            told.push(format!(
                "`actions[{at}]`: in direct messages nobody but the author can take a message away"
            ));
        }
        let alone = !policy
            .actions
            .iter()
            .any(|other| !other.put_off(&policy.actions).is_zero() && other.is_effect());
        if matches!(action, Action::Delay { .. }) && alone {
            told.push(format!("`actions[{at}]`: there is nothing to put off"));
        }
    }
    told
}

fn about_scope(policy: &Policy) -> Vec<String> {
    fn meet<T: PartialEq>(included: &[T], excluded: &[T]) -> bool {
        !included.is_empty() && included.iter().all(|one| excluded.contains(one))
    }
    let (include, exclude) = (&policy.scope.include, &policy.scope.exclude);
    [
        ("workspaces", meet(&include.workspaces, &exclude.workspaces)),
        (
            "channel_types",
            meet(&include.channel_types, &exclude.channel_types),
        ),
        ("channels", meet(&include.channels, &exclude.channels)),
        ("users", meet(&include.users, &exclude.users)),
        ("groups", meet(&include.groups, &exclude.groups)),
        ("bots", meet(&include.bots, &exclude.bots)),
        ("audience", meet(&include.audience, &exclude.audience)),
    ]
    .into_iter()
    .filter(|(_, nothing_left)| *nothing_left)
    .map(|(list, _)| {
        format!("`scope.exclude.{list}` takes away all that `scope.include.{list}` holds: it holds nowhere")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(change: &Value) -> String {
        let mut policy = json!({
            "name": "x", "mode": "enforce", "rules": [{"info_types": ["CARD"]}],
            "actions": [{"type": "alert"}],
        });
        policy
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let findable = Findable {
            info_types: HashSet::from(["CARD".parse().unwrap()]),
            detectors: HashSet::from([DetectorId::new("card")]),
            families: HashSet::from(["payment".to_owned()]),
        };
        warnings(&serde_json::from_value(policy).unwrap(), &findable).join("\n")
    }

    #[test]
    fn a_policy_that_works_gets_no_warning() {
        for change in [
            json!({}),
            json!({"rules": [{}]}),
            json!({"rules": [{"detectors": ["card"]}, {"families": ["payment"]}]}),
            json!({"rules": [{"info_types": ["OTHER", "CARD"]}]}),
            json!({"actions": [{"type": "block"}, {"type": "delay", "seconds": 5}]}),
            json!({"scope": {"include": {"users": ["U1", "U2"]}, "exclude": {"users": ["U2"]}}}),
        ] {
            assert_eq!(told(&change), "", "{change}");
        }
    }

    #[test]
    fn what_can_have_no_effect_is_told() {
        for (change, expected) in [
            (json!({"mode": "off"}), "`mode` is off: it decides nothing"),
            (
                json!({"actions": []}),
                "`actions` hold nothing to do: violations are noted and nobody is told",
            ),
            (
                json!({"rules": [{}, {"info_types": ["OTHER"], "families": ["secrets"]}]}),
                "`rules[1]`: no detector that is switched on finds any of this",
            ),
            (
                json!({"mode": "simulate", "actions": [{"type": "alert"}, {"type": "block"}]}),
                "`actions[1]`: nothing comes of it as long as `mode` is simulate",
            ),
            (
                json!({"actions": [{"type": "block"}], "scope": {"include": {"channel_types": ["dm"]}}}),
                "`actions[0]`: in direct messages nobody but the author can take a message away",
            ),
            (
                json!({"actions": [{"type": "alert"}, {"type": "notify_author"}, {"type": "delay", "seconds": 5}]}),
                "`actions[2]`: there is nothing to put off",
            ),
            (
                json!({"scope": {"include": {"channels": ["C1"]}, "exclude": {"channels": ["C2", "C1"]}}}),
                "`scope.exclude.channels` takes away all that `scope.include.channels` holds: it holds nowhere",
            ),
        ] {
            assert_eq!(told(&change), expected, "{change}");
        }
    }
}
