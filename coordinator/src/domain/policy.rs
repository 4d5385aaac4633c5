//! Policies: which findings, where, have which consequences.
//!
//! Owns the policy as admins write it and the decision over one message's findings. Leaves carrying actions
//! out to the outbox, and storing policies to `store::policies`.
//! **Invariant:** a pure function: the same policies, place and findings give the same decisions; a policy
//! that is not in `enforce` never yields an effect.

use serde::{Deserialize, Serialize};
use shared::finding::{Finding, InfoType, Likelihood, Severity};
use shared::ids::{PolicyId, WorkspaceId};

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
    /// Any of which makes a violation.
    pub rules: Vec<Rule>,
    /// What follows.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// Whether a policy counts, and whether it acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyMode {
    /// It decides nothing.
    Off,
    /// It raises alerts and touches no message.
    #[default]
    Simulate,
    /// It acts.
    Enforce,
}

impl PolicyMode {
    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Simulate => "simulate",
            Self::Enforce => "enforce",
        }
    }
}

/// Where a policy holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Every list that is not empty must hold the message's id; all empty means everywhere.
    #[serde(default)]
    pub include: Places,
    /// No list may hold the message's id. Stronger than `include`.
    #[serde(default)]
    pub exclude: Places,
}

/// Places, by Slack's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Workspaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<WorkspaceId>,
    /// Channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Authors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
}

/// So many findings of those kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The kinds that count; empty means every kind.
    #[serde(default)]
    pub info_types: Vec<InfoType>,
    /// Findings less sure than this do not count.
    #[serde(default = "likely")]
    pub min_likelihood: Likelihood,
    /// How many must count; 0 is read as 1.
    #[serde(default = "one")]
    pub min_count: u32,
}

/// A consequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Take the message away from where it stands.
    Block,
    /// Tell its author.
    NotifyAuthor,
    /// Tell the people who work on alerts.
    Alert {
        /// How bad, instead of the gravest finding's severity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        severity: Option<Severity>,
    },
}

/// Where a message stands, as far as policies care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// The channel, if it stands in one.
    pub channel: Option<String>,
    /// The author, if there is one.
    pub user: Option<String>,
}

/// A violation: a message met a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which policy.
    pub policy: PolicyId,
    /// Its name at the time.
    pub name: String,
    /// Its mode at the time; never `Off`.
    pub mode: PolicyMode,
    /// Positions in the findings decided over that count, ascending and not empty.
    pub matched: Vec<usize>,
    /// The gravest of them.
    pub severity: Severity,
    /// The policy's actions.
    pub actions: Vec<Action>,
}

fn likely() -> Likelihood {
    Likelihood::Likely
}

fn one() -> u32 {
    1
}

/// What a fresh installation starts with: it raises alerts and touches no message.
pub fn default_policy() -> Policy {
    Policy {
        name: "Everything likely".to_owned(),
        mode: PolicyMode::Simulate,
        priority: 0,
        scope: Scope::default(),
        rules: vec![Rule {
            info_types: Vec::new(),
            min_likelihood: Likelihood::Likely,
            min_count: 1,
        }],
        actions: vec![Action::Alert { severity: None }],
    }
}

/// Decides over one message: at most one decision a policy, highest priority first, then in the order given.
pub fn decide(
    policies: &[(PolicyId, Policy)],
    context: &Context,
    findings: &[Finding],
) -> Vec<Decision> {
    let mut decided: Vec<(i32, Decision)> = policies
        .iter()
        .filter(|(_, policy)| policy.mode != PolicyMode::Off && policy.scope.holds(context))
        .filter_map(|(id, policy)| Some((policy.priority, policy.decision(*id, findings)?)))
        .collect();
    decided.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    decided.into_iter().map(|(_, decision)| decision).collect()
}

impl Policy {
    fn decision(&self, id: PolicyId, findings: &[Finding]) -> Option<Decision> {
        let mut matched: Vec<usize> = self
            .rules
            .iter()
            .flat_map(|rule| rule.counted(findings))
            .collect();
        matched.sort_unstable();
        matched.dedup();
        let severity = matched
            .iter()
            .filter_map(|&at| findings.get(at))
            .map(|finding| finding.severity)
            .max()?;
        Some(Decision {
            policy: id,
            name: self.name.clone(),
            mode: self.mode,
            matched,
            severity,
            actions: self.actions.clone(),
        })
    }
}

impl Decision {
    /// How bad an alert to raise; `None` if the policy asks for none. Holds in `simulate` too.
    pub fn alert(&self) -> Option<Severity> {
        self.actions.iter().find_map(|action| match action {
            Action::Alert { severity } => Some(severity.unwrap_or(self.severity)),
            Action::Block | Action::NotifyAuthor => None,
        })
    }

    /// What to do to the message and its author: nothing, unless the policy enforces.
    pub fn effects(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| {
            self.mode == PolicyMode::Enforce && !matches!(action, Action::Alert { .. })
        })
    }
}

impl Scope {
    /// Whether a message that stands there is concerned.
    pub fn holds(&self, context: &Context) -> bool {
        self.include.all_hold(context) && !self.exclude.any_holds(context)
    }
}

impl Places {
    fn all_hold(&self, context: &Context) -> bool {
        (self.workspaces.is_empty() || self.workspaces.contains(&context.workspace))
            && (self.channels.is_empty() || listed(&self.channels, context.channel.as_ref()))
            && (self.users.is_empty() || listed(&self.users, context.user.as_ref()))
    }

    fn any_holds(&self, context: &Context) -> bool {
        self.workspaces.contains(&context.workspace)
            || listed(&self.channels, context.channel.as_ref())
            || listed(&self.users, context.user.as_ref())
    }
}

fn listed(list: &[String], id: Option<&String>) -> bool {
    id.is_some_and(|id| list.contains(id))
}

impl Rule {
    /// The findings that count, if they are enough.
    fn counted(&self, findings: &[Finding]) -> Vec<usize> {
        let counted: Vec<usize> = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| self.counts(finding))
            .map(|(at, _)| at)
            .collect();
        if counted.len() < self.min_count.max(1) as usize {
            return Vec::new();
        }
        counted
    }

    fn counts(&self, finding: &Finding) -> bool {
        finding.likelihood >= self.min_likelihood
            && (self.info_types.is_empty() || self.info_types.contains(&finding.info_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use shared::content::Location;
    use shared::finding::Fingerprint;
    use shared::ids::{DetectorId, FindingId};

    fn finding(info_type: &str, likelihood: Likelihood, severity: Severity) -> Finding {
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

    fn card() -> Finding {
        finding("CREDIT_CARD_NUMBER", Likelihood::VeryLikely, Severity::High)
    }

    fn context(channel: &str) -> Context {
        Context {
            workspace: WorkspaceId::new("T1"),
            channel: Some(channel.to_owned()),
            user: Some("U1".to_owned()),
        }
    }

    fn cards() -> Policy {
        serde_json::from_value(json!({
            "name": "Cards", "mode": "enforce", "priority": 10,
            "scope": {"include": {}, "exclude": {"channels": ["C123"]}},
            "rules": [{"info_types": ["CREDIT_CARD_NUMBER"], "min_likelihood": "LIKELY", "min_count": 1}],
            "actions": [{"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"}],
        }))
        .unwrap()
    }

    fn decide_one(policy: Policy, context: &Context, findings: &[Finding]) -> Option<Decision> {
        decide(&[(PolicyId::fresh(), policy)], context, findings).pop()
    }

    #[test]
    fn a_policy_reads_back_as_the_api_writes_it() {
        let written = serde_json::to_value(cards()).unwrap();
        assert_eq!(
            written["actions"][2],
            json!({"type": "alert", "severity": "HIGH"})
        );
        assert_eq!(
            written["scope"],
            json!({"include": {}, "exclude": {"channels": ["C123"]}})
        );
        assert_eq!(serde_json::from_value::<Policy>(written).unwrap(), cards());
    }

    #[test]
    fn a_misspelt_field_is_refused_and_not_ignored() {
        for wrong in [
            json!({"name": "x", "rules": [], "scopes": {}}),
            json!({"name": "x", "rules": [{"info_type": ["A"]}]}),
            json!({"name": "x", "rules": [], "scope": {"exclude": {"channel": ["C1"]}}}),
            json!({"name": "x", "rules": [], "actions": [{"type": "explode"}]}),
        ] {
            assert!(
                serde_json::from_value::<Policy>(wrong.clone()).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_enforced_policy_yields_its_effects_and_an_alert() {
        let decision = decide_one(cards(), &context("C1"), &[card()]).unwrap();
        assert_eq!(decision.alert(), Some(Severity::High));
        assert_eq!(
            decision.effects().collect::<Vec<_>>(),
            [&Action::Block, &Action::NotifyAuthor]
        );
    }

    #[test]
    fn an_excluded_channel_is_left_alone() {
        assert_eq!(decide_one(cards(), &context("C123"), &[card()]), None);
    }

    #[test]
    fn every_include_list_must_hold() {
        let mut policy = cards();
        policy.scope.include.channels = vec!["C1".to_owned()];
        policy.scope.include.users = vec!["U2".to_owned()];
        assert_eq!(decide_one(policy.clone(), &context("C1"), &[card()]), None);
        policy.scope.include.users.push("U1".to_owned());
        assert!(decide_one(policy, &context("C1"), &[card()]).is_some());
    }

    #[test]
    fn a_place_that_is_unknown_is_in_no_list() {
        let mut policy = cards();
        policy.scope.include.channels = vec!["C1".to_owned()];
        let nowhere = Context {
            channel: None,
            ..context("")
        };
        assert_eq!(decide_one(policy, &nowhere, &[card()]), None);
    }

    #[test]
    fn unsure_findings_and_too_few_do_not_count() {
        let unsure = finding("CREDIT_CARD_NUMBER", Likelihood::Possible, Severity::High);
        assert_eq!(decide_one(cards(), &context("C1"), &[unsure]), None);
        let mut several = cards();
        several.rules[0].min_count = 2;
        assert_eq!(decide_one(several.clone(), &context("C1"), &[card()]), None);
        let other = finding("IBAN_CODE", Likelihood::VeryLikely, Severity::Critical);
        let decision = decide_one(several, &context("C1"), &[card(), other, card()]).unwrap();
        assert_eq!(decision.matched, [0, 2]);
        assert_eq!(decision.severity, Severity::High);
    }

    #[test]
    fn the_default_policy_raises_alerts_and_touches_no_message() {
        let decision = decide_one(default_policy(), &context("C1"), &[card()]).unwrap();
        assert_eq!(decision.alert(), Some(Severity::High));
        assert_eq!(decision.effects().count(), 0);
    }

    #[test]
    fn higher_priority_comes_first() {
        let (low, high) = (PolicyId::fresh(), PolicyId::fresh());
        let decisions = decide(
            &[(low, default_policy()), (high, cards())],
            &context("C1"),
            &[card()],
        );
        let order: Vec<PolicyId> = decisions.iter().map(|decision| decision.policy).collect();
        assert_eq!(order, [high, low]);
    }

    fn any_finding() -> impl Strategy<Value = Finding> {
        (0..3_usize, 1..=5_i16, 1..=5_i16).prop_map(|(kind, likelihood, severity)| {
            finding(
                ["A_TYPE", "B_TYPE", "C_TYPE"][kind],
                Likelihood::from_number(likelihood).unwrap(),
                Severity::from_number(severity).unwrap(),
            )
        })
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        let rule =
            (prop::bool::ANY, 1..=5_i16, 0..4_u32).prop_map(|(any, likelihood, min_count)| Rule {
                info_types: if any {
                    vec![]
                } else {
                    vec!["A_TYPE".parse().unwrap()]
                },
                min_likelihood: Likelihood::from_number(likelihood).unwrap(),
                min_count,
            });
        let mode = prop_oneof![
            Just(PolicyMode::Off),
            Just(PolicyMode::Simulate),
            Just(PolicyMode::Enforce)
        ];
        (mode, -2..3_i32, prop::collection::vec(rule, 0..3)).prop_map(|(mode, priority, rules)| {
            Policy {
                mode,
                priority,
                rules,
                ..cards()
            }
        })
    }

    proptest! {
        #[test]
        fn every_decision_is_founded_on_findings_that_count(
            policies in prop::collection::vec(any_policy(), 0..4),
            findings in prop::collection::vec(any_finding(), 0..6),
        ) {
            let policies: Vec<_> = policies.into_iter().map(|p| (PolicyId::fresh(), p)).collect();
            let decisions = decide(&policies, &context("C1"), &findings);
            prop_assert!(decisions.len() <= policies.len());
            for decision in decisions {
                let (_, policy) = policies.iter().find(|(id, _)| *id == decision.policy).unwrap();
                prop_assert!(policy.mode != PolicyMode::Off);
                prop_assert!(!decision.matched.is_empty() && decision.matched.is_sorted());
                let founded = decision
                    .matched
                    .iter()
                    .all(|&at| policy.rules.iter().any(|rule| rule.counts(&findings[at])));
                prop_assert!(founded);
                prop_assert!(policy.mode == PolicyMode::Enforce || decision.effects().count() == 0);
            }
        }

        #[test]
        fn another_finding_never_undoes_a_violation(
            policy in any_policy(),
            findings in prop::collection::vec(any_finding(), 1..6),
            more in any_finding(),
        ) {
            let before = decide_one(policy.clone(), &context("C1"), &findings);
            let mut longer = findings;
            longer.push(more);
            let after = decide_one(policy, &context("C1"), &longer);
            if let Some(before) = before {
                prop_assert!(after.is_some_and(|after| after.severity >= before.severity));
            }
        }
    }
}
