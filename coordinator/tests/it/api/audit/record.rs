//! `POST /api/v1/audit/events`, `POST /api/v1/audit/events/batch`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::Server;

const EVENTS: &str = "/api/v1/audit/events";
const BATCH: &str = "/api/v1/audit/events/batch";

#[tokio::test]
async fn an_entry_is_answered_as_it_stands_in_the_chain() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let me = server.get_as(&token, "/api/v1/auth/me").await.json(200);
    let body = json!({"event_type": "vpn.login", "user_id": "u-42", "variant_data": {"ip": "192.0.2.7", "n": [1, null]}});
    let made = server.post_as(&token, EVENTS, &body).await;
    let entry = made.json(201);
    assert_eq!(entry["event_type"], "vpn.login");
    assert_eq!(entry["user_id"], "u-42");
    assert_eq!(entry["variant_data"], body["variant_data"]);
    assert_eq!(entry["recorded_by"], me["id"]);
    assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
    let location = made.headers["location"].to_str().unwrap();
    assert_eq!(server.get_as(&token, location).await.json(200), entry);
}

#[tokio::test]
async fn a_batch_stands_together_in_the_order_given() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let events: Vec<_> = (0..1_000)
        .map(|n| json!({"event_type": "n", "variant_data": {"n": n}}))
        .collect();
    let made = server
        .post_as(&token, BATCH, &json!({ "events": events }))
        .await
        .json(201);
    let (first, last) = (
        made["first_seq"].as_u64().unwrap(),
        made["last_seq"].as_u64().unwrap(),
    );
    assert_eq!(last - first, 999);
    let path = format!("{EVENTS}/{}", made["items"][500].as_str().unwrap());
    let middle = server.get_as(&token, &path).await.json(200);
    assert_eq!(
        (
            middle["seq"].as_u64().unwrap(),
            middle["variant_data"]["n"].as_u64()
        ),
        (first + 500, Some(500))
    );
}

#[tokio::test]
async fn what_cannot_be_an_entry_is_refused_with_everything_that_is_wrong() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let secret = "4111111111111111";
    for body in [
        json!({"event_type": ""}),
        json!({"event_type": secret.repeat(20)}),
        json!({"event_type": "x", "user_id": "a\u{0}b"}),
        json!({"event_type": "x", "subject": ""}),
        json!({"event_type": "x", "variant_data": {"long": secret.repeat(2_000)}}),
        json!({}),
        json!({"event_type": 7}),
        json!({"event_type": "x", "recorded_by": "somebody else"}),
        json!({"event_type": "x", "variant_data": "text"}),
    ] {
        let refused = server.post_as(&token, EVENTS, &body).await;
        assert!(!refused.text().contains(secret));
        let problem = refused.problem(422, "unusable");
        assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
    }
    let no_object = server.post_as(&token, EVENTS, &json!([])).await;
    no_object.problem(400, "invalid");
    let one_bad = json!({"events": [{"event_type": "good"}, {"event_type": ""}, {"event_type": "", "user_id": ""}]});
    let problem = server
        .post_as(&token, BATCH, &one_bad)
        .await
        .problem(422, "unusable");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    let all = server
        .get_as(&token, &format!("{EVENTS}?event_type=good"))
        .await
        .json(200);
    assert_eq!(all["total"], 0);
}

#[tokio::test]
async fn many_who_write_at_once_write_one_chain() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let write = async |n: usize| {
        let events: Vec<_> = (0..=n % 7)
            .map(|n| json!({"event_type": "n", "variant_data": {"n": n}}))
            .collect();
        server
            .post_as(&token, BATCH, &json!({ "events": events }))
            .await
            .json(201);
    };
    futures_util::future::join_all((0..40).map(write)).await;
    let proof = server
        .get_as(&token, "/api/v1/audit/verify")
        .await
        .json(200);
    assert_eq!(
        (proof["valid"].as_bool(), proof["complete"].as_bool()),
        (Some(true), Some(true)),
        "{proof}"
    );
    assert!(proof["to"].as_u64().unwrap() >= 150, "{proof}");
}
