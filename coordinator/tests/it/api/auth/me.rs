//! `GET /api/v1/auth/me`.

use coordinator::domain::roles::{Permission, Role};
use reqwest::{Method, header};

use crate::support::server::{Answer, Server, email_of};

#[tokio::test]
async fn everybody_sees_who_they_are_and_what_they_may() {
    let server = Server::start().await;
    for role in Role::ALL {
        let token = server.token(role).await;
        let me = server.get_as(&token, "/api/v1/auth/me").await.json(200);
        assert_eq!(me["email"], email_of(role));
        assert_eq!(me["role"], role.as_str());
        let permissions: Vec<&str> = role.permissions().iter().map(Permission::as_str).collect();
        assert_eq!(me["permissions"], serde_json::json!(permissions));
    }
}

#[tokio::test]
async fn an_altered_token_is_refused_and_challenged() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let altered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let refused = server.get_as(&altered, "/api/v1/auth/me").await;
    refused.problem(401, "unauthenticated");
    let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert_eq!(challenge, "Bearer realm=\"weir\", error=\"invalid_token\"");
}

#[tokio::test]
async fn a_header_that_is_no_bearer_token_is_refused() {
    let server = Server::start().await;
    for value in [&b"Basic YTpi"[..], b"Bearer", b"Bearer \xff\xfe", b"\x80"] {
        let request = server
            .request(Method::GET, "/api/v1/auth/me")
            .header(header::AUTHORIZATION, value);
        Answer::to(request).await.problem(401, "unauthenticated");
    }
}
