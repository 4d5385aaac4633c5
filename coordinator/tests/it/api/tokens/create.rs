//! `POST /api/v1/tokens`.

use coordinator::domain::roles::Role;
use reqwest::header;
use serde_json::json;

use crate::support::server::Server;

const PATH: &str = "/api/v1/tokens";

#[tokio::test]
async fn a_token_opens_what_its_scopes_name_and_nothing_else() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({"name": "siem export", "scopes": ["users:read"], "expires_in_days": 30});
    let answer = server.post_as(&admin, PATH, &body).await;
    let made = answer.json(201);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("weir_pat_"));
    let location = format!("{PATH}/{}", made["id"].as_str().unwrap());
    assert_eq!(answer.headers[header::LOCATION], location);
    assert_eq!(server.get_as(secret, "/api/v1/users").await.status, 200);
    server
        .get_as(secret, "/api/v1/scans")
        .await
        .problem(403, "forbidden");
    let me = server.get_as(secret, "/api/v1/auth/me").await.json(200);
    assert_eq!(me["permissions"], json!(["users:read"]));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({
        "name": "", "scopes": ["zanarkand:all", "users:read", "users:read"],
        "expires_at": "2001-01-01T00:00:00Z", "expires_in_days": 1,
    });
    let answer = server.post_as(&admin, PATH, &body).await;
    assert!(!answer.text().contains("zanarkand"));
    assert_eq!(
        answer.problem(422, "unusable")["errors"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[tokio::test]
async fn an_end_that_cannot_be_is_refused() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    for (field, value, status) in [
        ("expires_at", json!("2001-01-01T00:00:00Z"), 422),
        ("expires_at", json!("+262142-01-01T00:00:00Z"), 422),
        ("expires_at", json!("9999-12-31T23:59:59Z"), 422),
        ("expires_at", json!("tomorrow"), 400),
        ("expires_in_days", json!(0), 422),
        ("expires_in_days", json!(4_000_000_000_u32), 422),
        ("expires_in_days", json!(-1), 400),
        ("expires_in_days", json!(1e300), 400),
        ("owner", json!("x"), 400),
    ] {
        let mut body = json!({"name": "ci", "scopes": ["users:read"]});
        body[field] = value.clone();
        let answer = server.post_as(&admin, PATH, &body).await;
        assert_eq!(answer.status, status, "{field} {value}");
    }
}

#[tokio::test]
async fn only_who_has_the_right_makes_tokens() {
    let server = Server::start().await;
    for role in [Role::Analyst, Role::Auditor] {
        let token = server.token(role).await;
        let body = json!({"name": "x", "scopes": ["scans:read"]});
        server
            .post_as(&token, PATH, &body)
            .await
            .problem(403, "forbidden");
    }
}
