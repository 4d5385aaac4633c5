//! `/api/v1/auth/password`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::{KEPT_OUT, PASSWORD, Server, email_of};

const CHANGE: &str = "/api/v1/auth/password";
const FORGOT: &str = "/api/v1/auth/password/forgot";
const RESET: &str = "/api/v1/auth/password/reset";
const NEW: &str = "another password of mine";

fn change(current: &str, new: &str) -> Value {
    json!({"current_password": current, "new_password": new})
}

async fn api_token(server: &Server, admin: &str) -> String {
    let body = json!({"name": "ci", "scopes": ["users:read", "users:write", "tokens:write"]});
    let made = server
        .post_as(admin, "/api/v1/tokens", &body)
        .await
        .json(201);
    made["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_changed_password_ends_other_sessions_at_once() {
    let server = Server::start().await;
    let (this, other) = (
        server.token(Role::Analyst).await,
        server.token(Role::Analyst).await,
    );
    let changed = server.post_as(&this, CHANGE, &change(PASSWORD, NEW)).await;
    assert_eq!((changed.status, changed.body.len()), (204, 0));
    assert_eq!(server.get_as(&this, "/api/v1/auth/me").await.status, 200);
    server
        .get_as(&other, "/api/v1/auth/me")
        .await
        .problem(401, "unauthenticated");
    let body = json!({"email": email_of(Role::Analyst), "password": NEW});
    server.post("/api/v1/auth/login", &body).await.json(200);
}

#[tokio::test]
async fn a_wrong_or_useless_password_changes_nothing() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let wrong = server.post_as(&token, CHANGE, &change("wrong", NEW)).await;
    wrong.problem(401, "invalid_credentials");
    for bad in ["short", "password1234", &email_of(Role::Analyst)] {
        let refused = server.post_as(&token, CHANGE, &change(PASSWORD, bad)).await;
        assert_eq!(
            refused.problem(422, "unusable")["errors"]
                .as_array()
                .unwrap()
                .len(),
            1,
            "{bad}"
        );
    }
    server.session(Role::Analyst).await;
}

#[tokio::test]
async fn an_api_token_changes_no_password_ends_no_session_and_makes_no_token() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let token = api_token(&server, &admin).await;
    let attempts = [
        server.post_as(&token, CHANGE, &change(PASSWORD, NEW)).await,
        server
            .post_as(&token, "/api/v1/auth/logout-all", &json!({}))
            .await,
        server
            .post_as(
                &token,
                "/api/v1/tokens",
                &json!({"name": "x", "scopes": ["users:read"]}),
            )
            .await,
    ];
    for refused in attempts {
        let problem = refused.problem(403, "forbidden");
        assert_eq!(problem["detail"], "an API token cannot do this: sign in");
    }
    assert_eq!(server.get_as(&admin, "/api/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn who_asks_for_a_new_password_hears_the_same_whoever_they_are() {
    let server = Server::start().await;
    for email in [
        &email_of(Role::Admin),
        KEPT_OUT,
        "nobody@example.test",
        "",
        "a\0b",
        "no address",
    ] {
        let answer = server.post(FORGOT, &json!({"email": email})).await;
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{email}");
    }
    for _ in 0..5 {
        let answer = server
            .post(FORGOT, &json!({"email": email_of(Role::Admin)}))
            .await;
        assert_eq!(answer.status, 202);
    }
}

#[tokio::test]
async fn a_token_from_an_admin_sets_a_password_once() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let users = server
        .get_as(&admin, "/api/v1/users?role=analyst")
        .await
        .json(200);
    let id = users["items"][0]["id"].as_str().unwrap();
    let session = server.token(Role::Analyst).await;
    let path = format!("/api/v1/users/{id}/reset-password");
    let issued = server.post_as(&admin, &path, &json!({})).await.json(200);
    let token = issued["reset_token"].as_str().unwrap();
    assert!(token.starts_with("weir_rst_"));
    // Until it is used, nothing changes.
    assert_eq!(server.get_as(&session, "/api/v1/auth/me").await.status, 200);
    let set = json!({"token": token, "new_password": NEW});
    assert_eq!(server.post(RESET, &set).await.status, 204);
    server
        .get_as(&session, "/api/v1/auth/me")
        .await
        .problem(401, "unauthenticated");
    server.post(RESET, &set).await.problem(400, "invalid_token");
    let body = json!({"email": email_of(Role::Analyst), "password": NEW});
    server.post("/api/v1/auth/login", &body).await.json(200);
}

#[tokio::test]
async fn of_two_who_show_a_token_at_once_one_sets_the_password() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({"email": "ada@example.org", "role": "analyst"});
    let added = server
        .post_as(&admin, "/api/v1/users", &body)
        .await
        .json(201);
    let set = |password: &str| json!({"token": added["reset_token"], "new_password": password});
    let (one, two) = (set("the password of one"), set("the password of two"));
    let (one, two) = tokio::join!(server.post(RESET, &one), server.post(RESET, &two));
    let mut answers = [one.status, two.status];
    answers.sort_unstable();
    assert_eq!(answers, [204, 400]);
}

#[tokio::test]
async fn nonsense_is_refused_without_being_repeated() {
    let server = Server::start().await;
    for token in [
        "",
        "weir_rst_",
        "zanarkand\0",
        &format!("weir_rst_{}", "A".repeat(43)),
        &"x".repeat(100_000),
    ] {
        let answer = server
            .post(RESET, &json!({"token": token, "new_password": NEW}))
            .await;
        assert!(!answer.text().contains("zanarkand"));
        answer.problem(400, "invalid_token");
    }
    for body in [
        json!({}),
        json!({"email": 7}),
        json!({"email": "a@b", "more": 1}),
        json!([]),
    ] {
        server.post(FORGOT, &body).await.problem(400, "invalid");
    }
}
