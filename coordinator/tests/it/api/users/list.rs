//! `GET /api/v1/users`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::{KEPT_OUT, Server};

fn emails(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|user| user["email"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_auditor_sees_everybody_and_nothing_of_their_passwords() {
    let server = Server::start().await;
    let auditor = server.token(Role::Auditor).await;
    let answer = server.get_as(&auditor, "/api/v1/users").await;
    let page = answer.json(200);
    assert_eq!(page["total"], 4);
    assert!(!answer.text().contains("argon2") && !answer.text().contains("password"));
}

#[tokio::test]
async fn filters_and_search_choose() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let list = async |query: &str| {
        server
            .get_as(&admin, &format!("/api/v1/users?{query}"))
            .await
            .json(200)
    };
    assert_eq!(emails(&list("disabled=true").await), [KEPT_OUT]);
    assert_eq!(
        emails(&list("role=auditor&disabled=false").await),
        ["auditor@example.test"]
    );
    assert_eq!(emails(&list("search=ANAL").await), ["analyst@example.test"]);
    assert_eq!(list("search=%27%20OR%201%3D1--").await["total"], 0);
    assert_eq!(list("search=%25").await["total"], 4);
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/users?limit=1".to_owned();
    loop {
        let page = server.get_as(&admin, &path).await.json(200);
        seen.extend(emails(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/users?limit=1&cursor={cursor}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let long = format!("search={}", "x".repeat(300));
    for query in [
        "role=root",
        "disabled=maybe",
        "limit=0",
        "limit=101",
        "cursor=x",
        "role=",
        "disabled=true&disabled=false",
        &long,
    ] {
        let answer = server
            .get_as(&admin, &format!("/api/v1/users?{query}"))
            .await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let nobody = server.get_as(&admin, "/api/v1/users/none").await;
    nobody.problem(404, "not_found");
    let id = json!(shared::ids::UserId::fresh());
    let path = format!("/api/v1/users/{}", id.as_str().unwrap());
    server.get_as(&admin, &path).await.problem(404, "not_found");
}
