//! `Idempotency-Key` on `POST /api/v1/audit/events` and `/batch`

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, Server};

const EVENTS: &str = "/api/v1/audit/events";
const BATCH: &str = "/api/v1/audit/events/batch";

async fn send(server: &Server, token: &str, path: &str, key: &str, body: &Value) -> Answer {
    let request = server.request(Method::POST, path).bearer_auth(token);
    Answer::to(request.header("idempotency-key", key).json(body)).await
}

fn entry(user: &str) -> Value {
    json!({"event_type": "vpn.login", "user_id": user, "variant_data": {"n": [1, null, 0.1]}})
}

async fn recorded(server: &Server, token: &str) -> u64 {
    let path = format!("{EVENTS}?event_type=vpn.login");
    let page = server.get_as(token, &path).await.json(200);
    page["total"].as_u64().unwrap()
}

#[tokio::test]
async fn the_same_entry_again_gets_the_same_answer_and_stands_once_in_the_chain() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let first = send(&server, &token, EVENTS, "k1", &entry("u-1")).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = send(&server, &token, EVENTS, "k1", &entry("u-1")).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.json(201), first.json(201));
    let location = first.headers["location"].to_str().unwrap();
    assert_eq!(
        server.get_as(&token, location).await.json(200),
        first.json(201)
    );
    assert_eq!(recorded(&server, &token).await, 1);
}

#[tokio::test]
async fn a_name_is_of_one_caller_one_route_and_one_body() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    send(&server, &token, EVENTS, "k1", &entry("u-1"))
        .await
        .json(201);
    send(&server, &token, EVENTS, "k1", &entry("u-2"))
        .await
        .problem(422, "unusable");
    send(&server, &token, EVENTS, "a b", &entry("u-1"))
        .await
        .problem(400, "invalid");
    let batch = json!({"events": [entry("u-1"), entry("u-2"), entry("u-3")]});
    let first = send(&server, &token, BATCH, "k1", &batch).await;
    let again = send(&server, &token, BATCH, "k1", &batch).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.json(201), first.json(201));
    let other = json!({"events": [entry("u-1")]});
    send(&server, &token, BATCH, "k1", &other)
        .await
        .problem(422, "unusable");
    assert_eq!(recorded(&server, &token).await, 4);
}

#[tokio::test]
async fn an_entry_that_was_refused_may_be_sent_again_mended() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let bad = json!({"event_type": ""});
    send(&server, &token, EVENTS, "k1", &bad)
        .await
        .problem(422, "unusable");
    send(&server, &token, EVENTS, "k1", &entry("u-1"))
        .await
        .json(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_written_and_the_chain_stays_whole() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let body = json!({"events": [entry("u-1"), entry("u-2")]});
    let sending = (0..16).map(|_| send(&server, &token, BATCH, "k1", &body));
    let answers = futures_util::future::join_all(sending).await;
    let bodies: std::collections::BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.json(201).to_string())
        .collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!(recorded(&server, &token).await, 2);
    let proof = server
        .get_as(&token, "/api/v1/audit/verify")
        .await
        .json(200);
    assert_eq!(
        (proof["valid"].as_bool(), proof["complete"].as_bool()),
        (Some(true), Some(true)),
        "{proof}"
    );
}
