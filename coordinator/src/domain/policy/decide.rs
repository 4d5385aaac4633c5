//! The decision over one message's findings.
//!
//! **Invariant:** at most one decision a policy; one that is not in `enforce` yields no effect.

use serde::Serialize;
use shared::finding::{Finding, Severity};
use shared::ids::PolicyId;

use super::action::Action;
use super::rule::Families;
use super::scope::{Context, Members};
use super::{Matching, Policy, PolicyMode};

/// The policies in force, and what they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// The policies, with their ids.
    pub policies: Vec<(PolicyId, Policy)>,
    /// Who belongs to which group.
    pub members: Members,
    /// Which family a detector belongs to.
    pub families: Families,
}

/// A violation: a message met a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Which policy.
    pub policy: PolicyId,
    /// Its name at the time.
    pub name: String,
    /// Its mode at the time; never `Off`.
    pub mode: PolicyMode,
    /// Positions in the findings decided over that count, ascending and not empty.
    pub matched: Vec<usize>,
    /// How bad: as the policy says, else as bad as the gravest of them.
    pub severity: Severity,
    /// The policy's actions.
    pub actions: Vec<Action>,
}

/// Decides over one message: at most one decision a policy, highest priority first, then in the order given.
pub fn decide(in_force: &InForce, context: &Context, findings: &[Finding]) -> Vec<Decision> {
    let mut decided: Vec<(i32, Decision)> = in_force
        .policies
        .iter()
        .filter(|(_, policy)| {
            policy.mode != PolicyMode::Off && policy.scope.holds(context, &in_force.members)
        })
        .filter_map(|(id, policy)| {
            let matched = policy.matched(findings, &in_force.families);
            Some((
                policy.priority,
                policy.decision(*id, matched, (context, findings))?,
            ))
        })
        .collect();
    decided.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    decided.into_iter().map(|(_, decision)| decision).collect()
}

impl Policy {
    /// Positions of the findings that count, ascending; none if the rules do not hold.
    fn matched(&self, findings: &[Finding], families: &Families) -> Vec<usize> {
        let mut matched = Vec::new();
        for rule in &self.rules {
            let counted = rule.counted(findings, families);
            if counted.is_empty() && self.matching == Matching::All {
                return Vec::new();
            }
            matched.extend(counted);
        }
        matched.sort_unstable();
        matched.dedup();
        matched
    }

    fn decision(
        &self,
        id: PolicyId,
        matched: Vec<usize>,
        (context, findings): (&Context, &[Finding]),
    ) -> Option<Decision> {
        let gravest = matched
            .iter()
            .filter_map(|&at| findings.get(at))
            .map(|finding| finding.severity)
            .max()?;
        let said = self.severity.of(matched.len(), context);
        Some(Decision {
            policy: id,
            name: self.name.clone(),
            mode: self.mode,
            matched,
            severity: said.unwrap_or(gravest),
            actions: self.actions.clone(),
        })
    }
}

impl Decision {
    /// How bad an alert to raise; `None` if the policy asks for none. Holds in `simulate` too.
    pub fn alert(&self) -> Option<Severity> {
        self.actions.iter().find_map(|action| match action {
            Action::Alert { severity } => Some(severity.unwrap_or(self.severity)),
            _ => None,
        })
    }

    /// Whether the message is taken away without delay.
    pub fn blocks_at_once(&self) -> bool {
        self.effects().any(|action| {
            matches!(action, Action::Block) && action.put_off(&self.actions).is_zero()
        })
    }

    /// What to do beyond an alert: nothing, unless the policy enforces.
    pub fn effects(&self) -> impl Iterator<Item = &Action> {
        let enforced = self.mode == PolicyMode::Enforce;
        self.actions
            .iter()
            .filter(move |action| enforced && action.is_effect())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use shared::finding::Likelihood;
    use shared::ids::WorkspaceId;

    use super::super::test_findings::{card, finding};
    use super::super::{Audience, Count, Rule, SeverityRules};
    use super::*;

    fn context(channel: &str) -> Context {
        Context {
            workspace: WorkspaceId::new("T1"),
            channel: Some(channel.to_owned()),
            channel_type: None,
            user: Some("U1".to_owned()),
            bot: None,
            audience: Audience::Internal,
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

    fn in_force(policies: Vec<Policy>) -> InForce {
        InForce {
            policies: policies
                .into_iter()
                .map(|policy| (PolicyId::fresh(), policy))
                .collect(),
            ..InForce::default()
        }
    }

    fn decide_one(policy: Policy, context: &Context, findings: &[Finding]) -> Option<Decision> {
        decide(&in_force(vec![policy]), context, findings).pop()
    }

    fn iban() -> Finding {
        finding("IBAN_CODE", Likelihood::VeryLikely, Severity::Critical)
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
    fn in_simulate_there_is_an_alert_and_no_effect() {
        let policy = Policy {
            mode: PolicyMode::Simulate,
            ..cards()
        };
        let decision = decide_one(policy, &context("C1"), &[card()]).unwrap();
        assert_eq!(decision.alert(), Some(Severity::High));
        assert_eq!(decision.effects().count(), 0);
    }

    #[test]
    fn a_policy_that_is_off_decides_nothing() {
        let policy = Policy {
            mode: PolicyMode::Off,
            ..cards()
        };
        assert_eq!(decide_one(policy, &context("C1"), &[card()]), None);
    }

    #[test]
    fn an_excluded_channel_is_left_alone() {
        assert_eq!(decide_one(cards(), &context("C123"), &[card()]), None);
    }

    #[test]
    fn of_any_one_rule_is_enough_and_of_all_each_must_hold() {
        let mut policy = cards();
        policy.rules.push(Rule {
            info_types: vec![iban().info_type],
            ..Rule::default()
        });
        let found = decide_one(policy.clone(), &context("C1"), &[card()]).unwrap();
        assert_eq!(found.matched, [0]);
        policy.matching = Matching::All;
        assert_eq!(decide_one(policy.clone(), &context("C1"), &[card()]), None);
        let found = decide_one(policy, &context("C1"), &[iban(), card()]).unwrap();
        assert_eq!(found.matched, [0, 1]);
    }

    #[test]
    fn the_gravest_finding_that_counts_tells_how_bad_it_is() {
        let decision = decide_one(cards(), &context("C1"), &[card(), iban(), card()]).unwrap();
        assert_eq!(decision.matched, [0, 2]);
        assert_eq!(decision.severity, Severity::High);
    }

    #[test]
    fn what_the_policy_says_of_severity_wins_over_the_findings_and_the_alert_over_both() {
        let mut policy = cards();
        policy.severity = serde_json::from_value(json!({
            "by_count": [{"at_least": 2, "severity": "LOW"}],
        }))
        .unwrap();
        let of_two = decide_one(policy.clone(), &context("C1"), &[card(), card()]).unwrap();
        assert_eq!(of_two.severity, Severity::Low);
        assert_eq!(of_two.alert(), Some(Severity::High));
        policy.actions = vec![Action::Alert { severity: None }];
        let of_two = decide_one(policy.clone(), &context("C1"), &[card(), card()]).unwrap();
        assert_eq!(of_two.alert(), Some(Severity::Low));
        let of_one = decide_one(policy, &context("C1"), &[card()]).unwrap();
        assert_eq!(of_one.alert(), Some(Severity::High));
    }

    #[test]
    fn people_of_other_organisations_make_it_worse() {
        let mut policy = cards();
        policy.actions = vec![Action::Alert { severity: None }];
        policy.severity.external = Some(Severity::Critical);
        let outside = Context {
            audience: Audience::External,
            ..context("C1")
        };
        let alert = |context| {
            decide_one(policy.clone(), context, &[card()])
                .unwrap()
                .alert()
        };
        assert_eq!(alert(&outside), Some(Severity::Critical));
        assert_eq!(alert(&context("C1")), Some(Severity::High));
    }

    #[test]
    fn higher_priority_comes_first() {
        let low = Policy {
            priority: 0,
            ..cards()
        };
        let all = in_force(vec![low, cards()]);
        let decisions = decide(&all, &context("C1"), &[card()]);
        let order: Vec<PolicyId> = decisions.iter().map(|decision| decision.policy).collect();
        assert_eq!(order, [all.policies[1].0, all.policies[0].0]);
    }

    fn any_finding() -> impl Strategy<Value = Finding> {
        (0..3_usize, 1..=5_i16, 1..=5_i16, "[a-c]").prop_map(
            |(kind, likelihood, severity, value)| Finding {
                fingerprint: shared::finding::Fingerprint::new(value),
                ..finding(
                    ["A_TYPE", "B_TYPE", "C_TYPE"][kind],
                    Likelihood::from_number(likelihood).unwrap(),
                    Severity::from_number(severity).unwrap(),
                )
            },
        )
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        (prop::bool::ANY, 1..=5_i16, 0..4_u32, prop::bool::ANY).prop_map(
            |(any, likelihood, min_count, values)| Rule {
                info_types: if any {
                    vec![]
                } else {
                    vec!["A_TYPE".parse().unwrap()]
                },
                min_likelihood: Likelihood::from_number(likelihood).unwrap(),
                min_count,
                count: if values {
                    Count::Values
                } else {
                    Count::Findings
                },
                ..Rule::default()
            },
        )
    }

    pub(in crate::domain::policy) fn any_policy() -> impl Strategy<Value = Policy> {
        let mode = prop_oneof![
            Just(PolicyMode::Off),
            Just(PolicyMode::Simulate),
            Just(PolicyMode::Enforce)
        ];
        let matching = prop_oneof![Just(Matching::Any), Just(Matching::All)];
        let rules = prop::collection::vec(any_rule(), 0..3);
        (mode, -2..3_i32, matching, rules).prop_map(|(mode, priority, matching, rules)| Policy {
            mode,
            priority,
            matching,
            rules,
            ..cards()
        })
    }

    proptest! {
        #[test]
        fn every_decision_is_founded_on_findings_that_count(
            policies in prop::collection::vec(any_policy(), 0..4),
            findings in prop::collection::vec(any_finding(), 0..6),
        ) {
            let all = in_force(policies);
            let decisions = decide(&all, &context("C1"), &findings);
            prop_assert!(decisions.len() <= all.policies.len());
            for decision in decisions {
                let (_, policy) = all.policies.iter().find(|(id, _)| *id == decision.policy).unwrap();
                prop_assert!(policy.mode != PolicyMode::Off);
                prop_assert!(!decision.matched.is_empty() && decision.matched.is_sorted());
                let none = Families::new();
                let founded = decision
                    .matched
                    .iter()
                    .all(|&at| policy.rules.iter().any(|rule| rule.counts(&findings[at], &none)));
                prop_assert!(founded);
                if policy.matching == Matching::All {
                    prop_assert!(policy.rules.iter().all(|rule| !rule.counted(&findings, &none).is_empty()));
                }
                prop_assert!(policy.mode == PolicyMode::Enforce || decision.effects().count() == 0);
            }
        }

        #[test]
        fn another_finding_never_undoes_a_violation(
            policy in any_policy(),
            findings in prop::collection::vec(any_finding(), 1..6),
            more in any_finding(),
        ) {
            let policy = Policy { severity: SeverityRules::default(), ..policy };
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
