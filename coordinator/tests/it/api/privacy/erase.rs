//! `POST /api/v1/privacy/erase`.

use serde_json::{Value, json};

use super::export::{records, with_a_person};

const ERASE: &str = "/api/v1/privacy/erase";

#[tokio::test]
async fn a_person_is_forgotten_and_what_happened_stays() {
    let (server, token) = with_a_person().await;
    let body = json!({"slack_user": "U0001", "reason": "request 2026-114"});
    let erased = server.post_as(&token, ERASE, &body).await.json(200);
    assert_eq!(
        (&erased["scans"], &erased["alerts"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        records(&server, &token, &json!({"slack_user": "U0001"})).await,
        [] as [Value; 0]
    );
    let messages = server.get_as(&token, "/api/v1/messages").await;
    assert!(!messages.text().contains("U0001"));
    let messages = messages.json(200);
    assert_eq!(messages["total"], 2);
    let finding = &messages["items"][0]["findings"][0];
    assert_eq!(
        (&finding["preview"], &finding["info_type"]),
        (&json!("[erased]"), &json!("CREDIT_CARD_NUMBER"))
    );
    let again = server.post_as(&token, ERASE, &body).await.json(200);
    assert_eq!((&again["scans"], &again["alerts"]), (&json!(0), &json!(0)));
    let trail = server
        .get_as(&token, "/api/v1/audit/events?event_type=person.erased")
        .await;
    assert!(!trail.text().contains("U0001"));
    let trail = trail.json(200);
    assert_eq!(trail["total"], 2);
    assert_eq!(
        trail["items"][1]["variant_data"],
        json!({"scans": 2, "alerts": 1, "reason": "request 2026-114"})
    );
}

#[tokio::test]
async fn nobody_is_forgotten_without_a_reason_that_names_nobody() {
    let (server, token) = with_a_person().await;
    for reason in ["", "  ", "because U0001 asked"] {
        let body = json!({"slack_user": "U0001", "reason": reason});
        server
            .post_as(&token, ERASE, &body)
            .await
            .problem(422, "unusable");
    }
    let told = records(&server, &token, &json!({"slack_user": "U0001"})).await;
    assert_eq!(told.len(), 5);
}
