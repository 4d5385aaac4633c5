//! Slack, as far as the events endpoint sees it: signed events, sent until they are accepted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use coordinator::slack::signature::SigningSecret;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::secret::SecretString;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The signing secret of all tests.
pub(crate) const SIGNING_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Requests under way at once.
const AT_ONCE: usize = 16;
/// How often an event is sent, a tenth of a second apart, before the test fails.
const TRIES: usize = 600;

/// Sends events to one coordinator.
#[derive(Clone)]
pub(crate) struct Slack {
    http: reqwest::Client,
    address: SocketAddr,
}

impl Slack {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10));
        Self {
            http: http.build().unwrap(),
            address,
        }
    }

    /// Sends an event once; `None` when nothing answered.
    pub(crate) async fn send(&self, event: &Value) -> Option<StatusCode> {
        self.send_raw(event.to_string().as_bytes()).await
    }

    /// Sends bytes, rightly signed.
    pub(crate) async fn send_raw(&self, body: &[u8]) -> Option<StatusCode> {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let secret = SigningSecret::new(&SecretString::from(SIGNING_SECRET)).unwrap();
        let signature = secret.sign(now.cast_signed(), body);
        let request = self
            .http
            .post(format!("http://{}/slack/events", self.address))
            .header("Content-Type", "application/json")
            .header("X-Slack-Request-Timestamp", now.to_string())
            .header("X-Slack-Signature", signature)
            .body(body.to_vec());
        request.send().await.ok().map(|response| response.status())
    }

    /// Sends an event as Slack does: again and again until it is accepted. Says how often it was not.
    pub(crate) async fn deliver(&self, event: &Value) -> usize {
        for refused in 0..TRIES {
            if self.send(event).await == Some(StatusCode::OK) {
                return refused;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("an event was not accepted within a minute");
    }

    /// Delivers `count` events whose ids begin with `prefix`, some of them leaks; says how many
    /// requests were refused on the way.
    pub(crate) async fn flood(&self, prefix: &str, count: usize) -> usize {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut sending = JoinSet::new();
        for n in 0..count {
            let (slack, permits) = (self.clone(), Arc::clone(&permits));
            let text = if n % 10 == 0 {
                "card 4111 1111 1111 1111"
            } else {
                "nothing to see"
            };
            let event = message(&format!("{prefix}{n}"), text);
            sending.spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                slack.deliver(&event).await
            });
        }
        sending.join_all().await.into_iter().sum()
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
