//! `GET /api/v1/audit/events`, `GET /api/v1/audit/export`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};
use shared::ids::AuditEventId;

use crate::support::server::Server;

const EVENTS: &str = "/api/v1/audit/events";

async fn with_entries() -> (Server, String) {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    for (event_type, user, text) in [
        ("door.opened", "ada", "Front door"),
        ("door.closed", "ada", "front DOOR"),
        ("door.opened", "bob", "back-door; DROP TABLE audit_events"),
    ] {
        let body =
            json!({"event_type": event_type, "user_id": user, "variant_data": {"text": text}});
        server.post_as(&token, EVENTS, &body).await.json(201);
    }
    (server, token)
}

#[tokio::test]
async fn entries_are_chosen_by_type_person_time_and_words() {
    let (server, token) = with_entries().await;
    let all = server
        .get_as(&token, &format!("{EVENTS}?user_id=bob"))
        .await
        .json(200);
    let at = all["items"][0]["created_at"].as_str().unwrap().to_owned();
    for (query, expected) in [
        ("event_type=door.opened".to_owned(), 2),
        ("event_type=door.opened&user_id=ada".to_owned(), 1),
        ("user_id=ada&search=front".to_owned(), 2),
        ("search=DOO%20back".to_owned(), 1),
        ("search=oor".to_owned(), 0),
        ("search=%27%20OR%201%3D1%20--".to_owned(), 0),
        (
            "event_type=door.opened%27%20OR%20%271%27%3D%271".to_owned(),
            0,
        ),
        (format!("created_after={at}&event_type=door.opened"), 1),
        (format!("created_before={at}&user_id=bob"), 0),
        (
            "created_after=0001-01-01T00:00:00Z&user_id=ada".to_owned(),
            2,
        ),
        (
            "created_before=9999-12-31T23:59:59Z&user_id=ada".to_owned(),
            2,
        ),
    ] {
        let page = server
            .get_as(&token, &format!("{EVENTS}?{query}"))
            .await
            .json(200);
        assert_eq!(page["total"], expected, "{query}");
    }
    for query in [
        "created_after=yesterday",
        "limit=0",
        "cursor=x",
        "created_after=99999-01-01T00:00:00Z",
    ] {
        let status = server
            .get_as(&token, &format!("{EVENTS}?{query}"))
            .await
            .status;
        assert_eq!(status, 400, "{query}");
    }
    let nowhere = format!("{EVENTS}/{}", AuditEventId::fresh());
    server
        .get_as(&token, &nowhere)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn pages_walk_the_chain_backwards_without_a_gap() {
    let (server, token) = with_entries().await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{EVENTS}?limit=1{cursor}");
        let page = server.get_as(&token, &path).await.json(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["seq"].as_u64().unwrap()),
        );
        // What is written meanwhile does not move the place.
        server
            .post_as(&token, EVENTS, &json!({"event_type": "meanwhile"}))
            .await
            .json(201);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let first = seen[0];
    assert_eq!(seen, (1..=first).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_of_another_list_or_an_altered_one_is_refused() {
    let (server, token) = with_entries().await;
    let page = server
        .get_as(&token, &format!("{EVENTS}?limit=1"))
        .await
        .json(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let altered = cursor.replace('A', "B");
    for query in [
        format!("limit=1&user_id=ada&cursor={cursor}"),
        format!("limit=1&cursor={altered}x"),
    ] {
        let refused = server.get_as(&token, &format!("{EVENTS}?{query}")).await;
        refused.problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn an_export_has_every_entry_on_a_line_and_is_recorded() {
    let (server, token) = with_entries().await;
    let export = server.get_as(&token, "/api/v1/audit/export").await;
    assert_eq!(export.status, 200);
    assert_eq!(export.headers["content-type"], "application/x-ndjson");
    let text = export.text();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let seqs: Vec<u64> = lines
        .iter()
        .filter_map(|line| line["seq"].as_u64())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    let recorded = server
        .get_as(&token, &format!("{EVENTS}?event_type=audit.exported"))
        .await
        .json(200);
    assert_eq!(recorded["total"], 1);
    assert_eq!(recorded["items"][0]["recorded_by"], Value::Null);
}
