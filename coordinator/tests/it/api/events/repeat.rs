//! `Idempotency-Key` on `POST /api/v1/events` and `/batch`

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, event};
use crate::support::server::{Answer, Server};

async fn send(server: &Server, token: &str, path: &str, key: &str, body: &Value) -> Answer {
    let request = server.request(Method::POST, path).bearer_auth(token);
    Answer::to(request.header("idempotency-key", key).json(body)).await
}

async fn total(server: &Server, token: &str) -> u64 {
    let page = server.get_as(token, PATH).await.json(200);
    page["total"].as_u64().unwrap()
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_does_nothing() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let first = send(&server, &token, PATH, "k1", &event("HIGH")).await;
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = send(&server, &token, PATH, "k1", &event("HIGH")).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.json(201), first.json(201));
    assert_eq!(total(&server, &token).await, 1);
}

#[tokio::test]
async fn a_name_is_of_one_caller_one_route_and_one_body() {
    let server = Server::start().await;
    let (token, other) = (
        server.token(Role::Analyst).await,
        server.token(Role::Admin).await,
    );
    send(&server, &token, PATH, "k1", &event("LOW"))
        .await
        .json(201);
    send(&server, &token, PATH, "k1", &event("MEDIUM"))
        .await
        .problem(422, "unusable");
    send(&server, &token, PATH, "k2", &event("LOW"))
        .await
        .json(201);
    send(&server, &other, PATH, "k1", &event("LOW"))
        .await
        .json(201);
    let batch = json!({"events": [event("LOW")]});
    let path = format!("{PATH}/batch");
    send(&server, &token, &path, "k1", &batch).await.json(201);
    let again = send(&server, &token, &path, "k1", &batch).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(total(&server, &token).await, 4);
}

#[tokio::test]
async fn a_request_that_was_refused_may_be_sent_again_mended() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    send(&server, &token, PATH, "k1", &event("NONE"))
        .await
        .problem(422, "unusable");
    send(&server, &token, PATH, "k1", &event("LOW"))
        .await
        .json(201);
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    for key in ["", "a b", &"x".repeat(256)] {
        send(&server, &token, PATH, key, &event("LOW"))
            .await
            .problem(400, "invalid");
    }
    assert_eq!(total(&server, &token).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_done_and_all_get_its_answer() {
    let server = std::sync::Arc::new(Server::start().await);
    let token = server.token(Role::Analyst).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (server, token) = (std::sync::Arc::clone(&server), token.clone());
        tasks.spawn(async move { send(&server, &token, PATH, "k1", &event("CRITICAL")).await });
    }
    let answers = tasks.join_all().await;
    let fresh = answers
        .iter()
        .filter(|answer| !answer.headers.contains_key("idempotent-replayed"));
    assert_eq!(fresh.count(), 1);
    let bodies: std::collections::BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.json(201).to_string())
        .collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!(total(&server, &token).await, 1);
}
