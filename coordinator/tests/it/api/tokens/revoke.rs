//! `DELETE /api/v1/tokens/{id}`.

use coordinator::domain::roles::Role;
use serde_json::json;
use shared::ids::TokenId;

use crate::support::server::Server;

#[tokio::test]
async fn a_revoked_token_opens_nothing_from_the_next_request_on() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let made = server
        .post_as(
            &admin,
            "/api/v1/tokens",
            &json!({"name": "ci", "scopes": ["users:read"]}),
        )
        .await
        .json(201);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(server.get_as(secret, "/api/v1/users").await.status, 200);
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    // Again is fine.
    for _ in 0..2 {
        let revoked = server.delete_as(&admin, &path).await;
        assert_eq!((revoked.status, revoked.body.len()), (204, 0));
    }
    server
        .get_as(secret, "/api/v1/users")
        .await
        .problem(401, "unauthenticated");
    let page = server.get_as(&admin, "/api/v1/tokens").await.json(200);
    assert!(page["items"][0]["revoked_at"].is_string());
}

#[tokio::test]
async fn what_is_not_there_cannot_be_revoked() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    for id in [
        TokenId::fresh().to_string(),
        "none".to_owned(),
        "%00".to_owned(),
    ] {
        let refused = server
            .delete_as(&admin, &format!("/api/v1/tokens/{id}"))
            .await;
        refused.problem(404, "not_found");
    }
}
