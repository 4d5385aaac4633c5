//! `POST /api/v1/scans` with a text.

use coordinator::domain::roles::Role;
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::support::server::{Answer, Server};

const PATH: &str = "/api/v1/scans?wait=60";

async fn scan(server: &Server, token: &str, text: &str) -> Value {
    let answer = server.post_as(token, PATH, &json!({ "text": text })).await;
    answer.json(200)
}

#[tokio::test]
async fn a_text_with_a_card_is_found_where_it_stands() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let scan = scan(&server, &token, "my card is 4111 1111 1111 1111, exp 12/29").await;
    insta::assert_json_snapshot!(scan, {
        ".id" => "[id]",
        ".created_at" => "[time]",
        ".completed_at" => "[time]",
        ".findings[].id" => "[id]",
        ".findings[].fingerprint" => "[keyed hash]",
    }, @r#"
    {
      "completed_at": "[time]",
      "coverage": {
        "state": "complete"
      },
      "created_at": "[time]",
      "finding_count": 1,
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
          "location": {},
          "preview": "4111 **** **** 1111",
          "severity": "HIGH",
          "start": 11
        }
      ],
      "id": "[id]",
      "state": "completed"
    }
    "#);
}

#[tokio::test]
async fn without_a_wait_the_scan_is_accepted_and_can_be_looked_up() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let text = json!({"text": "my card is 4111 1111 1111 1111"});
    let accepted = server.post_as(&token, "/api/v1/scans", &text).await;
    // A result can be there at once.
    assert!(matches!(accepted.status, 200 | 202), "{}", accepted.status);
    let id = accepted.json(accepted.status)["id"].clone();
    let path = format!("/api/v1/scans/{}", id.as_str().unwrap());
    let scan = server
        .eventually("result", async |server| {
            let scan = server.get_as(&token, &path).await.json(200);
            (scan["state"] == "completed").then_some(scan)
        })
        .await;
    assert_eq!(scan["finding_count"], 1);
}

#[tokio::test]
async fn a_scan_nobody_works_on_is_still_queued_after_the_wait() {
    // The queue is where nobody listens: nothing can be published, and nothing is scanned here.
    let settings = [
        ("WEIR_QUEUE__BACKEND", "redis"),
        ("WEIR_QUEUE__REDIS_URL", "redis://127.0.0.1:1/"),
    ];
    let server = Server::start_with(&settings).await;
    let token = server.token(Role::Analyst).await;
    let text = json!({"text": "anything"});
    let answer = server.post_as(&token, "/api/v1/scans?wait=1", &text).await;
    let scan = answer.json(202);
    assert_eq!(scan["state"], "queued");
    assert!(scan.get("completed_at").is_none());
}

#[tokio::test]
async fn a_text_without_anything_in_it_is_clean() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let text = "\u{0}\u{1}\u{7f}\u{200b}\u{feff}\u{fffd}\u{10ffff} nothing here";
    for text in ["", " ", text] {
        let scan = scan(&server, &token, text).await;
        assert_eq!(
            (&scan["state"], &scan["finding_count"]),
            (&json!("completed"), &json!(0))
        );
    }
}

#[tokio::test]
async fn the_end_of_a_long_text_is_read_too() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let begin = "word \u{e9}\u{1f600} ".repeat(4_000);
    let text = format!("{begin} my card is 4111 1111 1111 1111");
    assert!(text.chars().count() > 30_000);
    let scan = scan(&server, &token, &text).await;
    let finding = &scan["findings"][0];
    let start = usize::try_from(finding["start"].as_u64().unwrap()).unwrap();
    let end = usize::try_from(finding["end"].as_u64().unwrap()).unwrap();
    assert_eq!(text.get(start..end).unwrap(), "4111 1111 1111 1111");
    assert_eq!(scan["coverage"]["state"], "complete");
}

#[tokio::test]
async fn control_characters_around_a_card_do_not_hide_it() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let scan = scan(
        &server,
        &token,
        "card\u{0}\u{1}: 4111 1111 1111 1111 \u{1b}[0m",
    )
    .await;
    assert_eq!(scan["findings"][0]["info_type"], "CREDIT_CARD_NUMBER");
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let send = async |content_type: Option<&str>, body: &[u8]| {
        let mut request = server.request(Method::POST, PATH).bearer_auth(&token);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        Answer::to(request.body(body.to_vec())).await
    };
    let json = Some("application/json");
    send(json, b"{\"text\":\"caf\xe9\"}")
        .await
        .problem(400, "malformed");
    send(json, b"{\"text\":").await.problem(400, "malformed");
    send(json, b"{}").await.problem(400, "invalid");
    send(json, b"{\"text\":\"x\",\"extra\":1}")
        .await
        .problem(400, "invalid");
    for other in [None, Some("text/plain"), Some("application/xml")] {
        send(other, b"{\"text\":\"x\"}")
            .await
            .problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_text_beyond_a_mebibyte_is_refused_however_it_is_sent() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let text = "x".repeat(1024 * 1024);
    let body = json!({ "text": text }).to_string();
    let post = || {
        let request = server.request(Method::POST, PATH).bearer_auth(&token);
        request.header(header::CONTENT_TYPE, "application/json")
    };
    let with_length = Answer::to(post().body(body.clone())).await;
    with_length.problem(413, "payload_too_large");
    let pieces = body
        .into_bytes()
        .chunks(64 * 1024)
        .map(|piece| Ok::<_, std::io::Error>(piece.to_vec()))
        .collect::<Vec<_>>();
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let in_chunks = Answer::to(post().body(stream)).await;
    in_chunks.problem(413, "payload_too_large");
}

#[tokio::test]
async fn a_wait_that_is_no_number_is_refused() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    for wait in ["x", "-1", "1.5", "99999999999999999999"] {
        let path = format!("/api/v1/scans?wait={wait}");
        let answer = server.post_as(&token, &path, &json!({"text": "x"})).await;
        assert!(!answer.text().contains(wait) || wait.len() < 3);
        answer.problem(400, "invalid");
    }
}
