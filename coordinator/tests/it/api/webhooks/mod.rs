//! `/api/v1/webhooks`

mod change;
mod create;
mod deliver;
mod test;

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::receiver::Receiver;
use crate::support::server::{Answer, Server};

const PATH: &str = "/api/v1/webhooks";
/// Lets webhooks lead to this machine, and tries again soon.
const OPEN: [(&str, &str); 3] = [
    ("WEIR_WEBHOOKS__ALLOW_HTTP", "true"),
    ("WEIR_WEBHOOKS__ALLOW_NETWORKS", "127.0.0.0/8"),
    ("WEIR_WEBHOOKS__RETRY_AFTER", "100ms"),
];

/// A server that may call this machine, an admin's token, and somebody who is called.
struct Scene {
    server: Server,
    token: String,
    receiver: Receiver,
    url: String,
}

impl Scene {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    async fn start_with(more: &[(&str, &str)]) -> Self {
        let (receiver, address) = Receiver::start().await;
        let settings: Vec<(&str, &str)> = OPEN.iter().chain(more).copied().collect();
        let server = Server::start_with(&settings).await;
        let token = server.token(Role::Admin).await;
        let url = format!("http://{address}/hooks/zanarkandpath");
        Self {
            server,
            token,
            receiver,
            url,
        }
    }

    /// Makes a webhook that is told everything.
    async fn webhook(&self) -> Value {
        let body = json!({"name": "SIEM", "url": self.url, "min_severity": "INFO"});
        self.server
            .post_as(&self.token, PATH, &body)
            .await
            .json(201)
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.server.request(method, path).bearer_auth(&self.token);
        Answer::to(request.json(body)).await
    }

    /// Raises an alert.
    async fn raise(&self, description: &str) -> Value {
        let event = json!({
            "source": "ids", "event_type": "intrusion", "severity": "CRITICAL", "description": description,
        });
        self.server
            .post_as(&self.token, "/api/v1/events", &event)
            .await
            .json(201)
    }

    /// Waits until the webhook is shown so.
    async fn shown(&self, webhook: &Value, done: impl Fn(&Value) -> bool) -> Value {
        let path = at(webhook, "");
        self.server
            .eventually("the webhook's state", async |server| {
                let shown = server.get_as(&self.token, &path).await.json(200);
                done(&shown).then_some(shown)
            })
            .await
    }

    /// Waits until the newest delivery is shown so.
    async fn newest(&self, webhook: &Value, state: &str) -> Value {
        let path = at(webhook, "/deliveries");
        self.server
            .eventually("the delivery's state", async |server| {
                let page = server.get_as(&self.token, &path).await.json(200);
                let newest = page["items"][0].clone();
                (newest["state"] == state).then_some(newest)
            })
            .await
    }
}

fn at(webhook: &Value, below: &str) -> String {
    format!("{PATH}/{}{below}", webhook["id"].as_str().unwrap())
}
