//! `POST /api/v1/users`.

use coordinator::domain::roles::Role;
use reqwest::header;
use serde_json::json;

use crate::support::server::{PASSWORD, Server, email_of};

const PATH: &str = "/api/v1/users";

#[tokio::test]
async fn somebody_is_added_with_a_password_and_signs_in() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({"email": "Ada@Example.org", "role": "auditor", "password": PASSWORD});
    let answer = server.post_as(&admin, PATH, &body).await;
    let added = answer.json(201);
    let location = answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(answer.headers[header::ETAG], "\"1\"");
    insta::assert_json_snapshot!(added, {".user.id" => "[id]", ".user.created_at" => "[time]"}, @r#"
    {
      "user": {
        "created_at": "[time]",
        "disabled": false,
        "email": "ada@example.org",
        "id": "[id]",
        "last_login_at": null,
        "role": "auditor",
        "version": 1
      }
    }
    "#);
    server
        .post(
            "/api/v1/auth/login",
            &json!({"email": "ada@example.org", "password": PASSWORD}),
        )
        .await
        .json(200);
    let shown = server.get_as(&admin, &location).await.json(200);
    assert!(shown["last_login_at"].is_string());
}

#[tokio::test]
async fn without_a_password_the_answer_holds_a_token_this_one_time() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({"email": "ada@example.org", "role": "analyst"});
    let added = server.post_as(&admin, PATH, &body).await.json(201);
    assert!(
        added["reset_token"]
            .as_str()
            .unwrap()
            .starts_with("weir_rst_")
    );
    let path = format!("{PATH}/{}", added["user"]["id"].as_str().unwrap());
    assert!(
        !server
            .get_as(&admin, &path)
            .await
            .text()
            .contains("weir_rst_")
    );
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({"email": "zanarkand", "role": "root\0", "password": "short"});
    let answer = server.post_as(&admin, PATH, &body).await;
    assert!(!answer.text().contains("zanarkand") && !answer.text().contains("root"));
    assert_eq!(
        answer.problem(422, "unusable")["errors"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    for body in [
        json!({}),
        json!({"email": "a@b", "role": "admin", "id": 1}),
        json!({"email": 1, "role": "admin"}),
        json!([]),
        json!(null),
    ] {
        server
            .post_as(&admin, PATH, &body)
            .await
            .problem(400, "invalid");
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let body = json!({"email": email_of(Role::Auditor), "role": "admin"});
    let problem = server
        .post_as(&admin, PATH, &body)
        .await
        .problem(409, "conflict");
    assert_eq!(
        problem["detail"],
        "somebody with this address is there already"
    );
}
