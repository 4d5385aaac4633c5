//! `GET`, `PUT`, `PATCH` and `DELETE /api/v1/policies/{id}`.

use coordinator::domain::roles::Role;
use coordinator::store::Paging;
use coordinator::store::audit::{self, AuditFilter};
use reqwest::Method;
use serde_json::{Value, json};
use shared::ids::PolicyId;

use super::{PATH, cards, caught, policies_of, send};
use crate::support::db;
use crate::support::server::{Answer, Server};

async fn made(server: &Server, token: &str) -> String {
    let made = server.post_as(token, PATH, &cards()).await.json(201);
    format!("{PATH}/{}", made["id"].as_str().unwrap())
}

async fn send_seen(server: &Server, method: Method, path: &str, token: &str, seen: &str) -> Answer {
    let request = server.request(method, path).bearer_auth(token);
    let request = request.header("if-match", seen);
    Answer::to(request.json(&cards())).await
}

#[tokio::test]
async fn a_policy_is_changed_replaced_and_deleted_and_each_is_noted() {
    let mut server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let path = made(&server, &token).await;
    let change = json!({"mode": "off", "priority": 3});
    let changed = send(&server, Method::PATCH, &path, &token, &change).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    let changed = changed.json(200);
    assert_eq!(
        (&changed["mode"], &changed["priority"]),
        (&json!("off"), &json!(3))
    );
    assert_eq!(changed["actions"], cards()["actions"]);
    let shorter = json!({"name": "Shorter", "rules": [{"families": ["payment"]}]});
    let replaced = send(&server, Method::PUT, &path, &token, &shorter)
        .await
        .json(200);
    assert_eq!(
        (
            &replaced["version"],
            &replaced["mode"],
            &replaced["actions"]
        ),
        (&json!(3), &json!("simulate"), &json!([]))
    );
    assert_eq!(server.get_as(&token, &path).await.json(200), replaced);
    let gone = send(&server, Method::DELETE, &path, &token, &json!(null)).await;
    assert_eq!(gone.status, 204);
    server.get_as(&token, &path).await.problem(404, "not_found");
    server.stop();
    let store = db::connect(server.site.database_url()).await.unwrap();
    let subject = path.rsplit('/').next().map(str::to_owned);
    let filter = AuditFilter {
        subject,
        ..AuditFilter::default()
    };
    let trail = store
        .read(move |conn| audit::list(conn, &filter, Paging::first(9)))
        .await
        .unwrap();
    assert!(trail.items.iter().all(|entry| entry.user_id.is_some()));
    let mut told: Vec<(String, Value)> = trail
        .items
        .into_iter()
        .map(|entry| {
            (
                entry.event_type,
                serde_json::from_str(&entry.variant_data).unwrap(),
            )
        })
        .collect();
    told.reverse();
    let types: Vec<&str> = told
        .iter()
        .map(|(event_type, _)| event_type.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "policy.created",
            "policy.updated",
            "policy.updated",
            "policy.deleted"
        ]
    );
    assert_eq!(told[1].1["changed"], json!(["mode", "priority"]));
}

#[tokio::test]
async fn a_policy_that_goes_off_decides_nothing_from_the_very_next_message_on() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let path = made(&server, &token).await;
    let text = "my card is 4111 1111 1111 1111";
    let message = caught(&server, &token, "1", text, json!({})).await;
    assert!(policies_of(&message).contains(&"Cards"), "{message}");
    let off = json!({"mode": "off"});
    send(&server, Method::PATCH, &path, &token, &off)
        .await
        .json(200);
    let message = caught(&server, &token, "2", text, json!({})).await;
    assert!(!policies_of(&message).contains(&"Cards"), "{message}");
}

#[tokio::test]
async fn who_names_a_version_is_held_to_it() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let path = made(&server, &token).await;
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let late = send_seen(&server, method, &path, &token, "\"7\"").await;
        late.problem(412, "precondition_failed");
    }
    let fresh = send_seen(&server, Method::PUT, &path, &token, "\"1\"").await;
    assert_eq!(fresh.headers["etag"], "\"2\"");
}

#[tokio::test]
async fn of_two_who_saw_the_same_version_one_is_told_no() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let path = made(&server, &token).await;
    let change = || send_seen(&server, Method::PATCH, &path, &token, "\"1\"");
    let answers = tokio::join!(change(), change(), change(), change());
    let mut statuses = [&answers.0, &answers.1, &answers.2, &answers.3].map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(
        statuses[1..]
            .iter()
            .all(|status| [409, 412].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(server.get_as(&token, &path).await.json(200)["version"], 2);
}

#[tokio::test]
async fn an_unknown_policy_is_not_there_however_it_is_asked_for() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    for id in [
        PolicyId::fresh().to_string(),
        "x".to_owned(),
        "%00".to_owned(),
    ] {
        let path = format!("{PATH}/{id}");
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = send(&server, method, &path, &token, &cards()).await;
            answer.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_bad_change_is_refused_and_nothing_of_it_made() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let path = made(&server, &token).await;
    let bad = json!({"name": "Other", "actions": [{"type": "mail", "to": ["no address"]}]});
    let refused = send(&server, Method::PATCH, &path, &token, &bad)
        .await
        .problem(422, "unusable");
    assert_eq!(
        refused["errors"],
        json!([
            "`actions[0].to[0]`: give an address such as security@example.com",
            "`actions`: a mail or webhook tells of the alert; add an `alert` beside it",
        ])
    );
    let kept = server.get_as(&token, &path).await.json(200);
    assert_eq!(
        (&kept["name"], &kept["version"]),
        (&json!("Cards"), &json!(1))
    );
}
