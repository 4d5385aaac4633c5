//! What opens nothing: altered, outdated, foreign and ended credentials.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coordinator::accounts::{By, change_person};
use coordinator::api::auth::{AccessTokens, Identity};
use coordinator::domain::accounts::StandingChange;
use coordinator::domain::roles::Role;
use coordinator::store::users;
use serde_json::{Value, json};
use shared::clock::{Clock, ManualClock, SystemClock};
use shared::ids::{TokenId, UserId};
use shared::seal::KeyRing;
use shared::secret::ExposeSecret;
use std::sync::Arc;

use crate::support::db;
use crate::support::server::{Server, email_of};
use crate::support::site::Site;

const ME: &str = "/api/v1/auth/me";

async fn refused(server: &Server, token: &str) {
    server
        .get_as(token, ME)
        .await
        .problem(401, "unauthenticated");
}

fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn written(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn a_token_of_which_one_claim_was_changed_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let parts: Vec<&str> = token.split('.').collect();
    for (claim, value) in [
        ("role", json!("admin")),
        ("exp", json!(9_999_999_999_i64)),
        ("since", json!(i64::MAX)),
    ] {
        let mut claims = part(parts[1]);
        claims[claim] = value;
        refused(
            &server,
            &format!("{}.{}.{}", parts[0], written(&claims), parts[2]),
        )
        .await;
    }
}

#[tokio::test]
async fn a_token_that_says_that_nobody_signed_it_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Admin).await;
    let claims = token.split('.').nth(1).unwrap();
    for alg in ["none", "None", "HS384", "RS256"] {
        let head = written(&json!({"typ": "JWT", "alg": alg}));
        for signature in ["", "AAAA", token.rsplit('.').next().unwrap()] {
            refused(&server, &format!("{head}.{claims}.{signature}")).await;
        }
    }
}

#[tokio::test]
async fn a_token_under_another_key_or_past_its_time_is_refused() {
    let server = Server::start().await;
    let ring = KeyRing::load(&server.site.folder().join("keyring.json")).unwrap();
    let key = coordinator::keys::token_keys(&ring).unwrap().access;
    let somebody = Identity {
        user: UserId::fresh(),
        role: Role::Admin,
        session: TokenId::fresh(),
        since: SystemClock.now(),
    };
    let clock = |minutes| {
        Arc::new(ManualClock::at(
            SystemClock.now() - chrono::TimeDelta::minutes(minutes),
        ))
    };
    let issue = |key: &[u8; 32], minutes| {
        let issued = AccessTokens::new(key, clock(minutes))
            .issue(&somebody)
            .unwrap();
        issued.token.expose_secret().to_owned()
    };
    refused(&server, &issue(&[7; 32], 0)).await;
    refused(&server, &issue(&key, 16)).await;
    // The same in time and under the key is let in: the test can fail.
    let users = server.get_as(&issue(&key, 0), "/api/v1/users").await;
    assert_eq!(users.status, 200);
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    let server = Server::start().await;
    let session = server.session(Role::Admin).await;
    refused(&server, session["refresh_token"].as_str().unwrap()).await;
}

#[tokio::test]
async fn what_another_coordinator_ended_is_refused_here_soon() {
    let site = Site::on(BTreeMap::new()).await;
    let server = Server::start_at(site).await;
    let (analyst, auditor) = (
        server.token(Role::Analyst).await,
        server.token(Role::Auditor).await,
    );
    let store = db::connect(server.site.database_url()).await.unwrap();
    let email = email_of(Role::Analyst);
    let user = store
        .read(move |c| users::by_email(c, &email))
        .await
        .unwrap()
        .unwrap();
    let change = StandingChange {
        role: Some(Role::Auditor),
        disabled: None,
    };
    change_person(&store, user.id, change, None, By::CommandLine)
        .await
        .unwrap();
    server
        .eventually("the old token is refused", async |server| {
            (server.get_as(&analyst, ME).await.status == 401).then_some(())
        })
        .await;
    assert_eq!(server.get_as(&auditor, ME).await.status, 200);
}
