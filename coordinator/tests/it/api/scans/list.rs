//! `GET /api/v1/scans`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::Server;

/// Makes scans; gives their ids, newest first.
async fn make(server: &Server, token: &str, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for number in 0..count {
        let text = json!({"text": format!("text {number}")});
        let scan = server.post_as(token, "/api/v1/scans?wait=60", &text).await;
        ids.insert(0, scan.json(200)["id"].clone());
    }
    ids
}

fn ids(page: &Value) -> Vec<Value> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["id"].clone()).collect()
}

#[tokio::test]
async fn pages_follow_one_another_and_hold_everything_once() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let made = make(&server, &token, 5).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/scans?limit=2".to_owned();
    let mut pages = 0;
    loop {
        let page = server.get_as(&token, &path).await.json(200);
        assert_eq!(page["total"], 5);
        seen.extend(ids(&page));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/scans?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (made, 3));
}

#[tokio::test]
async fn what_comes_in_meanwhile_does_not_move_the_pages() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let made = make(&server, &token, 3).await;
    let first = server
        .get_as(&token, "/api/v1/scans?limit=2")
        .await
        .json(200);
    make(&server, &token, 2).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/api/v1/scans?limit=2&cursor={cursor}");
    let second = server.get_as(&token, &path).await.json(200);
    assert_eq!(ids(&second), made[2..]);
}

#[tokio::test]
async fn an_altered_cursor_or_another_lists_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    make(&server, &token, 2).await;
    let page = server
        .get_as(&token, "/api/v1/scans?limit=1")
        .await
        .json(200);
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let first = if cursor.starts_with('A') { "B" } else { "A" };
    let altered: String = first.chars().chain(cursor.chars().skip(1)).collect();
    for path in [
        format!("/api/v1/scans?cursor={altered}"),
        "/api/v1/scans?cursor=".to_owned(),
        "/api/v1/scans?cursor=%F0%9F%98%80".to_owned(),
        format!("/api/v1/messages?cursor={cursor}"),
        format!("/api/v1/findings?cursor={cursor}"),
    ] {
        let answer = server.get_as(&token, &path).await;
        answer.problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn a_limit_out_of_bounds_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    for limit in ["0", "101", "-1", "x", "999999999999"] {
        let answer = server
            .get_as(&token, &format!("/api/v1/scans?limit={limit}"))
            .await;
        answer.problem(400, "invalid");
    }
}
