//! What the API's description shows as examples is taken by the API.
//!
//! **Invariant:** every body that is taken is sent as its example shows it, by somebody who may.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};

use crate::support::server::{Answer, Server};
use crate::support::site::Site;
use crate::support::slack::message;

/// An operation that takes a body, with its example.
struct Sample {
    method: Method,
    path: String,
    body: Value,
}

fn samples(document: &Value) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            let Some(mut schema) = content.get("schema") else {
                continue;
            };
            if let Some(to) = schema["$ref"].as_str() {
                schema = document.pointer(to.strip_prefix('#').unwrap()).unwrap();
            }
            let given = [&content["example"], &schema["example"]];
            let body = given.into_iter().find(|example| !example.is_null());
            samples.push(Sample {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                body: body
                    .unwrap_or_else(|| panic!("{method} {path} has no example"))
                    .clone(),
            });
        }
    }
    // What is made comes before what is done with it.
    samples.sort_by_key(|sample| (sample.path.contains("{id}"), sample.path.clone()));
    samples
}

/// What an example's sender cannot have: the token of a mail, a password or the id of a stranger, a
/// workspace that installed the app, Slack's signature.
const OF_NOBODY: [(&str, u16, &str); 10] = [
    ("/api/v1/auth/login", 401, "invalid_credentials"),
    ("/api/v1/auth/refresh", 401, "invalid_credentials"),
    ("/api/v1/auth/password", 401, "invalid_credentials"),
    ("/api/v1/auth/password/reset", 400, "invalid_token"),
    ("/api/v1/backfills", 422, "unusable"),
    ("/api/v1/workspaces", 503, "unavailable"),
    ("/api/v1/workspaces/{id}", 404, "not_found"),
    ("/api/v1/privacy/users/erase", 404, "not_found"),
    ("/api/v1/privacy/users/export", 404, "not_found"),
    ("/slack/events", 401, "invalid_signature"),
];

/// Values that are leaks, each another alert's: what is done to one must not stand in the way of the next.
const CARDS: [&str; 7] = [
    "4111 1111 1111 1111",
    "5555 5555 5555 4444",
    "4012 8888 8888 1881",
    "6011 1111 1111 1117",
    "5105 1051 0510 5100",
    "6011 0009 9013 9424",
    "2223 0031 2200 3222",
];

/// The ids of alerts about messages that leaked these.
async fn alerts(server: &Server, admin: &str) -> Vec<String> {
    for (n, card) in CARDS.iter().enumerate() {
        let mut event = message(&format!("Ev{n}"), &format!("the card is {card}"));
        // Not the person whom the examples have forgotten.
        event["event"]["user"] = json!("U0099");
        event["event"]["ts"] = json!(format!("1700000000.00010{n}"));
        let sent = server.slack(event.to_string().as_bytes()).await;
        assert_eq!(sent.status, 200);
    }
    server
        .eventually("the alerts", async |server| {
            let page = server.get_as(admin, "/api/v1/alerts").await.json(200);
            let items = page["items"].as_array().unwrap().iter();
            let ids = items.map(|alert| alert["id"].as_str().unwrap().to_owned());
            Some(ids.collect::<Vec<_>>()).filter(|ids| ids.len() == CARDS.len())
        })
        .await
}

/// A server, and what has been made on it.
struct Walk {
    server: Server,
    document: Value,
    admin: String,
    alerts: Vec<String>,
    made: BTreeMap<String, Value>,
}

impl Walk {
    async fn start(mut site: Site) -> Self {
        site.set("WEIR_AUTH__ALLOW_REGISTRATION", "true");
        // Nobody answers there, on any machine.
        site.set("WEIR_SLACK__API_BASE_URL", "http://127.0.0.1:1/api/");
        let server = Server::start_at(site).await;
        let admin = server.token(Role::Admin).await;
        Self {
            document: server.get("/api/openapi.json").await.json(200),
            alerts: alerts(&server, &admin).await,
            made: BTreeMap::new(),
            server,
            admin,
        }
    }

    /// The path with the id of something that is there; of another alert each time.
    fn place(&mut self, path: &str) -> String {
        let Some((collection, _)) = path.split_once("/{id}") else {
            return path.to_owned();
        };
        if collection == "/api/v1/alerts" {
            return path.replace("{id}", &self.alerts.pop().unwrap());
        }
        if collection == "/api/v1/workspaces" {
            return path.replace("{id}", "T0001");
        }
        let made = &self.made[collection];
        let mut ids = [&made["id"], &made["user"]["id"]].into_iter();
        path.replace("{id}", ids.find_map(Value::as_str).unwrap())
    }

    async fn send(&self, sample: &Sample, place: &str) -> Answer {
        let request = self.server.request(sample.method.clone(), place);
        Answer::to(request.bearer_auth(&self.admin).json(&sample.body)).await
    }

    fn note(&mut self, path: &str, answer: &Answer) {
        if answer.status == 201 {
            self.made.insert(path.to_owned(), answer.json(201));
        }
    }
}

#[tokio::test]
async fn every_example_of_a_body_is_taken() {
    let mut walk = Walk::start(Site::embedded()).await;
    for mut sample in samples(&walk.document) {
        // An example's time is over one day.
        if sample.body["expires_at"].is_string() {
            sample.body["expires_at"] = json!(SystemClock.now() + TimeDelta::days(30));
        }
        let place = walk.place(&sample.path);
        let answer = walk.send(&sample, &place).await;
        let at = format!("{} {place}", sample.method);
        if let Some((_, status, code)) = OF_NOBODY.iter().find(|(path, ..)| *path == sample.path) {
            answer.problem(*status, code);
            continue;
        }
        assert!(
            (200..300).contains(&answer.status),
            "{at}: {}",
            answer.text()
        );
        let method = sample.method.as_str().to_lowercase();
        let documented = &walk.document["paths"][&sample.path][method];
        let headers = &documented["responses"][answer.status.to_string()]["headers"];
        let known: Vec<String> = headers
            .as_object()
            .unwrap()
            .keys()
            .map(|name| name.to_lowercase())
            .collect();
        for name in ["location", "etag", "ratelimit-limit", "x-request-id"] {
            let is_known = known.iter().any(|known| known == name);
            assert_eq!(answer.headers.contains_key(name), is_known, "{at} {name}");
        }
        walk.note(&sample.path, &answer);
    }
    assert!(walk.made.len() >= 8, "{:?}", walk.made.keys());
}

/// PostgreSQL takes no NUL in a text. Each text of each example gets one.
#[tokio::test]
async fn a_nul_in_a_body_is_nobodys_failure() {
    let mut walk = Walk::start(Site::on(BTreeMap::new()).await).await;
    let mut asked = 0;
    for sample in samples(&walk.document) {
        let place = walk.place(&sample.path);
        let answer = walk.send(&sample, &place).await;
        walk.note(&sample.path, &answer);
        for at in texts(&sample.body, String::new()) {
            let mut body = sample.body.clone();
            *body.pointer_mut(&at).unwrap() = json!("a\0b");
            let Sample { method, path, .. } = &sample;
            let hostile = Sample {
                method: method.clone(),
                path: path.clone(),
                body,
            };
            let answer = walk.send(&hostile, &place).await;
            assert!(
                answer.status < 500,
                "{method} {path} {at}: {}",
                answer.status
            );
            asked += 1;
        }
    }
    assert!(asked >= 60, "{asked}");
}

/// The ways to all texts.
fn texts(value: &Value, at: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![at],
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .flat_map(|(n, item)| texts(item, format!("{at}/{n}")))
                .collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .flat_map(|(name, field)| texts(field, format!("{at}/{name}")))
                .collect()
        }
        _ => Vec::new(),
    }
}
