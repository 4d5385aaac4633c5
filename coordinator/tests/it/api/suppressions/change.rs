//! `PATCH /api/v1/suppressions/{id}`, `DELETE /{id}`.

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{LIST, send};
use crate::support::server::{Answer, Server};
use crate::support::slack::leak;

async fn made(server: &Server) -> String {
    let body = json!({"matches": {"channels": ["C0001"]}, "reason": "tests"});
    let made = send(server, Method::POST, LIST, &body).await;
    made.headers["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn reason_owner_and_end_are_changed_and_nothing_else() {
    let server = Server::start().await;
    let path = made(&server).await;
    let change = json!({"reason": "other", "expires_at": "9999-12-31T23:59:59Z"});
    let changed = send(&server, Method::PATCH, &path, &change).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.json(200)["reason"], "other");
    let shown = send(&server, Method::GET, &path, &Value::Null)
        .await
        .json(200);
    assert_eq!(shown["expires_at"], "9999-12-31T23:59:59Z");
    let for_ever = send(&server, Method::PATCH, &path, &json!({"expires_at": null})).await;
    assert_eq!(for_ever.json(200)["expires_at"], Value::Null);
    for body in [
        json!({}),
        json!({"reason": ""}),
        json!({"matches": {"channels": ["C2"]}}),
        json!({"kind": "suppression"}),
        json!({"expires_at": "2001-01-01T00:00:00Z"}),
        json!({"owner": "4111"}),
    ] {
        send(&server, Method::PATCH, &path, &body)
            .await
            .problem(422, "unusable");
    }
}

#[tokio::test]
async fn whoever_names_a_version_is_held_to_it() {
    let server = Server::start().await;
    let path = made(&server).await;
    let token = server.token(Role::Admin).await;
    for method in [Method::PATCH, Method::DELETE] {
        let request = server.request(method, &path).bearer_auth(&token);
        let stale = request
            .header("if-match", "\"9\"")
            .json(&json!({"reason": "x"}));
        Answer::to(stale).await.problem(412, "precondition_failed");
    }
}

#[tokio::test]
async fn one_that_was_ended_stays_to_be_seen_and_hits_nothing() {
    let server = Server::start().await;
    let path = made(&server).await;
    assert_eq!(
        send(&server, Method::DELETE, &path, &Value::Null)
            .await
            .status,
        204
    );
    let shown = send(&server, Method::GET, &path, &Value::Null)
        .await
        .json(200);
    assert_eq!(shown["state"], "ended");
    assert!(shown["ended_at"].is_string());
    send(&server, Method::DELETE, &path, &Value::Null)
        .await
        .problem(409, "conflict");
    let reason = json!({"reason": "x"});
    send(&server, Method::PATCH, &path, &reason)
        .await
        .problem(409, "conflict");
    assert_eq!(
        server
            .slack(leak("Ev1").to_string().as_bytes())
            .await
            .status,
        200
    );
    let token = server.token(Role::Admin).await;
    server
        .eventually("an alert", async |server| {
            let page = server.get_as(&token, "/api/v1/alerts").await.json(200);
            (page["total"] == 1).then_some(())
        })
        .await;
    let shown = send(&server, Method::GET, &path, &Value::Null)
        .await
        .json(200);
    assert_eq!(shown["hits"], 0);
}
