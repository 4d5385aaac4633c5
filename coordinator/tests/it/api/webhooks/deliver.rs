//! What webhooks are told, and what becomes of it: `GET /api/v1/webhooks/{id}/deliveries`

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, Scene, at};
use crate::support::slack::leak;
use crate::support::smtp::MailServer;

#[tokio::test]
async fn an_alert_is_told_signed_and_masked() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let event = leak("Ev1").to_string();
    assert_eq!(scene.server.slack(event.as_bytes()).await.status, 200);
    let arrived = scene.receiver.has(1).await.remove(0);
    assert!(arrived.is_signed_with(made["secret"].as_str().unwrap()));
    let told = arrived.json();
    assert_eq!(
        (&told["type"], &told["data"]["source"]),
        (&json!("alert.opened"), &json!("slack"))
    );
    assert_eq!(
        told["data"]["previews"][0]["preview"],
        "4111 **** **** 1111"
    );
    assert!(!String::from_utf8_lossy(&arrived.body).contains("1111 1111"));
    let delivery = scene.newest(&made, "done").await;
    assert_eq!(
        (&delivery["attempts"], &delivery["alert_id"]),
        (&json!(1), &told["data"]["id"])
    );
    let name = format!("msg_{}", delivery["id"].as_str().unwrap().replace('-', ""));
    assert_eq!(arrived.headers["webhook-id"], name);
}

#[tokio::test]
async fn who_failed_is_told_again_under_the_same_name_and_is_well_again() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    for answer in ["500 Oops", "429 Slow", "500 Oops"] {
        scene.receiver.answer_next(answer);
    }
    scene.raise("told four times").await;
    let arrived = scene.receiver.has(4).await;
    let names: std::collections::BTreeSet<&String> = arrived
        .iter()
        .map(|call| &call.headers["webhook-id"])
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(scene.newest(&made, "done").await["attempts"], 4);
    let well = scene.shown(&made, |shown| shown["state"] == "active").await;
    assert_eq!(
        (&well["failures"], &well["failing_since"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(scene.receiver.arrived().len(), 4);
}

#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    let scene = Scene::start().await;
    let picky = json!({"name": "picky", "url": scene.url, "event_types": ["alert.reopened"]});
    scene.send(Method::POST, PATH, &picky).await.json(201);
    let high = scene.url.replace("zanarkandpath", "high");
    let high = json!({"name": "high", "url": high, "min_severity": "CRITICAL"});
    let high = scene.send(Method::POST, PATH, &high).await.json(201);
    let mut event =
        json!({"source": "s", "event_type": "t", "severity": "HIGH", "description": "d"});
    scene
        .server
        .post_as(&scene.token, "/api/v1/events", &event)
        .await
        .json(201);
    event["severity"] = json!("CRITICAL");
    scene
        .server
        .post_as(&scene.token, "/api/v1/events", &event)
        .await
        .json(201);
    // Seen again, it is no news.
    scene
        .server
        .post_as(&scene.token, "/api/v1/events", &event)
        .await
        .json(201);
    scene.newest(&high, "done").await;
    let arrived = scene.receiver.arrived();
    assert_eq!(arrived.len(), 1);
    assert_eq!(
        (
            arrived[0].path.as_str(),
            &arrived[0].json()["data"]["severity"]
        ),
        ("/hooks/high", &json!("CRITICAL"))
    );
}

#[tokio::test]
async fn who_fails_too_often_for_too_long_is_disabled_and_people_are_told() {
    let (mail, smtp) = MailServer::start().await;
    let smtp = format!("smtp://{smtp}?tls=none");
    let scene = Scene::start_with(&[
        ("WEIR_WEBHOOKS__DISABLE_AFTER", "1s"),
        ("WEIR_WEBHOOKS__RETRY_AFTER", "10ms"),
        ("WEIR_MAIL__SMTP_URL", &smtp),
        ("WEIR_MAIL__TO", "ops@example.com"),
        ("WEIR_MAIL__MIN_SEVERITY", "CRITICAL"),
    ])
    .await;
    let made = scene.webhook().await;
    scene.receiver.always("500 Oops");
    let event = json!({"source": "s", "event_type": "t", "severity": "HIGH", "description": "d"});
    scene
        .server
        .post_as(&scene.token, "/api/v1/events", &event)
        .await
        .json(201);
    let disabled = scene
        .shown(&made, |shown| shown["state"] == "disabled")
        .await;
    assert_eq!(disabled["disabled_reason"], "too_many_failures");
    assert!(disabled["failures"].as_i64() >= Some(10), "{disabled}");
    let given_up = scene.newest(&made, "failed").await;
    assert_eq!(given_up["error_code"], "endpoint_disabled");
    let letter = mail.has(1).await.remove(0);
    assert_eq!(letter.header("Subject"), "Webhook disabled: SIEM");
    let calls = scene.receiver.arrived().len();
    scene.raise("nobody is told").await;
    let analyst = scene.server.token(Role::Analyst).await;
    scene
        .server
        .get_as(&analyst, "/api/v1/events")
        .await
        .json(200);
    mail.has(2).await;
    assert_eq!(scene.receiver.arrived().len(), calls);
}

#[tokio::test]
async fn who_says_that_it_is_gone_is_disabled_at_once() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    scene.receiver.always("410 Gone");
    scene.raise("first").await;
    let disabled = scene
        .shown(&made, |shown| shown["state"] == "disabled")
        .await;
    assert_eq!(
        (&disabled["disabled_reason"], &disabled["enabled"]),
        (&json!("gone"), &json!(false))
    );
    assert_eq!(scene.newest(&made, "failed").await["attempts"], 1);
    assert_eq!(scene.receiver.arrived().len(), 1);
    for series in [
        "weir_deliveries_total{kind=\"webhook\",outcome=\"failed\"}",
        "weir_delivery_seconds_count{kind=\"webhook\"}",
        "weir_webhooks_disabled_total{reason=\"gone\"}",
    ] {
        scene
            .server
            .eventually("it is counted", async |server| {
                (server.metric(series).await == 1).then_some(())
            })
            .await;
    }
    let metrics = scene.server.get("/metrics").await.text();
    assert!(!metrics.contains("zanarkand") && !metrics.contains("127.0.0.1"));
}

#[tokio::test]
async fn deliveries_come_in_pages() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    for n in 0..3 {
        scene.raise(&format!("number {n}")).await;
    }
    let page = async |query: &str| {
        let path = format!("{}?{query}", at(&made, "/deliveries"));
        scene.server.get_as(&scene.token, &path).await.json(200)
    };
    let first = page("limit=2").await;
    assert_eq!(
        (first["items"].as_array().unwrap().len(), &first["total"]),
        (2, &json!(3))
    );
    let rest = page(&format!(
        "limit=2&cursor={}",
        first["next_cursor"].as_str().unwrap()
    ))
    .await;
    assert_eq!(
        (
            rest["items"].as_array().unwrap().len(),
            &rest["next_cursor"]
        ),
        (1, &Value::Null)
    );
}
