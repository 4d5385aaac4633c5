//! How bad a violation is, where a policy says more than its findings do.
//!
//! **Invariant:** of what applies, the highest counts; where nothing applies, the gravest finding does.

use serde::{Deserialize, Serialize};
use shared::finding::Severity;
use utoipa::ToSchema;

use super::action::SeverityWord;
use super::scope::{Audience, Context};

/// How bad a violation is. The highest that applies counts instead of the gravest finding's severity; an
/// `alert` action that names a severity is stronger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"by_count": [{"at_least": 10, "severity": "CRITICAL"}], "external": "CRITICAL"}))]
pub struct SeverityRules {
    /// By how many findings count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub by_count: Vec<ByCount>,
    /// Where people of other organisations read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SeverityWord>)]
    pub external: Option<Severity>,
}

/// From so many findings on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ByCount {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub at_least: u32,
    /// How bad.
    #[schema(value_type = SeverityWord)]
    pub severity: Severity,
}

impl SeverityRules {
    /// How bad it is that so many findings count there; none if nothing is said of it.
    pub fn of(&self, counted: usize, context: &Context) -> Option<Severity> {
        let by_count = self.by_count.iter();
        let by_count = by_count
            .filter(|step| counted >= step.at_least as usize)
            .map(|step| step.severity);
        let external = self
            .external
            .filter(|_| context.audience == Audience::External);
        by_count.chain(external).max()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.by_count.is_empty() && self.external.is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::ids::WorkspaceId;

    use super::*;

    fn rules() -> SeverityRules {
        serde_json::from_value(json!({
            "by_count": [{"at_least": 100, "severity": "CRITICAL"}, {"at_least": 10, "severity": "MEDIUM"}],
            "external": "HIGH",
        }))
        .unwrap()
    }

    fn there(audience: Audience) -> Context {
        Context {
            workspace: WorkspaceId::new("T1"),
            channel: None,
            channel_type: None,
            user: None,
            bot: None,
            audience,
        }
    }

    #[test]
    fn the_highest_that_applies_counts() {
        let inside = there(Audience::Internal);
        let outside = there(Audience::External);
        for (counted, context, expected) in [
            (9, &inside, None),
            (10, &inside, Some(Severity::Medium)),
            (100, &inside, Some(Severity::Critical)),
            (1, &outside, Some(Severity::High)),
            (10, &outside, Some(Severity::High)),
            (100, &outside, Some(Severity::Critical)),
        ] {
            assert_eq!(rules().of(counted, context), expected, "{counted}");
        }
    }

    #[test]
    fn rules_that_say_nothing_apply_nowhere() {
        let nothing = SeverityRules::default();
        assert!(nothing.is_empty() && !rules().is_empty());
        assert_eq!(nothing.of(1_000_000, &there(Audience::External)), None);
    }
}
