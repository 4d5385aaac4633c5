//! Policies as they are sent and shown.
//!
//! Owns the shapes. **Invariant:** what is shown can be sent back once `id`, `version`, `created_at`,
//! `updated_at`, `updated_by` and `warnings` are taken out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::policy::check::{Findable, warnings};
use crate::domain::policy::{Action, Matching, Policy, PolicyMode, Rule, Scope, SeverityRules};
use crate::store::policies::StoredPolicy;

/// A policy to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Cards", "mode": "enforce", "priority": 10,
    "scope": {"include": {}, "exclude": {"channels": ["C123"]}},
    "rules": [{"info_types": ["CREDIT_CARD_NUMBER"], "min_likelihood": "LIKELY", "min_count": 1}],
    "actions": [{"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"}],
}))]
#[expect(dead_code, reason = "describes what `draft` takes field by field")]
pub struct PolicyDraft {
    /// For people.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Whether it counts, and whether it acts: `simulate` if it is left out.
    mode: Option<PolicyMode>,
    /// Decisions of higher priority come first; 0 if it is left out.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    priority: Option<i32>,
    /// Where it holds; everywhere if it is left out.
    scope: Option<Scope>,
    /// How its rules go together; `any` if it is left out.
    #[serde(rename = "match")]
    matching: Option<Matching>,
    /// What makes a violation.
    #[schema(min_items = 1, max_items = 50)]
    rules: Vec<Rule>,
    /// How bad a violation is, if not as bad as the gravest finding.
    severity: Option<SeverityRules>,
    /// What follows. Each at most once, but webhooks.
    #[schema(max_items = 20)]
    actions: Option<Vec<Action>>,
}

/// Fields to change; those that are left out stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"mode": "enforce"}))]
#[expect(dead_code, reason = "describes what `draft` takes field by field")]
pub struct PolicyChange {
    /// For people.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Whether it counts, and whether it acts.
    mode: Option<PolicyMode>,
    /// Decisions of higher priority come first.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    priority: Option<i32>,
    /// Where it holds: the whole of it.
    scope: Option<Scope>,
    /// How its rules go together.
    #[serde(rename = "match")]
    matching: Option<Matching>,
    /// What makes a violation: all of it.
    #[schema(min_items = 1, max_items = 50)]
    rules: Option<Vec<Rule>>,
    /// How bad a violation is: the whole of it.
    severity: Option<SeverityRules>,
    /// What follows: all of it.
    #[schema(max_items = 20)]
    actions: Option<Vec<Action>>,
}

/// A policy.
#[derive(Serialize, ToSchema)]
pub struct PolicyView {
    /// Its id.
    id: Uuid,
    /// For people.
    #[schema(example = "Payment cards")]
    name: String,
    /// Whether it counts, and whether it acts. Alerts of a policy in `simulate` are told like any other; its
    /// own mails and webhooks go out in `enforce` only.
    mode: PolicyMode,
    /// Decisions of higher priority come first.
    priority: i32,
    /// Where it holds.
    scope: Scope,
    /// How its rules go together.
    #[serde(rename = "match")]
    matching: Matching,
    /// What makes a violation.
    rules: Vec<Rule>,
    /// How bad a violation is, if not as bad as the gravest finding.
    severity: SeverityRules,
    /// What follows.
    actions: Vec<Action>,
    /// Grows with every change; also in `ETag`.
    version: i32,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
    /// By whom; null for a policy that came with Weir.
    updated_by: Option<Uuid>,
    /// What in it can have no effect. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["`mode` is off: it decides nothing"]))]
    warnings: Option<Vec<String>>,
}

impl From<StoredPolicy> for PolicyView {
    fn from(stored: StoredPolicy) -> Self {
        let Policy {
            name,
            mode,
            priority,
            scope,
            matching,
            rules,
            severity,
            actions,
        } = stored.spec.0;
        Self {
            id: stored.id.as_uuid(),
            name,
            mode,
            priority,
            scope,
            matching,
            rules,
            severity,
            actions,
            version: stored.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            updated_by: stored.updated_by.map(|user| user.as_uuid()),
            warnings: None,
        }
    }
}

impl PolicyView {
    /// With what in it can have no effect.
    pub(super) fn with_warnings(stored: StoredPolicy, findable: &Findable) -> Self {
        let warnings = Some(warnings(&stored.spec.0, findable));
        Self {
            warnings,
            ..stored.into()
        }
    }
}
