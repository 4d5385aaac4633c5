//! `POST /api/v1/events`

use coordinator::domain::roles::Role;
use coordinator::store::audit::{self, AuditFilter};
use coordinator::store::{Paging, alerts};
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, event};
use crate::support::db;
use crate::support::server::{Answer, Server};

#[tokio::test]
async fn an_event_is_stored_shown_and_named() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let made = server.post_as(&token, PATH, &event("MEDIUM")).await;
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.json(201);
    assert_eq!(location, format!("{PATH}/{}", made["id"].as_str().unwrap()));
    assert_eq!(
        (&made["alert_id"], &made["data"]["from"]),
        (&Value::Null, &json!("203.0.113.9"))
    );
    assert!(made["submitted_by"].is_string() && made["created_at"].is_string());
    assert_eq!(server.get_as(&token, &location).await.json(200), made);
}

#[tokio::test]
async fn only_what_is_grave_becomes_an_alert_and_the_same_is_one_alert() {
    let mut server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let mut alerts_of = Vec::new();
    let mut other = event("HIGH");
    other["description"] = json!("another port");
    for body in [
        event("LOW"),
        event("HIGH"),
        event("HIGH"),
        event("CRITICAL"),
        other,
    ] {
        let made = server.post_as(&token, PATH, &body).await.json(201);
        alerts_of.push(made["alert_id"].clone());
    }
    assert_eq!(alerts_of[0], Value::Null);
    assert_eq!(alerts_of[1], alerts_of[2]);
    let distinct: std::collections::BTreeSet<String> =
        alerts_of[1..].iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), 3);
    server.stop();
    let store = db::connect(server.site.database_url()).await.unwrap();
    let id = alerts_of[1].as_str().unwrap().parse().unwrap();
    let alert = store
        .read(move |c| alerts::get(c, id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(alert.title, "port_scan reported by edge-firewall");
    assert_eq!(
        (alert.source.as_str(), alert.occurrences),
        ("edge-firewall", 2)
    );
    assert_eq!(
        alert.description.as_deref(),
        Some("1024 ports of db-1 asked within a minute")
    );
    let received = AuditFilter {
        event_type: Some("event.received".to_owned()),
        ..AuditFilter::default()
    };
    let trail = store
        .read(move |c| audit::list(c, &received, Paging::first(9)))
        .await
        .unwrap();
    assert_eq!(trail.total, 4);
    assert!(
        !trail
            .items
            .iter()
            .any(|entry| entry.variant_data.contains("ports"))
    );
}

#[tokio::test]
async fn a_sources_own_key_makes_one_alert_of_different_events() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let keyed = |source: &str, key: &str, text: &str| {
        let mut body = event("HIGH");
        body["source"] = json!(source);
        body["dedup_key"] = json!(key);
        body["description"] = json!(text);
        body
    };
    let raise =
        async |body: Value| server.post_as(&token, PATH, &body).await.json(201)["alert_id"].clone();
    let first = raise(keyed("ids", "case-1", "begins")).await;
    assert_eq!(raise(keyed("ids", "case-1", "goes on")).await, first);
    assert_ne!(raise(keyed("ids", "case-2", "goes on")).await, first);
    assert_ne!(raise(keyed("ids2", "case-1", "begins")).await, first);
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_at_once_and_never_repeated() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let canary = "4539578763621486";
    let body = json!({"source": format!("{canary}\u{0}"), "severity": canary, canary: 1, "data": [canary]});
    let refused = server
        .post_as(&token, PATH, &body)
        .await
        .problem(422, "unusable");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 6, "{refused}");
    assert!(!refused.to_string().contains(canary));
}

#[tokio::test]
async fn hostile_bodies_are_refused_in_kind() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let deep = format!("{{\"data\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let huge_number =
        r#"{"source":"a","event_type":"b","severity":"LOW","description":"c","data":{"n":1e999}}"#;
    let long = format!("{{\"description\":\"{}\"}}", "x".repeat(200_000));
    for (body, status, code) in [
        (r#"{"source":"a","source":"b"}"#.as_bytes(), 400, "invalid"),
        (deep.as_bytes(), 400, "malformed"),
        (huge_number.as_bytes(), 400, "malformed"),
        (b"{\"source\":\"\xff\"}", 400, "malformed"),
        (b"[]", 400, "invalid"),
        (b"", 400, "malformed"),
        (long.as_bytes(), 413, "payload_too_large"),
    ] {
        let request = server.request(Method::POST, PATH).bearer_auth(&token);
        let request = request
            .header("content-type", "application/json")
            .body(body.to_vec());
        Answer::to(request).await.problem(status, code);
    }
    let plain = server
        .request(Method::POST, PATH)
        .bearer_auth(&token)
        .body("x");
    Answer::to(plain)
        .await
        .problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn odd_but_sound_data_comes_back_as_it_was() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let mut body = event("LOW");
    body["data"] = json!({"": [], "n": 1e300, "i": u64::MAX, "s": "'; DROP TABLE security_events; --", "ü": {"a": null}});
    let made = server.post_as(&token, PATH, &body).await.json(201);
    assert_eq!(made["data"], body["data"]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        server
            .get_as(&token, &format!("{PATH}/{id}"))
            .await
            .json(200)["data"],
        body["data"]
    );
}
