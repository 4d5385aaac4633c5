//! Slack, as far as the events endpoint sees it: signed events, and a ledger of what got a 200.
//!
//! **Invariant:** an event that got a 200 is never sent again by [`Slack::load`], so that what was lost
//! after it stays lost and is seen.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use coordinator::slack::signature::SigningSecret;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::secret::SecretString;
use tokio::task::JoinSet;

use super::patience::until;

/// The signing secret of all tests.
pub(crate) const SIGNING_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Events under way at once.
const SIDE_BY_SIDE: usize = 8;

/// Sends events and remembers which were accepted. Clones are the same.
#[derive(Clone)]
pub(crate) struct Slack {
    http: reqwest::Client,
    address: SocketAddr,
    accepted: Arc<Mutex<BTreeSet<String>>>,
}

impl Slack {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self {
            http,
            address,
            accepted: Arc::default(),
        }
    }

    /// How many events were answered with 200, each counted once.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }

    /// Waits until so many events were accepted.
    pub(crate) async fn accepted_reaches(&self, count: usize) {
        until("events are accepted", async || self.accepted() >= count).await;
    }

    /// Sends an event once; `None` when nothing answered.
    pub(crate) async fn send(&self, event: &Value) -> Option<StatusCode> {
        let status = self.send_raw(event.to_string().as_bytes()).await;
        if status == Some(StatusCode::OK) {
            let id = event["event_id"].as_str().unwrap().to_owned();
            self.accepted.lock().unwrap().insert(id);
        }
        status
    }

    /// Sends an event as Slack does: again and again until it is accepted.
    pub(crate) async fn deliver(&self, event: &Value) {
        for _ in 0..900 {
            if self.send(event).await == Some(StatusCode::OK) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("an event was not accepted");
    }

    /// Delivers `count` messages with a leak, side by side; their ids begin with `prefix`.
    pub(crate) fn load(&self, prefix: &'static str, count: usize) -> JoinSet<()> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..SIDE_BY_SIDE {
            let (slack, next) = (self.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    slack.deliver(&leak(&format!("{prefix}{number}"))).await;
                }
            });
        }
        tasks
    }

    async fn send_raw(&self, body: &[u8]) -> Option<StatusCode> {
        let now = std::time::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs()
            .cast_signed();
        let secret = SigningSecret::new(&SecretString::from(SIGNING_SECRET)).unwrap();
        let request = self
            .http
            .post(format!("http://{}/slack/events", self.address))
            .header("Content-Type", "application/json")
            .header("X-Slack-Request-Timestamp", now.to_string())
            .header("X-Slack-Signature", secret.sign(now, body))
            .body(body.to_vec());
        let response = request.send().await.ok();
        response.map(|response| response.status())
    }
}

/// An event of a message that must be caught.
pub(crate) fn leak(event_id: &str) -> Value {
    message(event_id, "my card is 4111 1111 1111 1111, exp 12/29")
}

/// An event of a message.
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
