//! `POST /api/v1/privacy/users/export`, `POST /api/v1/privacy/users/erase`.

use coordinator::domain::roles::Role;
use serde_json::{Value, json};
use shared::ids::UserId;

use crate::support::server::{PASSWORD, Server};

const EXPORT: &str = "/api/v1/privacy/users/export";
const ERASE: &str = "/api/v1/privacy/users/erase";
const ZOE: &str = "zanarkand@example.org";

/// Somebody who did much, and an admin.
struct Scene {
    server: Server,
    admin: String,
    zoe: Value,
    session: Value,
    api_token: String,
    alert: String,
}

impl Scene {
    async fn start() -> Self {
        let server = Server::start().await;
        let admin = server.token(Role::Admin).await;
        let body = json!({"email": ZOE, "role": "admin", "password": PASSWORD});
        let added = server.post_as(&admin, "/api/v1/users", &body).await;
        let zoe = added.json(201)["user"]["id"].clone();
        let wrong = json!({"email": ZOE, "password": "zanarkand wrong"});
        server.post("/api/v1/auth/login", &wrong).await.json(401);
        let asked = json!({"email": ZOE});
        let forgot = server.post("/api/v1/auth/password/forgot", &asked).await;
        assert_eq!(forgot.status, 202, "{}", forgot.text());
        let right = json!({"email": ZOE, "password": PASSWORD});
        let session = server.post("/api/v1/auth/login", &right).await.json(200);
        let hers = session["access_token"].as_str().unwrap().to_owned();
        let body = json!({"name": "zanarkand's script", "scopes": ["alerts:read"]});
        let made = server
            .post_as(&hers, "/api/v1/tokens", &body)
            .await
            .json(201);
        let event = json!({
            "source": "ids", "event_type": "x", "severity": "CRITICAL", "description": "x",
        });
        let event = server.post_as(&hers, "/api/v1/events", &event).await;
        let alert = event.json(201)["alert_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/alerts/{alert}");
        let assign = json!({"assignee": zoe});
        server
            .post_as(&admin, &format!("{path}/assign"), &assign)
            .await
            .json(200);
        let comment = json!({"text": "zanarkand looks into it"});
        let said = server
            .post_as(&hers, &format!("{path}/comments"), &comment)
            .await;
        assert!(said.status < 300, "{}", said.text());
        Self {
            api_token: made["secret"].as_str().unwrap().to_owned(),
            server,
            admin,
            zoe,
            session,
            alert,
        }
    }

    fn access_token(&self) -> &str {
        self.session["access_token"].as_str().unwrap()
    }

    async fn records(&self) -> Vec<Value> {
        let body = json!({"user": self.zoe});
        let answer = self.server.post_as(&self.admin, EXPORT, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        assert!(!answer.text().contains("argon2") && !answer.text().contains("weir_pat_"));
        let text = answer.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    async fn erase(&self) -> Value {
        let body = json!({"user": self.zoe, "reason": "request 2026-114"});
        let erased = self.server.post_as(&self.admin, ERASE, &body).await;
        erased.json(200)
    }
}

#[tokio::test]
async fn everything_that_is_known_of_a_user_is_told_and_no_secret() {
    let scene = Scene::start().await;
    let told = scene.records().await;
    let kinds = |kind: &str| told.iter().filter(|record| record["kind"] == kind).count();
    assert_eq!(
        (kinds("user"), kinds("session"), kinds("api_token")),
        (1, 1, 1)
    );
    assert_eq!((kinds("assignment"), kinds("activity")), (1, 1), "{told:?}");
    assert!(kinds("audit_event") >= 3, "{told:?}");
    let find = |kind: &str| told.iter().find(|record| record["kind"] == kind).unwrap();
    assert_eq!(find("user")["email"], ZOE);
    assert_eq!(find("activity")["text"], "zanarkand looks into it");
    assert_eq!(find("assignment")["alert"], scene.alert.as_str());
    let path = "/api/v1/audit/events?event_type=user.exported";
    let trail = scene.server.get_as(&scene.admin, path).await;
    assert!(!trail.text().contains("zanarkand"));
    assert_eq!(trail.json(200)["total"], 1);
}

#[tokio::test]
async fn a_lock_out_is_told_and_goes_with_the_user() {
    let scene = Scene::start().await;
    let wrong = json!({"email": ZOE, "password": "zanarkand wrong"});
    for _ in 0..5 {
        let answer = scene.server.post("/api/v1/auth/login", &wrong).await;
        answer.problem(401, "invalid_credentials");
    }
    let told = scene.records().await;
    let lock = told
        .iter()
        .find(|record| record["kind"] == "lock_out")
        .unwrap();
    assert_eq!(lock["failures"], 5);
    assert!(lock["locked_until"].is_string());
    scene.erase().await;
    let right = json!({"email": ZOE, "password": PASSWORD});
    let answer = scene.server.post("/api/v1/auth/login", &right).await;
    answer.problem(401, "invalid_credentials");
}

#[tokio::test]
async fn who_was_erased_is_out_and_nothing_names_them() {
    let scene = Scene::start().await;
    let erased = scene.erase().await;
    assert_eq!(
        (&erased["sessions"], &erased["tokens"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&erased["alerts"], &erased["comments"]),
        (&json!(1), &json!(1))
    );
    let me = "/api/v1/auth/me";
    for token in [scene.access_token(), &scene.api_token] {
        let answer = scene.server.get_as(token, me).await;
        answer.problem(401, "unauthenticated");
    }
    let refresh = json!({"refresh_token": scene.session["refresh_token"]});
    let refreshed = scene.server.post("/api/v1/auth/refresh", &refresh).await;
    assert_eq!(refreshed.status, 401);
    let right = json!({"email": ZOE, "password": PASSWORD});
    let login = scene.server.post("/api/v1/auth/login", &right).await;
    login.problem(401, "invalid_credentials");
    let path = format!("/api/v1/users/{}", scene.zoe.as_str().unwrap());
    let gone = scene.server.get_as(&scene.admin, &path).await;
    gone.problem(404, "not_found");
    let enabling = json!({"disabled": false});
    let back = scene.server.patch_as(&scene.admin, &path, &enabling).await;
    back.problem(404, "not_found");
    let alert = format!("/api/v1/alerts/{}", scene.alert);
    for path in [
        "/api/v1/users".to_owned(),
        "/api/v1/tokens".to_owned(),
        "/api/v1/audit/events?limit=100".to_owned(),
        alert.clone(),
        format!("{alert}/activity"),
    ] {
        let shown = scene.server.get_as(&scene.admin, &path).await;
        assert_eq!(shown.status, 200, "{path}");
        assert!(
            !shown.text().contains("zanarkand"),
            "{path}: {}",
            shown.text()
        );
    }
    let freed = scene.server.get_as(&scene.admin, &alert).await.json(200);
    assert_eq!(
        (&freed["assignee"], &freed["status"]),
        (&json!(null), &json!("OPEN"))
    );
    assert!(!scene.server.log().contains("zanarkand"));
}

#[tokio::test]
async fn the_trail_is_whole_after_an_erasure_and_keeps_the_id() {
    let scene = Scene::start().await;
    let id = scene.zoe.as_str().unwrap();
    let theirs = format!("/api/v1/audit/events?user_id={id}");
    let before = scene.server.get_as(&scene.admin, &theirs).await.json(200);
    scene.erase().await;
    let after = scene.server.get_as(&scene.admin, &theirs).await.json(200);
    assert_eq!(before["items"], after["items"]);
    assert!(before["total"].as_u64().unwrap() >= 3);
    let proof = scene
        .server
        .get_as(&scene.admin, "/api/v1/audit/verify")
        .await
        .json(200);
    assert_eq!(
        (&proof["valid"], &proof["complete"]),
        (&json!(true), &json!(true))
    );
    let path = format!("/api/v1/audit/events?event_type=user.erased&subject={id}");
    let told = scene.server.get_as(&scene.admin, &path).await.json(200);
    assert_eq!(told["total"], 1);
    assert_eq!(
        told["items"][0]["variant_data"],
        json!({"sessions": 1, "tokens": 1, "alerts": 1, "comments": 1, "reason": "request 2026-114"})
    );
}

#[tokio::test]
async fn the_address_of_who_was_erased_is_free_for_somebody_new() {
    let scene = Scene::start().await;
    scene.erase().await;
    let body = json!({"email": ZOE, "role": "analyst", "password": PASSWORD});
    let added = scene
        .server
        .post_as(&scene.admin, "/api/v1/users", &body)
        .await;
    let added = added.json(201)["user"].clone();
    assert_ne!(added["id"], scene.zoe);
    let login = json!({"email": ZOE, "password": PASSWORD});
    let session = scene
        .server
        .post("/api/v1/auth/login", &login)
        .await
        .json(200);
    let token = session["access_token"].as_str().unwrap();
    let me = scene
        .server
        .get_as(token, "/api/v1/auth/me")
        .await
        .json(200);
    assert_eq!((&me["id"], &me["role"]), (&added["id"], &json!("analyst")));
}

#[tokio::test]
async fn nobody_is_erased_who_must_stay_or_without_a_reason_that_names_nobody() {
    let scene = Scene::start().await;
    let server = &scene.server;
    let erase = async |token: &str, user: &Value, reason: &str| {
        let body = json!({"user": user, "reason": reason});
        server.post_as(token, ERASE, &body).await
    };
    for reason in [
        "",
        "  ",
        "a\u{7}",
        &"x".repeat(501),
        "because Zanarkand@Example.org asked",
    ] {
        let refused = erase(&scene.admin, &scene.zoe, reason).await;
        assert!(!refused.text().to_lowercase().contains("zanarkand"));
        refused.problem(422, "unusable");
    }
    let oneself = erase(scene.access_token(), &scene.zoe, "request 1").await;
    oneself.problem(409, "conflict");
    let unknown = erase(&scene.admin, &json!(UserId::fresh()), "request 1").await;
    unknown.problem(404, "not_found");
    let analyst = server.token(Role::Analyst).await;
    let refused = erase(&analyst, &scene.zoe, "request 1").await;
    refused.problem(403, "forbidden");
    let me = server
        .get_as(&scene.admin, "/api/v1/auth/me")
        .await
        .json(200);
    erase(scene.access_token(), &me["id"], "request 1")
        .await
        .json(200);
    let last = erase(scene.access_token(), &scene.zoe, "request 2").await;
    last.problem(409, "conflict");
    assert_eq!(
        server
            .get_as(scene.access_token(), "/api/v1/auth/me")
            .await
            .status,
        200
    );
    let again = erase(scene.access_token(), &me["id"], "request 1").await;
    again.problem(404, "not_found");
    let told = server
        .post_as(scene.access_token(), EXPORT, &json!({"user": me["id"]}))
        .await;
    told.problem(404, "not_found");
}
