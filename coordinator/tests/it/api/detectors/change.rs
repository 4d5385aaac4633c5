//! `PUT`, `PATCH` and `DELETE /api/v1/detectors/{id}`.

use coordinator::domain::roles::Role;
use coordinator::store::Paging;
use coordinator::store::audit::{self, AuditFilter};
use reqwest::Method;
use serde_json::{Value, json};

use super::employee_number;
use crate::support::db;
use crate::support::server::{Answer, Server};

const LIST: &str = "/api/v1/detectors";
const OWN: &str = "/api/v1/detectors/employee-number";
const CARDS: &str = "/api/v1/detectors/credit-card-number";

async fn send(
    server: &Server,
    method: Method,
    path: &str,
    body: Option<&Value>,
    seen: Option<&str>,
) -> Answer {
    let token = server.token(Role::Admin).await;
    let mut request = server.request(method, path).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    if let Some(seen) = seen {
        request = request.header("if-match", seen);
    }
    Answer::to(request).await
}

#[tokio::test]
async fn a_detector_of_one_s_own_is_changed_replaced_and_deleted() {
    let mut server = Server::start().await;
    send(&server, Method::POST, LIST, Some(&employee_number()), None)
        .await
        .json(201);
    let off = json!({"enabled": false});
    let changed = send(&server, Method::PATCH, OWN, Some(&off), Some("\"1\"")).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.json(200)["enabled"], false);
    send(&server, Method::PATCH, OWN, Some(&off), Some("\"1\""))
        .await
        .problem(412, "precondition_failed");
    let shorter =
        json!({"name": "Number", "info_type": "EMPLOYEE_ID", "pattern": "\\bEMP-\\d{4}\\b"});
    let replaced = send(&server, Method::PUT, OWN, Some(&shorter), None)
        .await
        .json(200);
    assert_eq!(
        (
            &replaced["version"],
            &replaced["hotwords"],
            &replaced["enabled"]
        ),
        (&json!(3), &Value::Null, &json!(true))
    );
    let bad = json!({"pattern": "("});
    send(&server, Method::PATCH, OWN, Some(&bad), None)
        .await
        .problem(422, "unusable");
    assert_eq!(
        send(&server, Method::DELETE, OWN, None, None).await.status,
        204
    );
    send(&server, Method::GET, OWN, None, None)
        .await
        .problem(404, "not_found");
    server.stop();
    let store = db::connect(server.site.database_url()).await.unwrap();
    let paging = Paging {
        after: None,
        limit: 100,
    };
    let trail = store.read(move |conn| audit::list(conn, &AuditFilter::default(), paging));
    let trail = trail.await.unwrap();
    let mut types: Vec<&str> = trail
        .items
        .iter()
        .filter(|entry| entry.subject.as_deref() == Some("employee-number"))
        .map(|entry| entry.event_type.as_str())
        .collect();
    types.reverse();
    assert_eq!(
        types,
        [
            "detector.created",
            "detector.updated",
            "detector.updated",
            "detector.deleted"
        ]
    );
}

#[tokio::test]
async fn a_built_in_detector_is_switched_off_and_weighed_anew_but_neither_rewritten_nor_deleted() {
    let server = Server::start().await;
    let text = json!({"text": "card 4111 1111 1111 1111"});
    let token = server.token(Role::Admin).await;
    let scan = async || {
        server
            .post_as(&token, "/api/v1/scans?wait=60", &text)
            .await
            .json(200)
    };
    let weighed = json!({"severity": "LOW"});
    let changed = send(&server, Method::PATCH, CARDS, Some(&weighed), Some("\"0\""))
        .await
        .json(200);
    assert_eq!(
        (
            &changed["severity"],
            &changed["origin"],
            &changed["version"]
        ),
        (&json!("LOW"), &json!("builtin"), &json!(1))
    );
    let found = scan().await;
    assert_eq!(found["findings"][0]["severity"], "LOW", "{found}");
    let off = json!({"enabled": false});
    send(&server, Method::PATCH, CARDS, Some(&off), None)
        .await
        .json(200);
    let found = scan().await["findings"].to_string();
    assert!(!found.contains("CREDIT_CARD_NUMBER"), "{found}");
    send(
        &server,
        Method::PATCH,
        CARDS,
        Some(&json!({"pattern": "x"})),
        None,
    )
    .await
    .problem(422, "unusable");
    send(&server, Method::PUT, CARDS, Some(&employee_number()), None)
        .await
        .problem(409, "conflict");
    send(&server, Method::DELETE, CARDS, None, None)
        .await
        .problem(409, "conflict");
}
