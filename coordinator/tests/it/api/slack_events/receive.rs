//! `POST /slack/events`: what is taken in, and what Slack is told.

use coordinator::domain::roles::Role;
use reqwest::{Method, header};
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};

use crate::support::server::{Answer, Server};
use crate::support::slack::{self, SIGNING_SECRET};

fn leak() -> Vec<u8> {
    slack::leak("Ev1").to_string().into_bytes()
}

fn message(text: &str) -> Vec<u8> {
    slack::message("Ev1", text).to_string().into_bytes()
}

fn now() -> i64 {
    SystemClock.now().timestamp()
}

/// Waits until a message is caught, and gives the list.
async fn caught(server: &Server, token: &str) -> Value {
    server
        .eventually("caught message", async |server| {
            let page = server.get_as(token, "/api/v1/messages").await.json(200);
            (page["total"].as_u64() > Some(0)).then_some(page)
        })
        .await
}

#[tokio::test]
async fn a_body_that_slack_did_not_sign_now_is_refused() {
    let server = Server::start().await;
    let event = leak();
    let wrong_secret = "another secret of thirty-two let";
    for (at, secret) in [
        (now(), wrong_secret),
        (now() - 310, SIGNING_SECRET),
        (now() + 310, SIGNING_SECRET),
        (0, SIGNING_SECRET),
    ] {
        let refused = server.slack_at(at, secret, &event).await;
        refused.problem(401, "invalid_signature");
    }
    let unsigned = server.request(Method::POST, "/slack/events").body(event);
    Answer::to(unsigned).await.problem(401, "invalid_signature");
    assert_eq!(
        server
            .metric("weir_intake_events_total{outcome=\"rejected\"}")
            .await,
        5
    );
}

#[tokio::test]
async fn a_body_that_was_changed_on_the_way_is_refused() {
    use coordinator::slack::signature::{SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};
    use shared::secret::SecretString;

    let server = Server::start().await;
    let secret = SigningSecret::new(&SecretString::from(SIGNING_SECRET)).unwrap();
    let signature = secret.sign(now(), &message("harmless"));
    for shown in [signature.as_str(), "v0=", "v1=00", "", "v0=zz"] {
        let request = server
            .request(Method::POST, "/slack/events")
            .header(TIMESTAMP_HEADER, now().to_string())
            .header(SIGNATURE_HEADER, shown)
            .body(leak());
        Answer::to(request).await.problem(401, "invalid_signature");
    }
}

#[tokio::test]
async fn the_challenge_comes_back() {
    let server = Server::start().await;
    let body = json!({"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB\u{e9}"});
    let answer = server.slack(body.to_string().as_bytes()).await.json(200);
    assert_eq!(answer["challenge"], "3eZbrw1aB\u{e9}");
}

#[tokio::test]
async fn what_is_not_json_or_too_long_is_refused() {
    let server = Server::start().await;
    for body in [&b""[..], b"payload=%7B%7D", b"{", b"\xff\xfe\x00"] {
        server.slack(body).await.problem(400, "malformed");
    }
    let long = message(&"x".repeat(1024 * 1024));
    server.slack(&long).await.problem(413, "payload_too_large");
}

#[tokio::test]
async fn an_event_of_an_unknown_type_is_accepted_and_counted() {
    let server = Server::start().await;
    let event = json!({"type": "event_callback", "team_id": "T0001", "event_id": "Ev1",
        "event": {"type": "brand_new_thing", "n": 1}});
    let answer = server.slack(event.to_string().as_bytes()).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(server.metric("weir_intake_unknown_events_total").await, 1);
}

#[tokio::test]
async fn json_that_is_no_event_is_accepted_and_does_no_harm() {
    let server = Server::start().await;
    for body in [
        "null",
        "[]",
        "1",
        "\"text\"",
        "{}",
        r#"{"type":"event_callback"}"#,
        r#"{"type":"event_callback","event":[]}"#,
        r#"{"type":7,"event":{"type":[]}}"#,
    ] {
        let answer = server.slack(body.as_bytes()).await;
        assert!(
            matches!(answer.status, 200 | 400),
            "{body}: {}",
            answer.status
        );
    }
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn the_same_event_three_times_is_one_message() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let event = leak();
    for _ in 0..3 {
        assert_eq!(server.slack(&event).await.status, 200);
    }
    let page = caught(&server, &token).await;
    assert_eq!(page["total"], 1);
    let duplicates = "weir_intake_events_total{outcome=\"duplicate\"}";
    assert_eq!(server.metric(duplicates).await, 2);
    let findings = server.get_as(&token, "/api/v1/findings").await.json(200);
    assert_eq!(findings["total"], 1);
}

#[tokio::test]
async fn a_caught_message_looks_like_this() {
    let server = Server::start().await;
    let token = server.token(Role::Auditor).await;
    assert_eq!(server.slack(&leak()).await.status, 200);
    let page = caught(&server, &token).await;
    let message = page["items"][0].clone();
    insta::assert_json_snapshot!(message, {
        ".id" => "[id]",
        ".received_at" => "[time]",
        ".scanned_at" => "[time]",
        ".actions[].created_at" => "[time]",
        ".findings[].id" => "[id]",
        ".findings[].fingerprint" => "[keyed hash]",
    }, @r#"
    {
      "actions": [],
      "channel": "C0001",
      "coverage": {
        "state": "complete"
      },
      "detectors": [
        "credit-card-number"
      ],
      "excerpt": "4111 **** **** 1111",
      "findings": [
        {
          "detector": "credit-card-number",
          "end": 30,
          "explanation": [
            {
              "effect": 0,
              "reason": "pattern of `credit-card-number`, LIKELY"
            },
            {
              "effect": 0,
              "reason": "valid: Visa, Luhn digit holds"
            },
            {
              "effect": 0,
              "reason": "likely test value"
            },
            {
              "effect": 2,
              "reason": "hotword `card` nearby"
            }
          ],
          "fingerprint": "[keyed hash]",
          "id": "[id]",
          "info_type": "CREDIT_CARD_NUMBER",
          "likelihood": "VERY_LIKELY",
          "location": {
            "pointer": "/event/text"
          },
          "preview": "4111 **** **** 1111",
          "severity": "HIGH",
          "start": 11
        }
      ],
      "id": "[id]",
      "policies": [
        {
          "mode": "simulate",
          "name": "Payment cards"
        },
        {
          "mode": "simulate",
          "name": "Everything likely"
        }
      ],
      "received_at": "[time]",
      "scanned_at": "[time]",
      "severity": "HIGH",
      "ts": "1700000000.000100",
      "user": "U0001",
      "workspace": "T0001"
    }
    "#);
    let path = format!("/api/v1/messages/{}", message["id"].as_str().unwrap());
    assert_eq!(server.get_as(&token, &path).await.json(200), message);
}

#[tokio::test]
async fn without_a_signing_secret_slack_is_told_to_come_again() {
    let server = Server::start_with(&[("WEIR_SLACK__SIGNING_SECRET", "")]).await;
    let event = leak();
    let request = server
        .request(Method::POST, "/slack/events")
        .header(header::CONTENT_TYPE, "application/json")
        .body(event);
    Answer::to(request).await.problem(503, "unavailable");
}
