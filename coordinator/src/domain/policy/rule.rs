//! Rules: so many findings of those kinds.
//!
//! Owns which findings a rule counts and whether they are enough. How several rules go together is for
//! `decide`.
//! **Invariant:** one finding more never undoes a rule.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use shared::finding::{Finding, InfoType, Likelihood};
use shared::ids::DetectorId;
use utoipa::ToSchema;

/// Which family each detector that comes with Weir belongs to.
pub type Families = HashMap<DetectorId, String>;

/// So many findings of those kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"info_types": ["CREDIT_CARD_NUMBER"], "min_likelihood": "LIKELY", "min_count": 1}))]
pub struct Rule {
    /// Kinds of data that count. Without these, `detectors` and `families`: every kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false, max_items = 500, example = json!(["CREDIT_CARD_NUMBER"]))]
    pub info_types: Vec<InfoType>,
    /// Detectors whose findings count, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, required = false, max_items = 500, example = json!(["employee-number"]))]
    pub detectors: Vec<DetectorId>,
    /// Families of detectors whose findings count, too, also those of detectors that later versions bring:
    /// `secrets`, `payment`, `national-ids` and others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 500, example = json!(["secrets"]))]
    pub families: Vec<String>,
    /// Findings less sure than this do not count.
    #[serde(default = "likely")]
    #[schema(value_type = LikelihoodWord, required = false, default = "LIKELY")]
    pub min_likelihood: Likelihood,
    /// How many must count.
    #[serde(default = "one")]
    #[schema(required = false, minimum = 1, maximum = 1_000_000, default = 1)]
    pub min_count: u32,
    /// What is counted.
    #[serde(default, skip_serializing_if = "Count::is_default")]
    #[schema(required = false)]
    pub count: Count,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(
    dead_code,
    reason = "describes `Likelihood`, which knows nothing of documents"
)]
enum LikelihoodWord {
    VeryUnlikely,
    Unlikely,
    Possible,
    Likely,
    VeryLikely,
}

/// What a rule counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Findings: a value that stands there twice counts twice.
    #[default]
    Findings,
    /// Different values.
    Values,
}

fn likely() -> Likelihood {
    Likelihood::Likely
}

fn one() -> u32 {
    1
}

/// One likely finding of any kind.
impl Default for Rule {
    fn default() -> Self {
        Self {
            info_types: Vec::new(),
            detectors: Vec::new(),
            families: Vec::new(),
            min_likelihood: likely(),
            min_count: one(),
            count: Count::default(),
        }
    }
}

impl Count {
    /// Both words.
    pub const ALL: &'static [Self] = &[Self::Findings, Self::Values];

    /// The word, as written in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Values => "values",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Rule {
    /// Positions of the findings that count, if they are enough.
    pub(super) fn counted(&self, findings: &[Finding], families: &Families) -> Vec<usize> {
        let counted: Vec<usize> = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| self.counts(finding, families))
            .map(|(at, _)| at)
            .collect();
        let many = match self.count {
            Count::Findings => counted.len(),
            Count::Values => {
                let of_counted = counted.iter().filter_map(|&at| findings.get(at));
                let values: HashSet<&str> = of_counted
                    .map(|finding| finding.fingerprint.as_str())
                    .collect();
                values.len()
            }
        };
        // Policies of the first version may say 0.
        if many < self.min_count.max(1) as usize {
            return Vec::new();
        }
        counted
    }

    /// Whether a finding is of the kinds that the rule is about, and sure enough.
    pub(super) fn counts(&self, finding: &Finding, families: &Families) -> bool {
        finding.likelihood >= self.min_likelihood
            && (self.is_about_everything()
                || self.info_types.contains(&finding.info_type)
                || self.detectors.contains(&finding.detector)
                || self.holds_family_of(&finding.detector, families))
    }

    /// Whether it names no kind at all.
    pub fn is_about_everything(&self) -> bool {
        self.info_types.is_empty() && self.detectors.is_empty() && self.families.is_empty()
    }

    fn holds_family_of(&self, detector: &DetectorId, families: &Families) -> bool {
        !self.families.is_empty()
            && families
                .get(detector)
                .is_some_and(|family| self.families.contains(family))
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_findings::{card, finding};
    use super::*;
    use shared::finding::{Fingerprint, Severity};

    fn of_value(value: &str) -> Finding {
        Finding {
            fingerprint: Fingerprint::new(value),
            ..card()
        }
    }

    fn rule(change: impl FnOnce(&mut Rule)) -> Rule {
        let mut rule = Rule::default();
        change(&mut rule);
        rule
    }

    fn counted(rule: &Rule, findings: &[Finding]) -> Vec<usize> {
        rule.counted(findings, &Families::new())
    }

    #[test]
    fn a_rule_without_kinds_is_about_all_of_them() {
        let other = finding("IBAN_CODE", Likelihood::Likely, Severity::Low);
        assert_eq!(counted(&Rule::default(), &[card(), other]), [0, 1]);
    }

    #[test]
    fn unsure_findings_do_not_count() {
        let unsure = finding("CREDIT_CARD_NUMBER", Likelihood::Possible, Severity::High);
        assert_eq!(counted(&Rule::default(), &[unsure]), [0_usize; 0]);
    }

    #[test]
    fn info_type_detector_or_family_is_enough() {
        let families = Families::from([(DetectorId::new("d"), "payment".to_owned())]);
        for of_it in [
            rule(|rule| rule.info_types = vec![card().info_type]),
            rule(|rule| rule.detectors = vec![DetectorId::new("d")]),
            rule(|rule| rule.families = vec!["payment".to_owned()]),
            rule(|rule| {
                rule.info_types = vec!["OTHER".parse().unwrap()];
                rule.detectors = vec![DetectorId::new("d")];
            }),
        ] {
            assert!(of_it.counts(&card(), &families), "{of_it:?}");
        }
        for of_others in [
            rule(|rule| rule.info_types = vec!["OTHER".parse().unwrap()]),
            rule(|rule| rule.detectors = vec![DetectorId::new("e")]),
            rule(|rule| rule.families = vec!["secrets".to_owned()]),
        ] {
            assert!(!of_others.counts(&card(), &families), "{of_others:?}");
        }
    }

    #[test]
    fn a_custom_detector_is_of_no_family() {
        let secrets = rule(|rule| rule.families = vec!["secrets".to_owned()]);
        assert!(!secrets.counts(&card(), &Families::new()));
    }

    #[test]
    fn too_few_do_not_count_at_all() {
        let three = rule(|rule| rule.min_count = 3);
        assert_eq!(counted(&three, &[card(), card()]), [0_usize; 0]);
        assert_eq!(counted(&three, &[card(), card(), card()]), [0, 1, 2]);
    }

    #[test]
    fn values_are_counted_once_each_and_all_their_findings_are_told() {
        let two = rule(|rule| {
            rule.min_count = 2;
            rule.count = Count::Values;
        });
        let (a, b) = (of_value("a"), of_value("b"));
        assert_eq!(
            counted(&two, &[a.clone(), a.clone(), a.clone()]),
            [0_usize; 0]
        );
        assert_eq!(counted(&two, &[a.clone(), b, a]), [0, 1, 2]);
    }

    #[test]
    fn a_rule_that_asks_for_none_asks_for_one() {
        let zero = rule(|rule| rule.min_count = 0);
        assert_eq!(counted(&zero, &[]), [0_usize; 0]);
    }
}
