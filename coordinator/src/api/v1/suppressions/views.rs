//! Suppressions as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::draft::MatchesDraft;
use crate::domain::suppression::Matches;
use crate::store::suppressions::Suppression;

/// What kind of decision it was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SuppressionKind)]
pub enum KindWord {
    /// It is no leak.
    Suppression,
    /// It is one, and somebody answers for it for a while.
    AcceptedRisk,
}

/// Whether one is in force.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SuppressionState)]
pub enum StateWord {
    /// It is.
    Live,
    /// It is over.
    Ended,
}

/// A suppression, or an accepted risk.
#[derive(Serialize, ToSchema)]
pub struct SuppressionView {
    /// Its id.
    id: Uuid,
    /// What kind of decision it was.
    #[schema(value_type = KindWord)]
    kind: &'static str,
    /// Whether it is in force.
    #[schema(value_type = StateWord)]
    state: &'static str,
    /// What it is about.
    #[schema(value_type = MatchesDraft)]
    matches: Matches,
    /// Why it is there.
    #[schema(example = "Test cards of the payment team.")]
    reason: String,
    /// Who answers for it.
    owner: Uuid,
    /// The alert whose risk was accepted.
    alert: Option<Uuid>,
    /// Who made it.
    created_by: Option<Uuid>,
    /// When.
    created_at: DateTime<Utc>,
    /// When it is over; null for never.
    expires_at: Option<DateTime<Utc>>,
    /// When it was ended, or found to be over.
    ended_at: Option<DateTime<Utc>>,
    /// How many findings it kept from counting.
    #[schema(minimum = 0)]
    hits: u64,
    /// When the last.
    last_hit_at: Option<DateTime<Utc>>,
    /// Grows with every change by people; the `ETag`.
    #[schema(minimum = 1)]
    version: i32,
}

impl SuppressionView {
    /// A suppression as it is now.
    pub(super) fn of(suppression: Suppression, now: DateTime<Utc>) -> Self {
        Self {
            id: suppression.id.as_uuid(),
            kind: suppression.kind.as_str(),
            state: if suppression.is_in_force(now) {
                "live"
            } else {
                "ended"
            },
            matches: suppression.matches,
            reason: suppression.reason,
            owner: suppression.owner.as_uuid(),
            alert: suppression.alert_id.map(|id| id.as_uuid()),
            created_by: suppression.created_by.map(|id| id.as_uuid()),
            created_at: suppression.created_at,
            expires_at: suppression.expires_at,
            ended_at: suppression.ended_at,
            hits: suppression.hits,
            last_hit_at: suppression.last_hit_at,
            version: suppression.version,
        }
    }
}
