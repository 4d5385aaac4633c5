//! Webhooks as they are shown.
//!
//! Owns the shapes. **Invariant:** of a URL only scheme and host are shown, since its path may be a secret; a
//! signing secret is shown once, by the answer that made it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::finding::Severity;
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::notice::NoticeKind;
use crate::store::outbox::{ActionState, StoredAction};
use crate::store::webhooks::{Webhook, WebhookState};
use crate::webhooks::SigningSecret;

/// A webhook.
#[derive(Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    id: Uuid,
    /// For people.
    #[schema(example = "SIEM")]
    name: String,
    /// Scheme and host of its URL; null if its row was sealed under a key that is not there.
    #[schema(example = "https://siem.example.com")]
    endpoint: Option<String>,
    /// Only what is at least so bad.
    #[schema(value_type = String, example = "HIGH")]
    min_severity: Severity,
    /// What it is told of.
    #[schema(value_type = Vec<String>, example = json!(["alert.opened"]))]
    event_types: Vec<NoticeKind>,
    /// Whether it is called.
    enabled: bool,
    /// `active`, `failing` or `disabled`.
    #[schema(example = "active")]
    state: &'static str,
    /// Why it is disabled: `by_admin`, `too_many_failures` or `gone`.
    disabled_reason: Option<String>,
    /// Failures since it last took something.
    failures: i32,
    /// Since when it fails.
    failing_since: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
    /// Grows with every change.
    version: i32,
}

/// A webhook and its signing secret, which is not shown again.
#[derive(Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    view: WebhookView,
    /// Checks the signatures of its calls (Standard Webhooks). Keep it now: it is not shown again.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0c0G0f0m2yM=")]
    secret: String,
}

/// All webhooks.
#[derive(Serialize, ToSchema)]
pub struct WebhookList {
    /// The webhooks, oldest first.
    pub(super) items: Vec<WebhookView>,
    /// How many there are.
    pub(super) total: usize,
}

/// What a call said.
#[derive(Serialize, ToSchema)]
pub struct TestResult {
    /// Whether the endpoint took it: it answered with 2xx.
    pub(super) delivered: bool,
    /// The HTTP status it answered with.
    pub(super) status: Option<u16>,
    /// Why nothing was answered: `address_not_allowed`, `name_not_found`, `connection_failed`, `timeout`…
    pub(super) code: Option<&'static str>,
}

/// Something that was, or is to be, told.
#[derive(Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id; `webhook-id` of its calls is `msg_` and this without dashes.
    id: Uuid,
    /// The alert it tells of.
    alert_id: Option<Uuid>,
    /// `pending`, `done` or `failed`.
    #[schema(example = "done")]
    state: &'static str,
    /// How often it was tried.
    attempts: i32,
    /// Why the last attempt failed, as a code.
    #[schema(example = "http_503")]
    error_code: Option<String>,
    /// When it was written down.
    created_at: DateTime<Utc>,
    /// When it is tried next, if it is pending.
    next_attempt_at: Option<DateTime<Utc>>,
    /// When it was done or given up.
    settled_at: Option<DateTime<Utc>>,
}

impl WebhookView {
    pub(super) fn of(webhook: Webhook, url: Option<&Url>) -> Self {
        Self {
            id: webhook.id.as_uuid(),
            name: webhook.name,
            endpoint: url.map(|url| url.origin().ascii_serialization()),
            min_severity: webhook.min_severity,
            event_types: webhook.event_types.0,
            enabled: webhook.state != WebhookState::Disabled,
            state: webhook.state.as_str(),
            disabled_reason: webhook.disabled_reason,
            failures: webhook.failures,
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            version: webhook.version,
        }
    }

    pub(super) fn with_secret(self, secret: &SigningSecret) -> WebhookWithSecret {
        WebhookWithSecret {
            view: self,
            secret: secret.expose().to_owned(),
        }
    }
}

impl From<StoredAction> for DeliveryView {
    fn from(action: StoredAction) -> Self {
        let is_pending = action.state == ActionState::Pending;
        Self {
            id: action.id.as_uuid(),
            alert_id: action.alert_id.map(|alert| alert.as_uuid()),
            state: action.state.as_str(),
            attempts: action.attempts,
            error_code: action.last_error_code,
            created_at: action.created_at,
            next_attempt_at: is_pending.then_some(action.due_at),
            settled_at: action.settled_at,
        }
    }
}
