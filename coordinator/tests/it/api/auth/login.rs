//! `POST /api/v1/auth/login`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::{KEPT_OUT, PASSWORD, Server, email_of};

const PATH: &str = "/api/v1/auth/login";

#[tokio::test]
async fn the_right_password_gives_a_session() {
    let server = Server::start().await;
    let session = server.session(Role::Analyst).await;
    insta::assert_json_snapshot!(session, {
        ".access_token" => "[access token]",
        ".refresh_token" => "[refresh token]",
    }, @r#"
    {
      "access_token": "[access token]",
      "expires_in": 900,
      "refresh_token": "[refresh token]",
      "token_type": "Bearer"
    }
    "#);
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(server.get_as(token, "/api/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn an_address_is_the_same_in_any_case() {
    let server = Server::start().await;
    let body = json!({"email": email_of(Role::Admin).to_uppercase(), "password": PASSWORD});
    server.post(PATH, &body).await.json(200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    let server = Server::start().await;
    let attempts = [
        json!({"email": email_of(Role::Admin), "password": "not the password"}),
        json!({"email": "nobody@example.test", "password": PASSWORD}),
        json!({"email": "", "password": ""}),
    ];
    let mut refusals = Vec::new();
    for attempt in &attempts {
        let mut refusal = server
            .post(PATH, attempt)
            .await
            .problem(401, "invalid_credentials");
        refusal["request_id"].take();
        refusals.push(refusal);
    }
    assert_eq!(refusals[0], refusals[1]);
    assert_eq!(refusals[1], refusals[2]);
}

#[tokio::test]
async fn a_request_with_something_missing_or_too_much_is_refused() {
    let server = Server::start().await;
    let missing = json!({"email": email_of(Role::Admin)});
    let problem = server.post(PATH, &missing).await.problem(400, "invalid");
    assert_eq!(problem["detail"], "missing field `password`");
    let more = json!({"email": email_of(Role::Admin), "password": PASSWORD, "role": "admin"});
    let refused = server.post(PATH, &more).await;
    assert!(!refused.text().contains("role"));
    refused.problem(400, "invalid");
}

#[tokio::test]
async fn somebody_who_is_kept_out_is_refused_like_somebody_unknown() {
    let server = Server::start().await;
    let body = json!({"email": KEPT_OUT, "password": PASSWORD});
    let refused = server.post(PATH, &body).await;
    refused.problem(401, "invalid_credentials");
}
