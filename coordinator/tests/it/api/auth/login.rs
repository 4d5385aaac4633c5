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

#[tokio::test]
async fn after_five_failures_right_and_wrong_known_and_unknown_are_answered_alike() {
    let server = Server::start().await;
    let known = email_of(Role::Analyst);
    let attempt = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        server.post(PATH, &body).await
    };
    for email in [known.as_str(), "nobody@example.test", KEPT_OUT] {
        for _ in 0..5 {
            attempt(email, "wrong")
                .await
                .problem(401, "invalid_credentials");
        }
    }
    let mut problems = Vec::new();
    for (email, password) in [
        (known.as_str(), PASSWORD),
        (&known.to_uppercase(), "wrong"),
        ("nobody@example.test", "x"),
        (KEPT_OUT, PASSWORD),
    ] {
        let answer = attempt(email, password).await;
        let wait: u64 = answer.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        let mut problem = answer.problem(429, "too_many_requests");
        problem["request_id"].take();
        problems.push(problem);
    }
    assert!(
        problems.windows(2).all(|two| two[0] == two[1]),
        "{problems:?}"
    );
    // Others sign in as ever.
    server.session(Role::Admin).await;
}

#[tokio::test]
async fn hostile_addresses_and_passwords_are_wrong_and_nothing_else() {
    let server = Server::start().await;
    for (email, password) in [
        ("a\0b", "c\0d"),
        ("' OR 1=1 --", "x"),
        (&"x".repeat(100_000), "y"),
        ("a@b", &"z".repeat(100_000)),
    ] {
        let body = json!({"email": email, "password": password});
        server
            .post(PATH, &body)
            .await
            .problem(401, "invalid_credentials");
    }
}
