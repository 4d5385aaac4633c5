//! `POST /api/v1/events/batch`

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use super::{PATH, event};
use crate::support::server::Server;

const BATCH: &str = "/api/v1/events/batch";

#[tokio::test]
async fn a_batch_is_taken_whole_and_in_order() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let events: Vec<Value> = (0..1_000)
        .map(|n| {
            let mut one = event(if n % 100 == 0 { "CRITICAL" } else { "LOW" });
            one["description"] = json!(format!("number {n}"));
            one
        })
        .collect();
    let answer = server
        .post_as(&token, BATCH, &json!({ "events": events }))
        .await
        .json(201);
    let items = answer["items"].as_array().unwrap();
    assert_eq!(items.len(), 1_000);
    for (n, item) in items.iter().enumerate() {
        assert_eq!(item["description"], format!("number {n}"));
        assert_eq!(item["alert_id"].is_string(), n % 100 == 0, "{n}");
    }
    let page = server
        .get_as(&token, &format!("{PATH}?limit=1"))
        .await
        .json(200);
    assert_eq!(
        (&page["total"], &page["items"][0]["id"]),
        (&json!(1_000), &items[999]["id"])
    );
}

#[tokio::test]
async fn one_event_that_is_wrong_keeps_the_whole_batch_out() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let body = json!({"events": [event("HIGH"), {"source": "x"}, event("HIGH"), event("NONE")]});
    let refused = server
        .post_as(&token, BATCH, &body)
        .await
        .problem(422, "unusable");
    let errors: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e.as_str().unwrap())
        .collect();
    assert!(
        errors
            .iter()
            .all(|error| error.starts_with("`events[1].") || error.starts_with("`events[3].")),
        "{errors:?}"
    );
    assert_eq!(server.get_as(&token, PATH).await.json(200)["total"], 0);
}

#[tokio::test]
async fn of_a_thousand_wrong_events_a_hundred_mistakes_are_told() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let body = json!({"events": vec![json!({}); 1_000]});
    let refused = server
        .post_as(&token, BATCH, &body)
        .await
        .problem(422, "unusable");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 101);
    assert_eq!(refused["errors"][100], "and 3900 more");
}
