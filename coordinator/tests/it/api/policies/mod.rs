mod change;
mod create;
mod list;
mod simulate;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, Server};
use crate::support::slack::message;

const PATH: &str = "/api/v1/policies";

/// A policy as the documents show it.
fn cards() -> Value {
    json!({
        "name": "Cards", "mode": "enforce", "priority": 100,
        "scope": {"include": {}, "exclude": {"channels": ["C123"]}},
        "rules": [{"info_types": ["CREDIT_CARD_NUMBER"], "min_likelihood": "LIKELY", "min_count": 1}],
        "actions": [{"type": "block"}, {"type": "notify_author"}, {"type": "alert", "severity": "HIGH"}],
    })
}

async fn send(server: &Server, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let request = server.request(method, path).bearer_auth(token);
    Answer::to(request.json(body)).await
}

/// Lets a message be caught; gives it as the API shows it.
async fn caught(server: &Server, token: &str, event_id: &str, text: &str, place: Value) -> Value {
    let mut event = message(event_id, text);
    let ts = format!("1700000000.{event_id}");
    let inner = event["event"].as_object_mut().unwrap();
    inner.insert("ts".to_owned(), json!(ts));
    inner.extend(place.as_object().unwrap().clone());
    assert_eq!(server.slack(event.to_string().as_bytes()).await.status, 200);
    server
        .eventually("the message is caught", async |server| {
            let page = server.get_as(token, "/api/v1/messages").await.json(200);
            let mut items = page["items"].as_array().unwrap().iter();
            items.find(|message| message["ts"] == ts).cloned()
        })
        .await
}

fn policies_of(message: &Value) -> Vec<&str> {
    let met = message["policies"].as_array().unwrap().iter();
    met.map(|met| met["name"].as_str().unwrap()).collect()
}

fn actions_of(message: &Value) -> Vec<&str> {
    let actions = message["actions"].as_array().unwrap().iter();
    let mut kinds: Vec<&str> = actions
        .map(|action| action["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds
}
