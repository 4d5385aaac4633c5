//! `POST /api/v1/auth/refresh`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::{Answer, Server};

async fn refresh(server: &Server, session: &Value) -> Answer {
    let body = json!({"refresh_token": session["refresh_token"]});
    server.post("/api/v1/auth/refresh", &body).await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_a_new_session() {
    let server = Server::start().await;
    let first = server.session(Role::Analyst).await;
    let second = refresh(&server, &first).await.json(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let third = refresh(&server, &second).await.json(200);
    let token = third["access_token"].as_str().unwrap();
    let me = server.get_as(token, "/api/v1/auth/me").await.json(200);
    assert_eq!(me["role"], "analyst");
}

#[tokio::test]
async fn a_refresh_token_shown_twice_ends_the_whole_session() {
    let server = Server::start().await;
    let first = server.session(Role::Analyst).await;
    let other = server.session(Role::Analyst).await;
    let second = refresh(&server, &first).await.json(200);
    let again = refresh(&server, &first).await;
    again.problem(401, "invalid_credentials");
    let heir = refresh(&server, &second).await;
    heir.problem(401, "invalid_credentials");
    // Another session of the same person is not touched.
    refresh(&server, &other).await.json(200);
}

#[tokio::test]
async fn an_access_token_or_garbage_refreshes_nothing() {
    let server = Server::start().await;
    let session = server.session(Role::Admin).await;
    let unknown = format!("weir_rt_{}", "A".repeat(43));
    for shown in [session["access_token"].as_str().unwrap(), "", "x", &unknown] {
        let answer = refresh(&server, &json!({"refresh_token": shown})).await;
        answer.problem(401, "invalid_credentials");
    }
    let token = session["refresh_token"].as_str().unwrap();
    let answer = server.get_as(token, "/api/v1/auth/me").await;
    answer.problem(401, "unauthenticated");
}
