//! Policies: which findings, where, have which consequences.
//!
//! Owns the policy as admins write it: where it holds (`scope`), what it counts (`rule`), how bad that is
//! (`severity`), what follows (`action`); the decision over one message's findings (`decide`), what a fresh
//! installation starts with (`defaults`), what cannot work (`check`), and what a policy would have done
//! (`replay`). Leaves carrying actions out to the outbox, and storing policies to `store::policies`.
//! **Invariant:** a pure function: the same policies, place and findings give the same decisions; a policy
//! that is not in `enforce` never yields an effect.

mod action;
pub mod check;
mod decide;
mod defaults;
pub mod replay;
mod rule;
mod scope;
mod severity;

use serde::{Deserialize, Serialize};
use shared::ids::{PeopleGroupId, WebhookId};
use utoipa::ToSchema;

pub use action::{Action, Recipients, SeverityWord};
pub use decide::{Decision, InForce, decide};
pub use defaults::{catch_all, defaults};
pub use rule::{Count, Families, Rule};
pub use scope::{ANY_BOT, Audience, ChannelType, Context, Members, Places, Scope};
pub use severity::{ByCount, SeverityRules};

/// A policy, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// For people.
    pub name: String,
    /// Whether it counts, and whether it acts.
    #[serde(default)]
    pub mode: PolicyMode,
    /// Decisions of higher priority come first.
    #[serde(default)]
    pub priority: i32,
    /// Where it holds.
    #[serde(default)]
    pub scope: Scope,
    /// How its rules go together.
    #[serde(
        rename = "match",
        default,
        skip_serializing_if = "Matching::is_default"
    )]
    pub matching: Matching,
    /// What makes a violation.
    pub rules: Vec<Rule>,
    /// How bad a violation is, if not as bad as the gravest finding.
    #[serde(default, skip_serializing_if = "SeverityRules::is_empty")]
    pub severity: SeverityRules,
    /// What follows.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// Whether a policy counts, and whether it acts.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PolicyMode {
    /// It decides nothing.
    Off,
    /// It raises alerts, touches no message and tells nobody but those who are told of alerts.
    #[default]
    Simulate,
    /// It acts.
    Enforce,
}

/// How the rules of a policy go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// One rule is enough.
    #[default]
    Any,
    /// Every rule must hold.
    All,
}

impl Policy {
    /// The names of the fields in which it differs from another.
    pub fn differs_in(&self, other: &Self) -> Vec<&'static str> {
        [
            ("name", self.name != other.name),
            ("mode", self.mode != other.mode),
            ("priority", self.priority != other.priority),
            ("scope", self.scope != other.scope),
            ("match", self.matching != other.matching),
            ("rules", self.rules != other.rules),
            ("severity", self.severity != other.severity),
            ("actions", self.actions != other.actions),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }

    /// The groups that its scope names.
    pub fn groups(&self) -> Vec<PeopleGroupId> {
        let named = [&self.scope.include.groups, &self.scope.exclude.groups];
        named.into_iter().flatten().copied().collect()
    }

    /// The webhooks that its actions name.
    pub fn webhooks(&self) -> Vec<WebhookId> {
        let named = self.actions.iter().filter_map(|action| match action {
            Action::Webhook { id } => Some(*id),
            _ => None,
        });
        named.collect()
    }
}

impl PolicyMode {
    /// Every mode.
    pub const ALL: &'static [Self] = &[Self::Off, Self::Simulate, Self::Enforce];

    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Simulate => "simulate",
            Self::Enforce => "enforce",
        }
    }
}

impl Matching {
    /// Both words.
    pub const ALL: &'static [Self] = &[Self::Any, Self::All];

    /// The word, as written in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Findings for the tests of this folder.
#[cfg(test)]
mod test_findings {
    use shared::content::Location;
    use shared::finding::{Finding, Fingerprint, Likelihood, Severity};
    use shared::ids::{DetectorId, FindingId};

    pub(super) fn finding(info_type: &str, likelihood: Likelihood, severity: Severity) -> Finding {
        Finding {
            id: FindingId::fresh(),
            info_type: info_type.parse().unwrap(),
            detector: DetectorId::new("d"),
            likelihood,
            severity,
            start: 0,
            end: 1,
            preview: "*".to_owned(),
            fingerprint: Fingerprint::new("00"),
            location: Location::default(),
            explanation: Vec::new(),
        }
    }

    pub(super) fn card() -> Finding {
        finding("CREDIT_CARD_NUMBER", Likelihood::VeryLikely, Severity::High)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_of_the_first_version_reads_back_as_it_was_written() {
        let old = json!({
            "name": "Cards", "mode": "enforce", "priority": 10,
            "scope": {"include": {}, "exclude": {"channels": ["C123"]}},
            "rules": [{"info_types": ["CREDIT_CARD_NUMBER"], "min_likelihood": "LIKELY", "min_count": 1}],
            "actions": [{"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"}],
        });
        let policy: Policy = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(serde_json::to_value(policy).unwrap(), old);
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let policy: Policy = serde_json::from_value(json!({"name": "x", "rules": [{}]})).unwrap();
        assert_eq!(policy.mode, PolicyMode::Simulate);
        assert_eq!(policy.matching, Matching::Any);
        assert_eq!(policy.rules, [Rule::default()]);
    }

    #[test]
    fn the_fields_that_differ_are_named_and_no_others() {
        let before = catch_all();
        assert_eq!(before.differs_in(&before), [""; 0]);
        let mut after = before.clone();
        after.mode = PolicyMode::Enforce;
        after.matching = Matching::All;
        after.scope.exclude.users = vec!["U1".to_owned()];
        assert_eq!(after.differs_in(&before), ["mode", "scope", "match"]);
    }

    #[test]
    fn a_misspelt_field_is_refused_and_not_ignored() {
        for wrong in [
            json!({"name": "x", "rules": [], "scopes": {}}),
            json!({"name": "x", "rules": [{"info_type": ["A"]}]}),
            json!({"name": "x", "rules": [], "scope": {"exclude": {"channel": ["C1"]}}}),
            json!({"name": "x", "rules": [], "actions": [{"type": "explode"}]}),
            json!({"name": "x", "rules": [], "severity": {"internal": "LOW"}}),
        ] {
            assert!(
                serde_json::from_value::<Policy>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }
}
