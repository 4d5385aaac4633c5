//! Who gets in where: every route of the table, as everybody.
//!
//! **Invariant:** what is expected is read off the same table that is mounted; `domain::roles` pins the roles.

use coordinator::api::{Access, routes};
use coordinator::domain::roles::{Permission, Role};
use serde_json::json;
use shared::ids::JobId;

use crate::support::server::{Answer, Server};

/// The path with something in place of its variables: an id that names nothing.
fn concrete(path: &str) -> String {
    let id = JobId::fresh().to_string();
    path.replace("{id}", &id).replace("{version}", "none")
}

#[tokio::test]
async fn every_route_lets_in_exactly_those_its_guard_names() {
    let server = Server::start().await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push((role, server.token(role).await));
    }
    let mut asked = 0;
    for route in routes().iter() {
        let path = concrete(route.path());
        let at = format!("{} {}", route.method(), route.path());
        let ask = async |token: Option<&str>| {
            let mut request = server.request(route.method().as_str().parse().unwrap(), &path);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            Answer::to(request).await.status
        };
        let nobody = ask(None).await;
        let forged = ask(Some("eyJhbGciOiJub25lIn0.e30.")).await;
        match route.access() {
            Access::Public => assert_ne!(nobody, 401, "{at}"),
            _ => assert_eq!((nobody, forged), (401, 401), "{at}"),
        }
        for (role, token) in &mut tokens {
            let status = ask(Some(token)).await;
            let expected_refusal = match route.access() {
                Access::Public | Access::SignedIn => None,
                Access::Slack | Access::Node => Some(401),
                Access::Needs(permission) if role.permissions().allow(permission) => None,
                Access::Needs(_) => Some(403),
            };
            match expected_refusal {
                Some(refusal) => assert_eq!(status, refusal, "{at} as {role}"),
                None => assert!(status != 401 && status != 403, "{at} as {role}: {status}"),
            }
            asked += 1;
            // Whoever was let in here has just ended their session.
            if route.path() == "/api/v1/auth/logout-all" {
                *token = server.token(*role).await;
            }
        }
    }
    assert!(asked >= 3 * 85, "{asked}");
}

/// Deeds that only somebody does who signed in with a password.
const OF_SESSIONS: [&str; 1] = ["POST /api/v1/tokens"];

#[tokio::test]
async fn one_permission_opens_its_routes_and_all_the_others_do_not() {
    let server = Server::start().await;
    let admin = server.token(Role::Admin).await;
    let made = async |scopes: Vec<&str>| {
        let body = json!({"name": "a program", "scopes": scopes});
        let token = server.post_as(&admin, "/api/v1/tokens", &body).await;
        token.json(201)["secret"].as_str().unwrap().to_owned()
    };
    let mut asked = 0;
    for permission in Permission::ALL {
        let others = Permission::ALL.iter().filter(|other| *other != permission);
        let others = made(others.map(|other| other.as_str()).collect()).await;
        let only = made(vec![permission.as_str()]).await;
        for route in routes().iter() {
            if route.access() != Access::Needs(*permission) {
                continue;
            }
            let at = format!("{} {}", route.method(), route.path());
            let ask = async |token: &str| {
                let method = route.method().as_str().parse().unwrap();
                let request = server.request(method, &concrete(route.path()));
                Answer::to(request.bearer_auth(token)).await
            };
            let refused = ask(&others).await.problem(403, "forbidden");
            let needed = format!("this needs the permission `{permission}`");
            assert_eq!(refused["detail"], needed, "{at}");
            let status = ask(&only).await.status;
            let let_in = status != 401 && status != 403;
            assert!(
                let_in || OF_SESSIONS.contains(&at.as_str()),
                "{at}: {status}"
            );
            asked += 1;
        }
    }
    assert!(asked >= 75, "{asked}");
}

#[tokio::test]
async fn a_node_credential_opens_the_internal_routes_and_nothing_else() {
    let server = Server::start().await;
    let credential = server.site.node_credential();
    let current = "/internal/v1/detector-sets/current";
    assert_eq!(server.get_as(credential, current).await.status, 200);
    assert_eq!(server.get(current).await.status, 401);
    assert_eq!(server.get_as(credential, "/api/v1/scans").await.status, 401);
}
