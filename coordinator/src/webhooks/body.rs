//! What webhooks are told.
//!
//! Owns the JSON. **Invariant:** of what was found it holds masks only.
//!
//! # Source
//! Standard Webhooks 1.0.0: `type`, `timestamp`, `data`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use shared::ids::WebhookId;
use url::Url;

use crate::domain::notice::NoticeKind;
use crate::store::notices;

/// What is told of an alert.
pub struct News<'a> {
    /// What happened to it.
    pub event: NoticeKind,
    /// When.
    pub at: DateTime<Utc>,
    /// The alert as it is now.
    pub news: &'a notices::News,
    /// Where people look at it.
    pub public_url: Option<&'a Url>,
}

#[derive(Serialize)]
struct Told<D> {
    #[serde(rename = "type")]
    event: NoticeKind,
    timestamp: DateTime<Utc>,
    data: D,
}

impl News<'_> {
    /// As it is sent.
    pub fn written(&self) -> Vec<u8> {
        let alert = &self.news.alert;
        let previews: Vec<_> = self
            .news
            .previews
            .iter()
            .map(|preview| json!({ "info_type": preview.info_type, "preview": preview.text }))
            .collect();
        let url = self.public_url.map(|base| {
            format!(
                "{}/alerts/{}",
                base.as_str().trim_end_matches('/'),
                alert.id
            )
        });
        let data = json!({
            "id": alert.id, "status": alert.status, "severity": alert.severity, "source": alert.source,
            "title": alert.title, "description": alert.description, "info_type": alert.info_type,
            "workspace_id": alert.workspace_id, "channel_id": alert.channel_id, "user_id": alert.user_id,
            "occurrences": alert.occurrences, "reopened": alert.reopened,
            "first_seen_at": alert.first_seen_at, "last_seen_at": alert.last_seen_at,
            "previews": previews, "url": url,
        });
        written(self.event, self.at, &data)
    }
}

/// Something to see whether calls arrive.
pub fn ping(webhook: WebhookId, now: DateTime<Utc>) -> Vec<u8> {
    written(NoticeKind::Ping, now, &json!({ "webhook": webhook }))
}

fn written(event: NoticeKind, timestamp: DateTime<Utc>, data: &impl Serialize) -> Vec<u8> {
    let told = Told {
        event,
        timestamp,
        data,
    };
    // Texts, numbers and times always can be written.
    serde_json::to_vec(&told).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_looks_like_this() {
        let id = WebhookId::from(uuid::Uuid::nil());
        let body = ping(id, DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        insta::assert_snapshot!(String::from_utf8(body).unwrap(), @r#"{"type":"ping","timestamp":"2027-01-15T08:00:00Z","data":{"webhook":"00000000-0000-0000-0000-000000000000"}}"#);
    }
}
