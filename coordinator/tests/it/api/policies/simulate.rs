//! `POST /api/v1/policies/simulate` and `/api/v1/policies/{id}/simulate`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};
use shared::ids::PolicyId;

use super::{PATH, cards, caught};
use crate::support::server::Server;

const CARD: &str = "my card is 4111 1111 1111 1111";
const SECRET: &str = "ghp_q7R2vX9sLm4TzYw8NbKc3HdJf6GpUe0a1B2C";

/// A server that caught a card, a secret, and a card in a channel that `cards` leaves out; their ids.
async fn with_a_past() -> (Server, String, [Value; 3]) {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let card = caught(&server, &token, "1", CARD, json!({})).await;
    let secret = caught(&server, &token, "2", SECRET, json!({})).await;
    let excluded = caught(&server, &token, "3", CARD, json!({"channel": "C123"})).await;
    let ids = [&card, &secret, &excluded].map(|message| message["id"].clone());
    (server, token, ids)
}

#[tokio::test]
async fn a_draft_is_compared_with_the_policy_that_is_stored() {
    let (server, token, [card, secret, excluded]) = with_a_past().await;
    let admin = server.token(Role::Admin).await;
    let stored = server.post_as(&admin, PATH, &cards()).await.json(201);
    let path = format!("{PATH}/{}/simulate", stored["id"].as_str().unwrap());
    let draft = json!({
        "name": "Secrets", "mode": "enforce",
        "scope": {"exclude": {"users": ["U9"]}},
        "rules": [{"families": ["secrets"]}, {"info_types": ["CREDIT_CARD_NUMBER"], "min_count": 1}],
        "actions": [{"type": "alert", "severity": "LOW"}, {"type": "block"}],
    });
    let body = json!({"days": 1, "draft": draft});
    let told = server.post_as(&token, &path, &body).await.json(200);
    assert_eq!(
        (&told["messages"], &told["complete"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(
        (&told["draft"]["violations"], &told["live"]["violations"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(
        told["draft"]["by_severity"],
        json!([{"severity": "LOW", "count": 3}])
    );
    assert_eq!(
        told["live"]["by_severity"],
        json!([{"severity": "HIGH", "count": 1}])
    );
    assert_eq!(
        told["draft"]["by_action"],
        json!([{"name": "alert", "count": 3}, {"name": "block", "count": 3}])
    );
    assert_eq!(
        told["draft"]["top_channels"],
        json!([{"name": "C0001", "count": 2}, {"name": "C123", "count": 1}])
    );
    assert_eq!(
        told["newly_caught"],
        json!({"count": 2, "examples": [excluded, secret]})
    );
    assert_eq!(
        told["no_longer_caught"],
        json!({"count": 0, "examples": []})
    );
    assert!(told["caveat"].as_str().unwrap().contains("not run again"));
    let narrower = json!({"draft": {"name": "x", "rules": [{"families": ["secrets"]}]}});
    let told = server.post_as(&token, &path, &narrower).await.json(200);
    assert_eq!(
        told["no_longer_caught"],
        json!({"count": 1, "examples": [card]})
    );
}

#[tokio::test]
async fn the_stored_policy_does_not_differ_from_itself_and_nothing_is_changed() {
    let (server, token, _) = with_a_past().await;
    let admin = server.token(Role::Admin).await;
    let stored = server.post_as(&admin, PATH, &cards()).await.json(201);
    let path = format!("{PATH}/{}", stored["id"].as_str().unwrap());
    let told = server
        .post_as(&token, &format!("{path}/simulate"), &json!({}))
        .await
        .json(200);
    assert_eq!(told["draft"], told["live"]);
    assert_eq!(told["draft"]["violations"], 1);
    assert_eq!(
        (
            &told["newly_caught"]["count"],
            &told["no_longer_caught"]["count"]
        ),
        (&json!(0), &json!(0))
    );
    assert_eq!(server.get_as(&token, &path).await.json(200)["version"], 1);
    let messages = server.get_as(&token, "/api/v1/messages").await.json(200);
    assert!(!messages.to_string().contains("\"block\""), "{messages}");
}

#[tokio::test]
async fn a_draft_alone_is_compared_with_nothing() {
    let (server, token, _) = with_a_past().await;
    let path = format!("{PATH}/simulate");
    let told = server
        .post_as(&token, &path, &json!({"draft": cards()}))
        .await
        .json(200);
    assert_eq!(
        (&told["draft"]["violations"], &told["live"]["violations"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(told["newly_caught"]["count"], 1);
    let off = json!({"draft": {"name": "x", "mode": "off", "rules": [{}]}});
    let told = server.post_as(&token, &path, &off).await.json(200);
    assert_eq!(told["draft"]["violations"], 0);
    assert_eq!(told["warnings"][0], "`mode` is off: it decides nothing");
}

#[tokio::test]
async fn what_cannot_be_simulated_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let path = format!("{PATH}/simulate");
    for (body, expected) in [
        (json!({}), "`draft`: is missing; give a policy"),
        (json!({"draft": 7}), "`draft`: give an object"),
        (
            json!({"days": 0, "draft": cards()}),
            "`days`: give a whole number from 1 to 90",
        ),
        (
            json!({"days": 91, "draft": cards()}),
            "`days`: give a whole number from 1 to 90",
        ),
        (
            json!({"draft": {"name": "x", "rules": [{"min_count": 0}]}}),
            "`draft.rules[0].min_count`: give a whole number from 1 to 1000000",
        ),
    ] {
        let refused = server
            .post_as(&token, &path, &body)
            .await
            .problem(422, "unusable");
        assert_eq!(refused["errors"][0], expected, "{body}");
    }
    let unknown = format!("{PATH}/{}/simulate", PolicyId::fresh());
    server
        .post_as(&token, &unknown, &json!({}))
        .await
        .problem(404, "not_found");
}
