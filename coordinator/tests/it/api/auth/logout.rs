//! `POST /api/v1/auth/logout`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::Server;

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
