//! `POST /api/v1/detectors/test`.

use coordinator::domain::roles::Role;
use serde_json::json;

use crate::support::server::Server;

const PATH: &str = "/api/v1/detectors/test";

#[tokio::test]
async fn a_draft_or_a_detector_that_is_there_is_tried_on_a_text() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    let draft = json!({"detector": {"pattern": "EMP-(?<value>\\d{6})", "hotwords": ["badge"]}, "text": "badge EMP-123456"});
    let tried = server.post_as(&token, PATH, &draft).await.json(200);
    insta::assert_json_snapshot!(tried, @r#"
    {
      "findings": [
        {
          "detector": "draft",
          "end": 16,
          "explanation": [
            {
              "effect": 0,
              "reason": "pattern of `draft`, LIKELY"
            },
            {
              "effect": 1,
              "reason": "hotword `badge` nearby"
            }
          ],
          "info_type": "UNNAMED",
          "likelihood": "VERY_LIKELY",
          "preview": "********",
          "severity": "MEDIUM",
          "start": 10
        }
      ],
      "truncated": false
    }
    "#);
    let stored = json!({"id": "credit-card-number", "text": "4111 1111 1111 1111"});
    let tried = server.post_as(&token, PATH, &stored).await.json(200);
    assert_eq!(tried["findings"][0]["info_type"], "CREDIT_CARD_NUMBER");
}

#[tokio::test]
async fn what_cannot_be_tried_is_refused_without_repeating_it() {
    let server = Server::start().await;
    let token = server.token(Role::Analyst).await;
    for (body, status, code) in [
        (
            json!({"detector": {"pattern": "(4111"}, "text": "x"}),
            422,
            "unusable",
        ),
        (
            json!({"detector": {"4111": 1}, "text": "x"}),
            422,
            "unusable",
        ),
        (json!({"text": "4111"}), 422, "unusable"),
        (json!({"id": "4111", "text": "x"}), 404, "not_found"),
        (
            json!({"id": "4111", "text": "x".repeat(70_000)}),
            413,
            "payload_too_large",
        ),
    ] {
        let answer = server.post_as(&token, PATH, &body).await;
        assert!(!answer.text().contains("4111"), "{}", answer.text());
        answer.problem(status, code);
    }
}
