//! `POST /api/v1/webhooks/{id}/test`

use reqwest::Method;
use serde_json::{Value, json};

use super::{Scene, at};

#[tokio::test]
async fn a_ping_arrives_signed_and_its_answer_is_told() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let path = at(&made, "/test");
    for (answer, delivered, status) in [
        ("204 No Content", true, 204),
        ("503 Later", false, 503),
        ("410 Gone", false, 410),
    ] {
        scene.receiver.answer_next(answer);
        let told = scene.send(Method::POST, &path, &json!({})).await.json(200);
        assert_eq!(
            told,
            json!({"delivered": delivered, "status": status, "code": null})
        );
    }
    let arrived = scene.receiver.has(3).await;
    assert_eq!(arrived[0].path, "/hooks/zanarkandpath");
    assert_eq!(arrived[0].json()["type"], "ping");
    assert_eq!(arrived[0].headers["content-type"], "application/json");
    assert!(arrived[0].is_signed_with(made["secret"].as_str().unwrap()));
    assert_ne!(
        arrived[0].headers["webhook-id"],
        arrived[1].headers["webhook-id"]
    );
    // A ping is no news: it says nothing of the endpoint's health.
    let shown = scene
        .server
        .get_as(&scene.token, &at(&made, ""))
        .await
        .json(200);
    assert_eq!(
        (&shown["state"], &shown["failures"]),
        (&json!("active"), &json!(0))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    let elsewhere = scene.url.replace("zanarkandpath", "elsewhere");
    scene
        .receiver
        .answer_next(&format!("302 Found\r\nLocation: {elsewhere}"));
    let told = scene
        .send(Method::POST, &at(&made, "/test"), &json!({}))
        .await
        .json(200);
    assert_eq!(
        (&told["delivered"], &told["status"]),
        (&json!(false), &json!(302))
    );
    assert_eq!(scene.receiver.arrived().len(), 1);
}

#[tokio::test]
async fn why_nothing_was_answered_is_told_in_a_word() {
    let scene = Scene::start().await;
    let made = scene.webhook().await;
    for (url, code) in [
        ("http://127.0.0.1:9/", "connection_failed"),
        ("http://no-such-name.invalid/", "name_not_found"),
    ] {
        scene
            .send(Method::PATCH, &at(&made, ""), &json!({"url": url}))
            .await
            .json(200);
        let told = scene
            .send(Method::POST, &at(&made, "/test"), &json!({}))
            .await
            .json(200);
        assert_eq!(
            told,
            json!({"delivered": false, "status": Value::Null, "code": code}),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_called() {
    let scene = Scene::start_with(&[("WEIR_WEBHOOKS__ALLOW_NETWORKS", "10.0.0.0/8")]).await;
    let port = scene.url.split(['/', ':']).nth(4).unwrap().to_owned();
    let body = json!({"name": "inner", "url": format!("http://localhost:{port}/")});
    let made = scene.send(Method::POST, super::PATH, &body).await.json(201);
    let told = scene
        .send(Method::POST, &at(&made, "/test"), &json!({}))
        .await
        .json(200);
    assert_eq!(told["code"], "address_not_allowed");
    assert!(scene.receiver.arrived().is_empty());
}
