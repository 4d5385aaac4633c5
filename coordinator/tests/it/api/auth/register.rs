//! `POST /api/v1/auth/register`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::{PASSWORD, Server, email_of};

const PATH: &str = "/api/v1/auth/register";
const ALLOWED: [(&str, &str); 1] = [("WEIR_AUTH__ALLOW_REGISTRATION", "true")];

#[tokio::test]
async fn nobody_registers_unless_it_is_allowed() {
    let server = Server::start().await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let problem = server.post(PATH, &body).await.problem(403, "forbidden");
    assert_eq!(
        problem["detail"],
        "nobody registers here: ask an admin, who can add you"
    );
}

#[tokio::test]
async fn who_registers_is_an_analyst_and_signed_in() {
    let server = Server::start_with(&ALLOWED).await;
    let body = json!({"email": "Ada@Example.org", "password": PASSWORD});
    let session = server.post(PATH, &body).await.json(201);
    assert_eq!(
        (&session["token_type"], &session["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    let token = session["access_token"].as_str().unwrap();
    let me = server.get_as(token, "/api/v1/auth/me").await.json(200);
    assert_eq!(
        (&me["email"], &me["role"]),
        (&json!("ada@example.org"), &json!("analyst"))
    );
    server.post("/api/v1/auth/login", &body).await.json(200);
}

#[tokio::test]
async fn an_address_is_given_once_whatever_its_case() {
    let server = Server::start_with(&ALLOWED).await;
    let body = json!({"email": email_of(Role::Admin).to_uppercase(), "password": PASSWORD});
    server.post(PATH, &body).await.problem(409, "conflict");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_not_repeated() {
    let server = Server::start_with(&ALLOWED).await;
    let body = json!({"email": "no address\r\nBcc: x", "password": "short"});
    let answer = server.post(PATH, &body).await;
    assert!(!answer.text().contains("Bcc"));
    let problem = answer.problem(422, "unusable");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    let body = json!({"email": "adalovelace1@example.org", "password": "AdaLovelace1"});
    let problem = server.post(PATH, &body).await.problem(422, "unusable");
    assert_eq!(
        problem["errors"],
        json!(["a password must not be the address: choose another"])
    );
}

#[tokio::test]
async fn nobody_makes_themselves_more_than_an_analyst() {
    let server = Server::start_with(&ALLOWED).await;
    let body = json!({"email": "ada@example.org", "password": PASSWORD, "role": "admin"});
    server.post(PATH, &body).await.problem(400, "invalid");
}

#[tokio::test]
async fn hostile_addresses_are_refused_and_break_nothing() {
    let server = Server::start_with(&ALLOWED).await;
    for email in [
        "a\0b@c",
        "' OR 1=1 --@x",
        &format!("{}@b", "a".repeat(100_000)),
        "\u{202e}a@b",
        "a@\u{0}",
    ] {
        let body = json!({"email": email, "password": PASSWORD});
        server.post(PATH, &body).await.problem(422, "unusable");
    }
    let endless = json!({"email": "ada@example.org", "password": "x".repeat(500_000)});
    server.post(PATH, &endless).await.problem(422, "unusable");
}
