//! `PATCH /api/v1/users/{id}`.

use coordinator::domain::roles::Role;
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::server::{Answer, PASSWORD, Server, email_of};

async fn path_of(server: &Server, admin: &str, role: Role) -> String {
    let page = server
        .get_as(admin, &format!("/api/v1/users?role={role}&disabled=false"))
        .await
        .json(200);
    format!("/api/v1/users/{}", page["items"][0]["id"].as_str().unwrap())
}

/// Another admin: their path and token.
async fn second_admin(server: &Server, admin: &str) -> (String, String) {
    let body = json!({"email": "second@example.org", "role": "admin", "password": PASSWORD});
    let added = server
        .post_as(admin, "/api/v1/users", &body)
        .await
        .json(201);
    let login = json!({"email": "second@example.org", "password": PASSWORD});
    let session = server.post("/api/v1/auth/login", &login).await.json(200);
    let path = format!("/api/v1/users/{}", added["user"]["id"].as_str().unwrap());
    (path, session["access_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_changed_role_counts_at_once() {
    let server = Server::start().await;
    let (admin, analyst) = (
        server.token(Role::Admin).await,
        server.token(Role::Analyst).await,
    );
    let path = path_of(&server, &admin, Role::Analyst).await;
    let changed = server
        .patch_as(&admin, &path, &json!({"role": "auditor"}))
        .await;
    assert_eq!(changed.headers[header::ETAG], "\"2\"");
    assert_eq!(changed.json(200)["role"], "auditor");
    server
        .get_as(&analyst, "/api/v1/auth/me")
        .await
        .problem(401, "unauthenticated");
    assert_eq!(server.get_as(&admin, "/api/v1/auth/me").await.status, 200);
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_with_all_their_tokens() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let (path, other) = second_admin(&server, &admin).await;
    let made = server
        .post_as(
            &other,
            "/api/v1/tokens",
            &json!({"name": "ci", "scopes": ["users:read"]}),
        )
        .await
        .json(201);
    let machine = made["secret"].as_str().unwrap();
    assert_eq!(server.get_as(machine, "/api/v1/users").await.status, 200);
    server
        .patch_as(&admin, &path, &json!({"disabled": true}))
        .await
        .json(200);
    for token in [other.as_str(), machine] {
        server
            .get_as(token, "/api/v1/users")
            .await
            .problem(401, "unauthenticated");
    }
    let login = json!({"email": "second@example.org", "password": PASSWORD});
    server
        .post("/api/v1/auth/login", &login)
        .await
        .problem(401, "invalid_credentials");
}

#[tokio::test]
async fn nobody_takes_the_last_admin_away_nor_their_own_rights() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let own = path_of(&server, &admin, Role::Admin).await;
    for body in [json!({"role": "analyst"}), json!({"disabled": true})] {
        let problem = server
            .patch_as(&admin, &own, &body)
            .await
            .problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("last admin"));
    }
    second_admin(&server, &admin).await;
    for body in [json!({"role": "analyst"}), json!({"disabled": true})] {
        let problem = server
            .patch_as(&admin, &own, &body)
            .await
            .problem(409, "conflict");
        assert!(problem["detail"].as_str().unwrap().contains("themselves"));
    }
}

#[tokio::test]
async fn of_two_admins_who_demote_each_other_at_once_one_stays() {
    let server = Server::start().await;
    let one = server.token(Role::Admin).await;
    let path_of_one = path_of(&server, &one, Role::Admin).await;
    let (path_of_two, two) = second_admin(&server, &one).await;
    let body = json!({"role": "analyst"});
    let (first, second) = tokio::join!(
        server.patch_as(&one, &path_of_two, &body),
        server.patch_as(&two, &path_of_one, &body),
    );
    let mut answers = [first.status, second.status];
    answers.sort_unstable();
    // The one who is late finds their own session ended, or that they would take the last one away.
    assert!(
        answers == [200, 409] || answers == [200, 401],
        "{answers:?}"
    );
}

#[tokio::test]
async fn a_change_made_from_an_old_version_is_refused() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let path = path_of(&server, &admin, Role::Analyst).await;
    let change = async |version: &str, body: Value| {
        let request = server.request(Method::PATCH, &path).bearer_auth(&admin);
        Answer::to(request.header(header::IF_MATCH, version).json(&body)).await
    };
    assert_eq!(
        change("\"1\"", json!({"role": "auditor"})).await.status,
        200
    );
    change("\"1\"", json!({"role": "analyst"}))
        .await
        .problem(412, "precondition_failed");
    assert_eq!(change("*", json!({"role": "analyst"})).await.status, 200);
    // What changes nothing is fine and no change.
    let same = change("\"3\"", json!({})).await;
    assert_eq!(same.headers[header::ETAG], "\"3\"");
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let path = path_of(&server, &admin, Role::Analyst).await;
    server
        .patch_as(&admin, &path, &json!({"role": "root"}))
        .await
        .problem(422, "unusable");
    for body in [
        json!({"email": "x@y"}),
        json!({"disabled": "yes"}),
        json!({"role": 1}),
        json!("x"),
    ] {
        server
            .patch_as(&admin, &path, &body)
            .await
            .problem(400, "invalid");
    }
    let unknown = format!("/api/v1/users/{}", shared::ids::UserId::fresh());
    server
        .patch_as(&admin, &unknown, &json!({}))
        .await
        .problem(404, "not_found");
    let reset = format!("{unknown}/reset-password");
    server
        .post_as(&admin, &reset, &json!({}))
        .await
        .problem(404, "not_found");
    let me = json!({"email": email_of(Role::Analyst), "password": PASSWORD});
    server.post("/api/v1/auth/login", &me).await.json(200);
}
