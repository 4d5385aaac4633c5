//! Shapes that more than one resource shows.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::content::{Coverage, GapReason, Location};
use shared::finding::{Evidence, Finding};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::findings::StoredFinding;

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// Its id.
    pub id: Uuid,
    /// What kind of data.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    pub info_type: String,
    /// Which detector found it.
    #[schema(example = "credit-card-number")]
    pub detector: String,
    /// How sure: `VERY_UNLIKELY` to `VERY_LIKELY`.
    #[schema(example = "VERY_LIKELY")]
    pub likelihood: &'static str,
    /// How bad: `INFO` to `CRITICAL`.
    #[schema(example = "HIGH")]
    pub severity: &'static str,
    /// First byte of the text as sent, on a character boundary.
    #[schema(example = 11)]
    pub start: u64,
    /// One past the last byte, on a character boundary.
    #[schema(example = 30)]
    pub end: u64,
    /// The value, masked.
    #[schema(example = "4111 **** **** 1111")]
    pub preview: String,
    /// The same for the same value: a keyed hash.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015")]
    pub fingerprint: String,
    /// Where it stands: `pointer`, `file`, `line`, `row`, `column`, `part`, as far as they apply.
    #[schema(value_type = Object)]
    pub location: Location,
    /// Why the engine thinks so.
    pub explanation: Vec<EvidenceView>,
    /// The suppression or accepted risk that keeps it from counting for policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed_by: Option<Uuid>,
}

/// One thing that spoke for or against a finding.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceView {
    /// What was seen.
    #[schema(example = "the check digit holds")]
    pub reason: String,
    /// By how many steps it moved the likelihood.
    pub effect: i16,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            id: finding.id.as_uuid(),
            info_type: finding.info_type.into(),
            detector: finding.detector.to_string(),
            likelihood: finding.likelihood.as_str(),
            severity: finding.severity.as_str(),
            start: finding.start,
            end: finding.end,
            preview: finding.preview,
            fingerprint: finding.fingerprint.as_str().to_owned(),
            location: finding.location,
            explanation: finding
                .explanation
                .into_iter()
                .map(EvidenceView::from)
                .collect(),
            suppressed_by: None,
        }
    }
}

impl From<StoredFinding> for FindingView {
    fn from(stored: StoredFinding) -> Self {
        Self {
            suppressed_by: stored.suppressed_by.map(|id| id.as_uuid()),
            ..Self::from(stored.finding)
        }
    }
}

impl From<Evidence> for EvidenceView {
    fn from(evidence: Evidence) -> Self {
        Self {
            reason: evidence.reason,
            effect: evidence.effect,
        }
    }
}

/// How much of the content was examined.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageView {
    /// `complete` or `partial`.
    #[schema(example = "complete")]
    pub state: &'static str,
    /// What was left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<GapView>,
}

/// Something that was not examined.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapView {
    /// Why.
    #[schema(value_type = String, example = "unsupported_type")]
    pub reason: GapReason,
    /// Which part, if not the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl From<Coverage> for CoverageView {
    fn from(coverage: Coverage) -> Self {
        match coverage {
            Coverage::Complete => Self {
                state: "complete",
                gaps: Vec::new(),
            },
            Coverage::Partial { gaps } => Self {
                state: "partial",
                gaps: gaps
                    .into_iter()
                    .map(|gap| GapView {
                        reason: gap.reason,
                        part: gap.part,
                    })
                    .collect(),
            },
        }
    }
}

/// A node.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodeView {
    /// New at each start of its process.
    pub id: Uuid,
    /// The host's or pod's name.
    #[schema(example = "scanner-1")]
    pub name: String,
    /// The version of its binary.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// When it was first heard of.
    pub started_at: DateTime<Utc>,
    /// When it was last heard of.
    pub last_seen_at: DateTime<Utc>,
    /// Messages it scans at once, at most.
    pub concurrency: i32,
    /// `answered`, `failed`, and the slots by class.
    #[schema(value_type = Object)]
    pub counters: Value,
}
