//! Slack, as far as the events endpoint sees it: signed events, and a ledger of what got a 200.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use coordinator::slack::signature;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The signing secret of all tests.
pub(crate) const SIGNING_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Sends events and remembers which were accepted.
pub(crate) struct Slack {
    http: reqwest::Client,
    address: SocketAddr,
    accepted: BTreeSet<String>,
}

impl Slack {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).build();
        Self { http: http.unwrap(), address, accepted: BTreeSet::new() }
    }

    /// Events that were answered with 200, each once.
    pub(crate) fn accepted(&self) -> &BTreeSet<String> {
        &self.accepted
    }

    /// Sends an event once; `None` when nothing answered.
    pub(crate) async fn send(&mut self, event: &Value) -> Option<StatusCode> {
        let body = event.to_string();
        let status = self.send_raw(body.as_bytes()).await;
        if status == Some(StatusCode::OK) {
            self.accepted.insert(event["event_id"].as_str().unwrap().to_owned());
        }
        status
    }

    /// Sends bytes, rightly signed.
    pub(crate) async fn send_raw(&self, body: &[u8]) -> Option<StatusCode> {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed();
        let signature = signature::sign(SIGNING_SECRET.as_bytes(), now, body);
        let request = self
            .http
            .post(format!("http://{}/slack/events", self.address))
            .header("Content-Type", "application/json")
            .header("X-Slack-Request-Timestamp", now.to_string())
            .header("X-Slack-Signature", signature)
            .body(body.to_vec());
        request.send().await.ok().map(|response| response.status())
    }

    /// Sends an event as Slack does: again and again until it is accepted.
    pub(crate) async fn deliver(&mut self, event: &Value) {
        for _ in 0..600 {
            if self.send(event).await == Some(StatusCode::OK) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("an event was not accepted within a minute");
    }
}

/// A message event.
pub(crate) fn message(event_id: &str, text: &str) -> Value {
    json!({
        "token": "t", "team_id": "T0001", "api_app_id": "A0001", "type": "event_callback",
        "event_id": event_id, "event_time": 1_700_000_000,
        "authorizations": [{ "enterprise_id": null, "team_id": "T0001", "user_id": "U0BOT",
            "is_bot": true, "is_enterprise_install": false }],
        "event": { "type": "message", "channel": "C0001", "channel_type": "channel",
            "user": "U0001", "text": text, "ts": "1700000000.000100" },
    })
}
