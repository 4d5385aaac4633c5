//! `PATCH`, `DELETE /api/v1/webhooks/{id}` and `/rotate-secret`

use coordinator::domain::roles::Role;
use coordinator::store::Paging;
use coordinator::store::audit::{self, AuditFilter};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, at};
use crate::support::db;
use crate::support::server::Answer;

#[tokio::test]
async fn a_change_names_the_version_it_was_made_from() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let path = at(&made, "");
    let change = async |seen: &str| {
        let request = scene
            .server
            .request(Method::PATCH, &path)
            .bearer_auth(&scene.token);
        Answer::to(
            request
                .header("if-match", seen)
                .json(&json!({"min_severity": "LOW"})),
        )
        .await
    };
    let changed = change("\"1\"").await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.json(200)["min_severity"], "LOW");
    change("\"1\"").await.problem(412, "precondition_failed");
}

#[tokio::test]
async fn one_that_is_switched_off_is_not_called_and_begins_anew_when_switched_on() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let path = at(&made, "");
    let off = scene
        .send(Method::PATCH, &path, &json!({"enabled": false}))
        .await
        .json(200);
    assert_eq!(
        (&off["state"], &off["disabled_reason"]),
        (&json!("disabled"), &json!("by_admin"))
    );
    scene.raise("while off").await;
    let on = scene
        .send(Method::PATCH, &path, &json!({"enabled": true}))
        .await
        .json(200);
    assert_eq!(
        (&on["state"], &on["disabled_reason"]),
        (&json!("active"), &Value::Null)
    );
    let raised = scene.raise("while on").await;
    let arrived = scene.receiver.has(1).await;
    assert_eq!(arrived[0].json()["data"]["id"], raised["alert_id"]);
    assert_eq!(arrived.len(), 1);
}

#[tokio::test]
async fn after_a_rotation_calls_are_signed_with_both_secrets() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let rotated = scene
        .send(Method::POST, &at(&made, "/rotate-secret"), &json!({}))
        .await
        .json(200);
    let (old, new) = (
        made["secret"].as_str().unwrap(),
        rotated["secret"].as_str().unwrap(),
    );
    assert_ne!(old, new);
    scene.raise("signed twice").await;
    let arrived = scene.receiver.has(1).await.remove(0);
    assert!(arrived.is_signed_with(old) && arrived.is_signed_with(new));
    assert_eq!(arrived.headers["webhook-signature"].split(' ').count(), 2);
}

#[tokio::test]
async fn a_deleted_webhook_is_gone_and_every_change_is_on_record() {
    let mut scene = Scene::start().await;
    let made = scene.webhook().await;
    let path = at(&made, "");
    scene
        .send(Method::PATCH, &path, &json!({"name": "other"}))
        .await
        .json(200);
    scene
        .send(Method::POST, &at(&made, "/rotate-secret"), &json!({}))
        .await
        .json(200);
    scene
        .send(Method::POST, &at(&made, "/test"), &json!({}))
        .await
        .json(200);
    assert_eq!(
        scene.send(Method::DELETE, &path, &json!({})).await.status,
        204
    );
    for gone in [path.clone(), at(&made, "/deliveries")] {
        scene
            .server
            .get_as(&scene.token, &gone)
            .await
            .problem(404, "not_found");
    }
    assert!(scene.server.stop().success());
    let store = db::connect(scene.server.site.database_url()).await.unwrap();
    let about = AuditFilter {
        subject: Some(made["id"].as_str().unwrap().to_owned()),
        ..AuditFilter::default()
    };
    let trail = store
        .read(move |c| audit::list(c, &about, Paging::first(9)))
        .await
        .unwrap();
    let types: Vec<&str> = trail
        .items
        .iter()
        .map(|entry| entry.event_type.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "webhook.deleted",
            "webhook.tested",
            "webhook.secret_rotated",
            "webhook.updated",
            "webhook.created"
        ]
    );
    let said: String = trail
        .items
        .iter()
        .map(|entry| entry.variant_data.as_str())
        .collect();
    assert!(!said.contains("zanarkand") && !said.contains("whsec_") && !said.contains("127.0.0.1"));
}

#[tokio::test]
async fn an_auditor_sees_webhooks_and_changes_none() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let auditor = scene.server.token(Role::Auditor).await;
    scene
        .server
        .get_as(&auditor, &at(&made, ""))
        .await
        .json(200);
    scene
        .server
        .get_as(&auditor, &at(&made, "/deliveries"))
        .await
        .json(200);
    for below in ["/rotate-secret", "/test"] {
        let refused = scene
            .server
            .post_as(&auditor, &at(&made, below), &json!({}))
            .await;
        refused.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_webhook_that_a_policy_names_is_not_deleted() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let policy = json!({
        "name": "Tell them", "mode": "enforce", "rules": [{}],
        "actions": [{"type": "alert"}, {"type": "webhook", "id": made["id"]}],
    });
    let policy = scene
        .server
        .post_as(&scene.token, "/api/v1/policies", &policy)
        .await
        .json(201);
    let path = at(&made, "");
    let refused = scene.send(Method::DELETE, &path, &json!({})).await;
    assert_eq!(
        refused.problem(409, "conflict")["detail"],
        "policies name it: “Tell them”; take it out of them first"
    );
    let policy = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
    for (path, status) in [(&policy, 204), (&path, 204), (&path, 404)] {
        let answer = scene.send(Method::DELETE, path, &json!({})).await;
        assert_eq!(answer.status, status, "{path}");
    }
}
