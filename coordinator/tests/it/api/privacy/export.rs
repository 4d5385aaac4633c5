//! `POST /api/v1/privacy/export`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::slack::leak;

pub(super) const EXPORT: &str = "/api/v1/privacy/export";

/// A server that caught two messages of `U0001`.
pub(super) async fn with_a_person() -> (Server, String) {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    for id in ["Ev1", "Ev2"] {
        assert_eq!(
            server.slack(leak(id).to_string().as_bytes()).await.status,
            200
        );
    }
    server
        .eventually("both are caught", async |server| {
            let page = server.get_as(&token, "/api/v1/messages").await.json(200);
            (page["total"] == 2).then_some(())
        })
        .await;
    (server, token)
}

pub(super) async fn records(server: &Server, token: &str, person: &Value) -> Vec<Value> {
    let answer = server.post_as(token, EXPORT, person).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    assert!(!answer.text().contains("4111 1111 1111 1111"));
    answer
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn everything_that_is_known_of_a_person_is_told_and_no_value() {
    let (server, token) = with_a_person().await;
    let told = records(&server, &token, &json!({"slack_user": "U0001"})).await;
    let kinds = |kind: &str| told.iter().filter(|record| record["kind"] == kind).count();
    assert_eq!(
        (kinds("scan"), kinds("finding"), kinds("alert")),
        (2, 2, 1),
        "{told:?}"
    );
    assert_eq!(
        records(
            &server,
            &token,
            &json!({"slack_user": "U0001", "workspace": "T0002"})
        )
        .await,
        [] as [Value; 0]
    );
    assert_eq!(
        records(&server, &token, &json!({"slack_user": "U0002"})).await,
        [] as [Value; 0]
    );
    let recorded = "/api/v1/audit/events?event_type=person.exported";
    let trail = server.get_as(&token, recorded).await;
    assert!(!trail.text().contains("U0001"));
    assert_eq!(trail.json(200)["total"], 3);
}

#[tokio::test]
async fn what_is_no_id_of_slacks_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    for person in [
        json!({"slack_user": ""}),
        json!({"slack_user": "U1' OR 1=1 --"}),
        json!({"slack_user": "U".repeat(65)}),
        json!({"slack_user": "U1", "workspace": "%"}),
    ] {
        let refused = server.post_as(&token, EXPORT, &person).await;
        refused.problem(422, "unusable");
    }
    for body in [
        json!({}),
        json!({"slack_user": 1}),
        json!({"slack_user": "U1", "user": "x"}),
    ] {
        server
            .post_as(&token, EXPORT, &body)
            .await
            .problem(400, "invalid");
    }
}
