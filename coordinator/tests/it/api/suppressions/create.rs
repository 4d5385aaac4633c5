//! `POST /api/v1/suppressions`, `GET /api/v1/suppressions`, `GET /{id}`.

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};
use shared::ids::{SuppressionId, UserId};

use super::{LIST, send};
use crate::support::server::Server;
use crate::support::slack::leak;

#[tokio::test]
async fn a_suppression_is_in_force_when_it_is_answered() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let body = json!({"matches": {"info_types": ["CREDIT_CARD_NUMBER"], "channels": ["C0001"]}, "reason": "tests"});
    let made = server.post_as(&token, LIST, &body).await;
    assert_eq!(made.headers["etag"], "\"1\"");
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.json(201);
    assert_eq!(
        (&made["state"], &made["matches"]),
        (&json!("live"), &body["matches"])
    );
    assert_eq!(made["owner"], made["created_by"]);
    assert_eq!(
        server
            .slack(leak("Ev1").to_string().as_bytes())
            .await
            .status,
        200
    );
    let hit = server
        .eventually("it hits", async |server| {
            let shown = server.get_as(&token, &path).await.json(200);
            (shown["hits"] == 1).then_some(shown)
        })
        .await;
    assert!(hit["last_hit_at"].is_string());
    assert_eq!(
        server.get_as(&token, "/api/v1/alerts").await.json(200)["total"],
        0
    );
    let finding = server.get_as(&token, "/api/v1/findings").await.json(200)["items"][0].clone();
    assert_eq!(finding["suppressed_by"], made["id"]);
    let totals = server.get_as(&token, "/api/v1/stats").await.json(200)["totals"].clone();
    assert_eq!(totals["suppressed"], json!({"CREDIT_CARD_NUMBER": 1}));
    assert_eq!(totals["suppressed"], totals["findings"]);
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_everything_that_is_wrong() {
    let server = Server::start().await;
    let one = json!({"channels": ["C1"]});
    for (body, errors) in [
        (json!({}), 2),
        (json!({"matches": {}, "reason": "x"}), 1),
        (json!({"matches": {"channels": []}, "reason": "x"}), 1),
        (
            json!({"matches": {"channels": ["4111\u{0}"], "info_types": ["4111"], "4111": 1}, "reason": ""}),
            4,
        ),
        (
            json!({"matches": one, "reason": "x", "kind": "accepted_risk"}),
            1,
        ),
        (
            json!({"matches": one, "reason": "x", "expires_at": "2001-01-01T00:00:00Z"}),
            1,
        ),
        (
            json!({"matches": one, "reason": "x", "owner": UserId::fresh().to_string()}),
            1,
        ),
        (json!({"matches": one, "reason": "x", "hits": 4111}), 1),
    ] {
        let problem = send(&server, Method::POST, LIST, &body)
            .await
            .problem(422, "unusable");
        assert_eq!(
            problem["errors"].as_array().unwrap().len(),
            errors,
            "{problem}"
        );
        assert!(!problem.to_string().contains("4111"), "{problem}");
    }
    assert_eq!(
        send(&server, Method::GET, LIST, &Value::Null)
            .await
            .json(200)["total"],
        0
    );
}

#[tokio::test]
async fn an_analyst_looks_at_suppressions_and_makes_none() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let body = json!({"matches": {"channels": ["C1"]}, "reason": "x"});
    server
        .post_as(&token, LIST, &body)
        .await
        .problem(403, "forbidden");
    assert_eq!(server.get_as(&token, LIST).await.status, 200);
}

#[tokio::test]
async fn a_list_is_chosen_and_paged_and_refuses_what_it_does_not_know() {
    let server = Server::start().await;
    for n in 0..5 {
        let body = json!({"matches": {"channels": [format!("C{n}")]}, "reason": "x"});
        send(&server, Method::POST, LIST, &body).await.json(201);
    }
    let token = server.token(Role::Auditor).await;
    let page = server
        .get_as(&token, &format!("{LIST}?limit=3"))
        .await
        .json(200);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = server
        .get_as(&token, &format!("{LIST}?limit=3&cursor={next}"))
        .await
        .json(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    for (query, expected) in [
        ("state=live&kind=suppression", 5),
        ("state=ended", 0),
        ("kind=accepted_risk", 0),
    ] {
        let page = server
            .get_as(&token, &format!("{LIST}?{query}"))
            .await
            .json(200);
        assert_eq!(page["total"], expected, "{query}");
    }
    for query in [
        "state=4111",
        "kind=4111",
        "owner=4111",
        "stat=live",
        "limit=4111",
    ] {
        let refused = server.get_as(&token, &format!("{LIST}?{query}")).await;
        assert!(!refused.text().contains("4111"));
        refused.problem(400, "invalid");
    }
    let unknown = format!("{LIST}/{}", SuppressionId::fresh());
    server
        .get_as(&token, &unknown)
        .await
        .problem(404, "not_found");
}
