//! Alerts as they are shown.
//!
//! Owns the shapes, of lists, single alerts and exports alike. **Invariant:** what is shown has the names by
//! which it is filtered and ordered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::v1::held::HeldView;
use crate::domain::policy::SeverityWord;
use crate::store::alerts::{Activity, Alert, Occurrence};
use crate::store::held::HeldMessage;

/// How far people are with an alert.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = AlertStatus)]
pub enum StatusWord {
    /// Nobody has looked at it.
    Open,
    /// Somebody has taken it on.
    Acknowledged,
    /// What had to be done is done.
    Resolved,
    /// There was nothing to be done.
    Dismissed,
}

/// An alert.
#[derive(Serialize, ToSchema)]
pub struct AlertView {
    /// Its id.
    pub(super) id: Uuid,
    /// How far people are with it.
    #[schema(value_type = StatusWord)]
    pub(super) status: &'static str,
    /// The worst so far, unless somebody said otherwise.
    #[schema(value_type = SeverityWord)]
    pub(super) severity: &'static str,
    /// Who raised it: `slack`, or the source of a security event.
    #[schema(example = "slack")]
    pub(super) source: String,
    /// In a few words.
    #[schema(example = "CREDIT_CARD_NUMBER in a message")]
    pub(super) title: String,
    /// What a security event says of itself.
    pub(super) description: Option<String>,
    /// The kind of data.
    #[schema(example = "CREDIT_CARD_NUMBER")]
    pub(super) info_type: Option<String>,
    /// The gravest value it was first seen with, as a keyed hash.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015")]
    pub(super) fingerprint: Option<String>,
    /// The policy it met first.
    pub(super) policy_id: Option<Uuid>,
    /// Slack's workspace.
    #[schema(example = "T0001")]
    pub(super) workspace: Option<String>,
    /// Slack's channel, where it was seen first.
    #[schema(example = "C0001")]
    pub(super) channel: Option<String>,
    /// Slack's user, who wrote it first.
    #[schema(example = "U0001")]
    pub(super) user: Option<String>,
    /// The message it was seen in last: `/api/v1/messages/{id}`.
    pub(super) message: Option<Uuid>,
    /// The security event that reported it last.
    pub(super) event_id: Option<Uuid>,
    /// How often it was seen.
    #[schema(minimum = 1)]
    pub(super) occurrences: u64,
    /// When it was seen first.
    pub(super) first_seen_at: DateTime<Utc>,
    /// The same: when it was raised.
    pub(super) created_at: DateTime<Utc>,
    /// When it was seen last.
    pub(super) last_seen_at: DateTime<Utc>,
    /// Who works on it.
    pub(super) assignee: Option<Uuid>,
    /// Until when it is to be closed.
    pub(super) due_at: Option<DateTime<Utc>>,
    /// Whether it should have been closed by now.
    pub(super) overdue: bool,
    /// How it ended.
    #[schema(example = "FALSE_POSITIVE")]
    pub(super) resolution: Option<String>,
    /// When it ended.
    pub(super) closed_at: Option<DateTime<Utc>>,
    /// How often it came back after it was closed.
    #[schema(minimum = 0)]
    pub(super) reopened: i32,
    /// Grows with every change by people; the `ETag`.
    #[schema(minimum = 1)]
    pub(super) version: i32,
}

/// An alert, and what became of the messages that it is about.
#[derive(Serialize, ToSchema)]
pub struct AlertDetail {
    #[serde(flatten)]
    alert: AlertView,
    /// Messages that were to be blocked because of it, twenty at most, the oldest first; absent if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocked: Vec<HeldView>,
}

/// Once that a leak was seen.
#[derive(Serialize, ToSchema)]
pub struct OccurrenceView {
    /// Its id.
    id: Uuid,
    /// The message: `/api/v1/messages/{id}`.
    message: Option<Uuid>,
    /// The security event.
    event_id: Option<Uuid>,
    /// Slack's workspace.
    workspace: Option<String>,
    /// Slack's channel.
    channel: Option<String>,
    /// Slack's user.
    user: Option<String>,
    /// Slack's id of the message in its channel.
    ts: Option<String>,
    /// How bad it was this time.
    #[schema(value_type = SeverityWord)]
    severity: &'static str,
    /// When.
    seen_at: DateTime<Utc>,
}

/// Something that was said or done about an alert.
#[derive(Serialize, ToSchema)]
pub struct ActivityView {
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// Who; null for Weir itself.
    user: Option<Uuid>,
    /// What: `comment`, `status`, `assigned`, `changed`, `reopened`, `risk_accepted`.
    #[schema(example = "comment")]
    kind: String,
    /// What somebody said.
    text: Option<String>,
    /// From what to what.
    #[schema(value_type = Object)]
    data: Value,
}

impl AlertDetail {
    /// An alert, and what was blocked.
    pub(super) fn of(alert: AlertView, blocked: Vec<HeldMessage>) -> Self {
        Self {
            alert,
            blocked: blocked.into_iter().map(HeldView::from).collect(),
        }
    }
}

impl AlertView {
    /// An alert as it is now.
    pub(super) fn of(alert: Alert, now: DateTime<Utc>) -> Self {
        Self {
            overdue: alert.is_overdue(now),
            id: alert.id.as_uuid(),
            status: alert.status.as_str(),
            severity: alert.severity.as_str(),
            source: alert.source,
            title: alert.title,
            description: alert.description,
            info_type: alert.info_type,
            fingerprint: alert.fingerprint,
            policy_id: alert.policy_id.map(|id| id.as_uuid()),
            workspace: alert.workspace_id,
            channel: alert.channel_id,
            user: alert.user_id,
            message: alert.job_id.map(|id| id.as_uuid()),
            event_id: alert.event_id.map(|id| id.as_uuid()),
            occurrences: alert.occurrences,
            first_seen_at: alert.first_seen_at,
            created_at: alert.first_seen_at,
            last_seen_at: alert.last_seen_at,
            assignee: alert.assignee.map(|id| id.as_uuid()),
            due_at: alert.due_at,
            resolution: alert.resolution,
            closed_at: alert.closed_at,
            reopened: alert.reopened,
            version: alert.version,
        }
    }
}

impl From<Occurrence> for OccurrenceView {
    fn from(seen: Occurrence) -> Self {
        Self {
            id: seen.id.as_uuid(),
            message: seen.job_id.map(|id| id.as_uuid()),
            event_id: seen.event_id.map(|id| id.as_uuid()),
            workspace: seen.workspace_id,
            channel: seen.channel_id,
            user: seen.user_id,
            ts: seen.message_ts,
            severity: seen.severity.as_str(),
            seen_at: seen.seen_at,
        }
    }
}

impl From<Activity> for ActivityView {
    fn from(noted: Activity) -> Self {
        Self {
            id: noted.id.as_uuid(),
            at: noted.at,
            user: noted.user_id.map(|id| id.as_uuid()),
            kind: noted.kind,
            text: noted.text,
            data: noted.data,
        }
    }
}
