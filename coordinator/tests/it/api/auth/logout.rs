//! `POST /api/v1/auth/logout`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::{Answer, Server};

#[tokio::test]
async fn a_session_that_was_ended_does_not_go_on() {
    let server = Server::start().await;
    let session = server.session(Role::Admin).await;
    let body = json!({"refresh_token": session["refresh_token"]});
    let ended = server.post("/api/v1/auth/logout", &body).await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    let refused = server.post("/api/v1/auth/refresh", &body).await;
    refused.problem(401, "invalid_credentials");
}

#[tokio::test]
async fn ending_what_is_not_there_is_fine() {
    let server = Server::start().await;
    for token in ["", "x", &format!("weir_rt_{}", "A".repeat(43))] {
        let body = json!({"refresh_token": token});
        let answer = server.post("/api/v1/auth/logout", &body).await;
        assert_eq!(answer.status, 204, "{token}");
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_at_once() {
    let server = Server::start().await;
    let (one, two) = (
        server.session(Role::Analyst).await,
        server.session(Role::Analyst).await,
    );
    let admin = server.token(Role::Admin).await;
    let access = |session: &serde_json::Value| session["access_token"].as_str().unwrap().to_owned();
    let request = server.request(reqwest::Method::POST, "/api/v1/auth/logout-all");
    let ended = Answer::to(request.bearer_auth(access(&one))).await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    for session in [&one, &two] {
        server
            .get_as(&access(session), "/api/v1/auth/me")
            .await
            .problem(401, "unauthenticated");
        let body = json!({"refresh_token": session["refresh_token"]});
        server
            .post("/api/v1/auth/refresh", &body)
            .await
            .problem(401, "invalid_credentials");
    }
    assert_eq!(server.get_as(&admin, "/api/v1/auth/me").await.status, 200);
    let again = server.token(Role::Analyst).await;
    assert_eq!(server.get_as(&again, "/api/v1/auth/me").await.status, 200);
}
