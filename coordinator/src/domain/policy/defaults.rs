//! What a fresh installation starts with.
//!
//! Owns the default policies. They name families of detectors, so that a detector which a later version
//! brings is among them without anybody's doing.
//! **Invariant:** all of them are in mode `simulate` and have no action but an alert: no message is touched.

use shared::finding::{InfoType, Severity};

use super::{Action, Count, Policy, PolicyMode, Rule, Scope, SeverityRules};
use crate::domain::policy::Matching;

/// So many different addresses or numbers are no signature any more.
const IN_BULK: u32 = 10;

/// The default policies, highest priority first.
pub fn defaults() -> Vec<Policy> {
    vec![
        policy(
            "Secrets and keys",
            40,
            vec![about(
                &["secrets", "otp"],
                &["CRYPTO_PRIVATE_KEY", "CRYPTO_SEED_PHRASE"],
            )],
            None,
        ),
        policy(
            "Payment cards",
            30,
            vec![about(&["payment"], &[])],
            Some(Severity::High),
        ),
        policy(
            "National identity numbers",
            20,
            // Beside these the pack of the United States has addresses, dates of birth and vehicles.
            vec![about(
                &["national-ids", "passports"],
                &[
                    "US_SOCIAL_SECURITY_NUMBER",
                    "US_INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER",
                    "US_DRIVERS_LICENSE_NUMBER",
                ],
            )],
            None,
        ),
        policy(
            "Personal contact details in bulk",
            10,
            vec![in_bulk("EMAIL_ADDRESS"), in_bulk("PHONE_NUMBER")],
            Some(Severity::Medium),
        ),
        catch_all(),
    ]
}

/// What no other policy is about.
pub fn catch_all() -> Policy {
    policy("Everything likely", 0, vec![Rule::default()], None)
}

fn policy(name: &str, priority: i32, rules: Vec<Rule>, severity: Option<Severity>) -> Policy {
    Policy {
        name: name.to_owned(),
        mode: PolicyMode::Simulate,
        priority,
        scope: Scope::default(),
        matching: Matching::Any,
        rules,
        severity: SeverityRules::default(),
        actions: vec![Action::Alert { severity }],
    }
}

fn about(families: &[&str], info_types: &[&str]) -> Rule {
    Rule {
        families: families.iter().map(|&name| name.to_owned()).collect(),
        info_types: info_types.iter().copied().filter_map(named).collect(),
        ..Rule::default()
    }
}

fn in_bulk(info_type: &str) -> Rule {
    Rule {
        info_types: named(info_type).into_iter().collect(),
        min_count: IN_BULK,
        count: Count::Values,
        ..Rule::default()
    }
}

fn named(info_type: &str) -> Option<InfoType> {
    info_type.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn none_touches_a_message_or_tells_anybody() {
        for policy in defaults() {
            assert_eq!(policy.mode, PolicyMode::Simulate, "{}", policy.name);
            assert!(
                !policy.actions.iter().any(Action::is_effect),
                "{}",
                policy.name
            );
        }
    }

    #[test]
    fn each_has_a_name_and_a_priority_of_its_own_and_the_catch_all_comes_last() {
        let all = defaults();
        let names: HashSet<&str> = all.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.is_sorted_by(|a, b| a.priority > b.priority));
        assert_eq!(all.last(), Some(&catch_all()));
    }

    #[test]
    fn no_rule_but_the_catch_all_s_is_about_everything() {
        let (last, others) = defaults()
            .split_last()
            .map(|(l, o)| (l.clone(), o.to_vec()))
            .unwrap();
        assert!(last.rules[0].is_about_everything());
        for rule in others.iter().flat_map(|policy| &policy.rules) {
            assert!(!rule.is_about_everything());
        }
    }
}
