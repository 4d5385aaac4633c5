//! `POST /api/v1/webhooks`

use coordinator::domain::roles::Role;
use reqwest::Method;
use serde_json::json;

use super::{PATH, Scene, at};
use crate::support::server::Server;

#[tokio::test]
async fn a_secret_is_shown_once_and_a_path_never() {
    let scene = Scene::start().await;
    let body = json!({"name": "SIEM", "url": scene.url});
    let made = scene.server.post_as(&scene.token, PATH, &body).await;
    assert_eq!(made.headers["etag"], "\"1\"");
    let made = made.json(201);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50);
    assert_eq!(
        (&made["min_severity"], &made["state"]),
        (&json!("HIGH"), &json!("active"))
    );
    let shown = scene
        .server
        .get_as(&scene.token, &at(&made, ""))
        .await
        .text();
    let list = scene.server.get_as(&scene.token, PATH).await.text();
    for text in [&shown, &list] {
        assert!(
            !text.contains(secret) && !text.contains("zanarkandpath"),
            "{text}"
        );
    }
    assert!(scene.url.starts_with(made["endpoint"].as_str().unwrap()));
}

#[tokio::test]
async fn a_webhook_leads_to_the_public_internet_unless_an_operator_says_more() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let draft = |url: &str| json!({"name": "n", "url": url});
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://user:zanarkand@example.com/",
        "zanarkand",
        "",
    ] {
        let refused = server
            .post_as(&token, PATH, &draft(url))
            .await
            .problem(422, "unusable");
        assert_eq!(refused["errors"].as_array().unwrap().len(), 1, "{url}");
        assert!(!refused.to_string().contains("zanarkand"));
    }
    server
        .post_as(&token, PATH, &draft("https://example.com/hook"))
        .await
        .json(201);
}

#[tokio::test]
async fn a_name_is_taken_once_and_only_an_admin_makes_webhooks() {
    let server = Server::start().await;
    let (admin, analyst) = (
        server.token(Role::Admin).await,
        server.token(Role::Analyst).await,
    );
    let body = json!({"name": "SIEM", "url": "https://example.com/"});
    let first = server.post_as(&admin, PATH, &body).await.json(201);
    server
        .post_as(&admin, PATH, &body)
        .await
        .problem(409, "conflict");
    server
        .post_as(&analyst, PATH, &body)
        .await
        .problem(403, "forbidden");
    let other = json!({"name": "other", "url": "https://example.com/"});
    let other = server.post_as(&admin, PATH, &other).await.json(201);
    let request = server
        .request(Method::PATCH, &at(&other, ""))
        .bearer_auth(&admin);
    let renamed = crate::support::server::Answer::to(request.json(&json!({"name": "SIEM"}))).await;
    renamed.problem(409, "conflict");
    assert_ne!(first["id"], other["id"]);
}

#[tokio::test]
async fn there_are_a_hundred_webhooks_at_most() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    for n in 0..=100 {
        let body = json!({"name": format!("n{n}"), "url": "https://example.com/"});
        let made = server.post_as(&admin, PATH, &body).await;
        assert_eq!(made.status, if n < 100 { 201 } else { 409 }, "{n}");
    }
    assert_eq!(server.get_as(&admin, PATH).await.json(200)["total"], 100);
}
