//! `POST /api/v1/alerts/{id}/reveal`.

use coordinator::domain::roles::Role;
use coordinator::store::Paging;
use coordinator::store::alerts::{self, AlertFilter};
use coordinator::store::originals::REVEALS_AN_HOUR;
use serde_json::{Value, json};
use shared::ids::{AlertId, JobId};

use crate::support::db;
use crate::support::server::Server;
use crate::support::slack::message;

const TEXT: &str = "zanarkand, my card is 4111 1111 1111 1111";

/// Lets a message be caught; gives the route that shows what it said.
async fn caught(server: &Server) -> String {
    let event = message("Ev1", TEXT).to_string();
    assert_eq!(server.slack(event.as_bytes()).await.status, 200);
    let alert = server
        .eventually("an alert", async |server| alert(server).await)
        .await;
    format!("/api/v1/alerts/{alert}/reveal")
}

async fn alert(server: &Server) -> Option<AlertId> {
    let store = db::connect_reader(server.site.database_url()).await;
    let listing = store.read(|conn| alerts::list(conn, &AlertFilter::default(), Paging::first(1)));
    listing.await.unwrap().items.first().map(|alert| alert.id)
}

fn reason() -> Value {
    json!({"reason": "the customer asks which card it was"})
}

#[tokio::test]
async fn an_admin_with_a_reason_sees_what_the_message_said() {
    let server = Server::start().await;
    let path = caught(&server).await;
    let token = server.token(Role::Admin).await;
    let answer = server.post_as(&token, &path, &reason()).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let original = answer.json(200);
    let texts = original["texts"].as_array().unwrap();
    assert!(texts.iter().any(|text| text["text"] == TEXT), "{original}");
    let found = &original["findings"][0];
    assert_eq!(found["info_type"], "CREDIT_CARD_NUMBER");
    let said = texts
        .iter()
        .find(|text| text["location"] == found["location"])
        .unwrap();
    let span = |name: &str| usize::try_from(found[name].as_u64().unwrap()).unwrap();
    let value = said["text"]
        .as_str()
        .unwrap()
        .get(span("start")..span("end"));
    assert_eq!(value, Some("4111 1111 1111 1111"));
    let of_message = json!({"reason": reason()["reason"], "message": original["message"]});
    let again = server.post_as(&token, &path, &of_message).await.json(200);
    assert_eq!(again["texts"], original["texts"]);
}

#[tokio::test]
async fn nobody_sees_it_without_the_right_or_a_reason() {
    let server = Server::start().await;
    let path = caught(&server).await;
    for role in [Role::Analyst, Role::Auditor] {
        let token = server.token(role).await;
        let refused = server.post_as(&token, &path, &reason()).await;
        assert!(
            !refused
                .problem(403, "forbidden")
                .to_string()
                .contains("zanarkand")
        );
    }
    let token = server.token(Role::Admin).await;
    for body in [
        json!({}),
        json!({"reason": "short"}),
        json!({"reason": "x".repeat(501)}),
    ] {
        server
            .post_as(&token, &path, &body)
            .await
            .problem(422, "unusable");
    }
    let other = json!({"reason": reason()["reason"], "message": JobId::fresh()});
    server
        .post_as(&token, &path, &other)
        .await
        .problem(404, "not_found");
    let unknown = format!("/api/v1/alerts/{}/reveal", AlertId::fresh());
    server
        .post_as(&token, &unknown, &reason())
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn ten_an_hour_are_shown_to_one_person() {
    let server = Server::start().await;
    let path = caught(&server).await;
    let token = server.token(Role::Admin).await;
    for _ in 0..REVEALS_AN_HOUR {
        server.post_as(&token, &path, &reason()).await.json(200);
    }
    let refused = server.post_as(&token, &path, &reason()).await;
    let wait: u64 = refused.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((3_000..=3_600).contains(&wait), "{wait}");
    refused.problem(429, "too_many_requests");
}

#[tokio::test]
async fn what_is_never_kept_is_never_shown() {
    let server = Server::start_with(&[("WEIR_PRIVACY__KEEP_ORIGINALS", "0s")]).await;
    let path = caught(&server).await;
    let token = server.token(Role::Admin).await;
    let refused = server
        .post_as(&token, &path, &reason())
        .await
        .problem(404, "not_found");
    assert_eq!(
        refused["detail"],
        "what the message said is not kept, or not any more"
    );
}

#[tokio::test]
async fn a_program_sees_it_only_with_a_token_that_says_so_and_each_look_is_recorded() {
    let server = Server::start().await;
    let path = caught(&server).await;
    let admin = server.token(Role::Admin).await;
    let token = async |scopes: &[&str]| {
        let body = json!({"name": "reader", "scopes": scopes});
        let made = server.post_as(&admin, "/api/v1/tokens", &body).await;
        made.json(201)["secret"].as_str().unwrap().to_owned()
    };
    let without = token(&[
        "alerts:read",
        "alerts:write",
        "findings:read",
        "messages:read",
    ])
    .await;
    let refused = server.post_as(&without, &path, &reason()).await;
    assert!(!refused.text().contains("zanarkand"));
    refused.problem(403, "forbidden");
    let recorded = async || {
        let trail = "/api/v1/audit/events?event_type=original.revealed";
        server.get_as(&admin, trail).await.json(200)
    };
    assert_eq!(recorded().await["total"], 0);
    let with = token(&["findings:reveal"]).await;
    let shown = server.post_as(&with, &path, &reason()).await;
    assert!(shown.text().contains("zanarkand"));
    shown.json(200);
    server.post_as(&admin, &path, &reason()).await.json(200);
    let trail = recorded().await;
    assert_eq!(trail["total"], 2);
    let me = server.get_as(&admin, "/api/v1/auth/me").await.json(200);
    for entry in trail["items"].as_array().unwrap() {
        assert_eq!(entry["user_id"], me["id"]);
        assert_eq!(entry["variant_data"]["reason"], reason()["reason"]);
    }
}
