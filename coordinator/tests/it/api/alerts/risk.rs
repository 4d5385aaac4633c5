//! `POST /api/v1/alerts/{id}/accept-risk`, from the message to the end of the acceptance.

use std::time::Duration;

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};

use super::{LIST, office, several};
use crate::support::server::{Answer, Server};
use crate::support::slack::message;

async fn get(server: &Server, token: &str, path: &str) -> Value {
    server.get_as(token, path).await.json(200)
}

/// Has Slack tell a leak, and waits until its message was counted.
async fn leak(server: &Server, token: &str, n: u64) {
    let mut event = message(
        &format!("Ev{n}"),
        "my card is 4111 1111 1111 1111, exp 12/29",
    );
    event["event"]["ts"] = json!(format!("1700000000.00{n}"));
    assert_eq!(server.slack(event.to_string().as_bytes()).await.status, 200);
    server
        .eventually("the message is counted", async |server| {
            let page = get(server, token, "/api/v1/messages").await;
            (page["total"] == n).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_risk_that_is_accepted_counts_for_nothing_until_the_acceptance_is_over() {
    let server = Server::start_with(&[("WEIR_ALERTS__DUE_HIGH", "3d")]).await;
    let token = server.token(Role::Admin).await;
    leak(&server, &token, 1).await;
    let page = get(&server, &token, LIST).await;
    let alert = &page["items"][0];
    assert!(alert["due_at"].is_string(), "{alert}");
    let path = format!("{LIST}/{}", alert["id"].as_str().unwrap());
    let soon = SystemClock.now() + Duration::from_hours(1);
    let accept = json!({"reason": "CANARY", "expires_at": soon});
    let accepted = server
        .post_as(&token, &format!("{path}/accept-risk"), &accept)
        .await;
    let suppression = accepted.headers["location"].to_str().unwrap().to_owned();
    let dismissed = accepted.json(200);
    assert_eq!(dismissed["status"], "DISMISSED");
    assert_eq!(dismissed["resolution"], "ACCEPTED_RISK");

    // The same value in another message: it is stored and named, and nothing follows from it.
    leak(&server, &token, 2).await;
    let findings = get(&server, &token, "/api/v1/findings").await;
    let suppressed_by = |at: usize| findings["items"][at]["suppressed_by"].as_str();
    assert_eq!(suppressed_by(0), suppression.rsplit('/').next());
    assert_eq!(suppressed_by(1), None);
    let messages = get(&server, &token, "/api/v1/messages").await;
    assert_eq!(messages["items"][0]["policies"], json!([]));
    assert_eq!(
        messages["items"][0]["findings"][0]["suppressed_by"].as_str(),
        suppressed_by(0)
    );
    assert_eq!(get(&server, &token, &path).await["occurrences"], 1);
    let risk = get(&server, &token, &suppression).await;
    assert_eq!(
        (&risk["hits"], &risk["state"], &risk["kind"]),
        (&json!(1), &json!("live"), &json!("accepted_risk"))
    );

    // Its time is brought near; the janitor finds that it is over.
    let near = SystemClock.now() + Duration::from_secs(1);
    let request = server
        .request(Method::PATCH, &suppression)
        .bearer_auth(&token);
    Answer::to(request.json(&json!({ "expires_at": near })))
        .await
        .json(200);
    server
        .eventually("the alert is open again", async |server| {
            (get(server, &token, &path).await["status"] == "OPEN").then_some(())
        })
        .await;
    assert_eq!(get(&server, &token, &suppression).await["state"], "ended");
    leak(&server, &token, 3).await;
    let again = get(&server, &token, &path).await;
    assert_eq!(
        (&again["occurrences"], &again["reopened"]),
        (&json!(2), &json!(1))
    );
    let activity = get(&server, &token, &format!("{path}/activity")).await;
    let kinds: Vec<_> = activity["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert_eq!(kinds, ["risk_accepted", "status", "reopened"]);
    assert!(!server.log().contains("CANARY"));
}

#[tokio::test]
async fn a_risk_is_accepted_with_a_reason_and_for_a_time_only() {
    let office = office(several(1)).await;
    let path = format!("{}/accept-risk", office.path(0));
    let at = |days: u64| SystemClock.now() + Duration::from_hours(24 * days);
    for body in [
        json!({}),
        json!({"reason": "x"}),
        json!({"reason": "x", "expires_at": null}),
        json!({"reason": "x", "expires_at": "2001-01-01T00:00:00Z"}),
        json!({"reason": "x", "expires_at": at(367)}),
        json!({"reason": " ", "expires_at": at(1)}),
        json!({"reason": "x", "expires_at": at(1), "owner": "4111"}),
        json!({"reason": "x".repeat(1_001), "expires_at": at(1)}),
        // The alert was raised with no value.
        json!({"reason": "x", "expires_at": at(1)}),
    ] {
        let refused = office.send(Method::POST, &path, &body).await;
        assert!(!refused.text().contains("4111"));
        refused.problem(422, "unusable");
    }
    assert_eq!(
        office.get(&office.path(0)).await.json(200)["status"],
        "OPEN"
    );
}
