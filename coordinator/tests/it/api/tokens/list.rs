//! `GET /api/v1/tokens`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::Server;

#[tokio::test]
async fn a_list_says_everything_but_the_secret() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let me = server.get_as(&admin, "/api/v1/auth/me").await.json(200);
    let made = server
        .post_as(
            &admin,
            "/api/v1/tokens",
            &json!({"name": "ci", "scopes": ["users:read"]}),
        )
        .await
        .json(201);
    let secret = made["secret"].as_str().unwrap();
    server.get_as(secret, "/api/v1/users").await.json(200);
    let answer = server.get_as(&admin, "/api/v1/tokens").await;
    assert!(!answer.text().contains(secret) && !answer.text().contains("weir_pat_"));
    let page = answer.json(200);
    assert_eq!(
        (&page["total"], &page["items"][0]["owner"]),
        (&json!(1), &me["id"])
    );
    assert!(page["items"][0]["last_used_at"].is_string());
    insta::assert_json_snapshot!(page["items"][0], {
        ".id" => "[id]", ".owner" => "[id]", ".created_at" => "[time]", ".last_used_at" => "[time]",
    }, @r#"
    {
      "created_at": "[time]",
      "expires_at": null,
      "id": "[id]",
      "last_used_at": "[time]",
      "name": "ci",
      "owner": "[id]",
      "revoked_at": null,
      "scopes": [
        "users:read"
      ]
    }
    "#);
}

#[tokio::test]
async fn pages_follow_one_another_newest_first() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    for name in ["one", "two", "three"] {
        server
            .post_as(
                &admin,
                "/api/v1/tokens",
                &json!({"name": name, "scopes": ["users:read"]}),
            )
            .await
            .json(201);
    }
    let first = server
        .get_as(&admin, "/api/v1/tokens?limit=2")
        .await
        .json(200);
    assert_eq!(
        (&first["items"][0]["name"], &first["items"][1]["name"]),
        (&json!("three"), &json!("two"))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = server
        .get_as(&admin, &format!("/api/v1/tokens?limit=2&cursor={cursor}"))
        .await
        .json(200);
    assert_eq!(
        (&rest["items"][0]["name"], &rest["next_cursor"]),
        (&json!("one"), &json!(null))
    );
    let foreign = server
        .get_as(&admin, &format!("/api/v1/users?cursor={cursor}"))
        .await;
    foreign.problem(400, "invalid_cursor");
}
