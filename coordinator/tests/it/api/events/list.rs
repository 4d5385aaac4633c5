//! `GET /api/v1/events`

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use super::{PATH, event};
use crate::support::server::Server;

async fn filled() -> (Server, String) {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    for (n, severity) in ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
        .into_iter()
        .enumerate()
    {
        let mut body = event(severity);
        body["source"] = json!(if n < 2 { "fw" } else { "ids" });
        body["event_type"] = json!(format!("type_{n}"));
        body["description"] = json!(format!("Überfall number{n} on host"));
        server.post_as(&token, PATH, &body).await.json(201);
    }
    (server, token)
}

fn types(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["event_type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_list_shows_what_was_asked_for_newest_first() {
    let (server, token) = filled().await;
    let later = "created_after=2999-01-01T00:00:00Z";
    for (query, expected) in [
        ("", &["type_3", "type_2", "type_1", "type_0"][..]),
        ("source=fw", &["type_1", "type_0"]),
        ("event_type=type_2", &["type_2"]),
        ("severity=LOW,CRITICAL", &["type_3", "type_0"]),
        ("search=number2", &["type_2"]),
        (
            "search=%C3%9CBER%20numb",
            &["type_3", "type_2", "type_1", "type_0"],
        ),
        ("search=203.0", &["type_3", "type_2", "type_1", "type_0"]),
        ("search=nothing", &[]),
        (later, &[]),
        (
            "created_before=2999-01-01T00:00:00Z&source=ids",
            &["type_3", "type_2"],
        ),
        (
            "created_after=0000-01-01T00:00:00Z&severity=HIGH",
            &["type_2"],
        ),
        ("source=%27%20OR%201%3D1%20--", &[]),
        (
            "search=%27%29%3B%20DROP%20TABLE%20security_events%3B--",
            &[],
        ),
        (
            "search=%25_%27%22%5C",
            &["type_3", "type_2", "type_1", "type_0"],
        ),
    ] {
        let page = server
            .get_as(&token, &format!("{PATH}?{query}"))
            .await
            .json(200);
        assert_eq!(
            (types(&page), &page["total"]),
            (expected.to_vec(), &json!(expected.len())),
            "{query}"
        );
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_belong_to_their_list() {
    let (server, token) = filled().await;
    let first = server
        .get_as(&token, &format!("{PATH}?limit=3"))
        .await
        .json(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = server
        .get_as(&token, &format!("{PATH}?limit=3&cursor={cursor}"))
        .await
        .json(200);
    assert_eq!(
        (types(&second), &second["next_cursor"]),
        (vec!["type_0"], &Value::Null)
    );
    let other = server
        .get_as(&token, &format!("{PATH}?source=fw&cursor={cursor}"))
        .await;
    other.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused() {
    let (server, token) = filled().await;
    for query in [
        "severity=INFO",
        "severity=",
        "source=%00",
        "search=%00",
        "created_after=yesterday",
        "created_after=%2B99999-01-01T00:00:00Z",
        "created_before=-0001-01-01T00:00:00Z",
        "limit=0",
        "limit=101",
        "source=a&source=b",
    ] {
        server
            .get_as(&token, &format!("{PATH}?{query}"))
            .await
            .problem(400, "invalid");
    }
    server
        .get_as(&token, &format!("{PATH}/none"))
        .await
        .problem(404, "not_found");
}
