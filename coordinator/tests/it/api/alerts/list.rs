//! `GET /api/v1/alerts`, `GET /{id}`, `/{id}/occurrences`, `/{id}/activity`.

use coordinator::store::alerts::NewAlert;
use reqwest::Method;
use serde_json::json;
use shared::finding::Severity;
use shared::ids::{AlertId, JobId};

use super::{LIST, office, several};
use crate::support::rows::alert;

#[tokio::test]
async fn an_alert_is_shown_with_all_that_is_known_of_it() {
    let office = office(several(1)).await;
    let shown = office.get(&office.path(0)).await;
    assert_eq!(shown.headers["etag"], "\"1\"");
    let mut alert = shown.json(200);
    for varying in [
        "id",
        "message",
        "first_seen_at",
        "created_at",
        "last_seen_at",
    ] {
        assert!(alert[varying].is_string(), "{varying}");
        alert[varying] = json!("…");
    }
    insta::assert_json_snapshot!(alert, @r#"
    {
      "assignee": null,
      "channel": "C1",
      "closed_at": null,
      "created_at": "…",
      "description": null,
      "due_at": null,
      "event_id": null,
      "fingerprint": null,
      "first_seen_at": "…",
      "id": "…",
      "info_type": "CREDIT_CARD_NUMBER",
      "last_seen_at": "…",
      "message": "…",
      "occurrences": 1,
      "overdue": false,
      "policy_id": null,
      "reopened": 0,
      "resolution": null,
      "severity": "INFO",
      "source": "slack",
      "status": "OPEN",
      "title": "Cards",
      "user": "U1",
      "version": 1,
      "workspace": "T1"
    }
    "#);
    let unknown = format!("{LIST}/{}", AlertId::fresh());
    office.get(&unknown).await.problem(404, "not_found");
    for part in ["occurrences", "activity"] {
        office
            .get(&format!("{unknown}/{part}"))
            .await
            .problem(404, "not_found");
    }
    office
        .get(&format!("{LIST}/4111"))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_in_every_order() {
    let office = office(several(12)).await;
    for key in [
        "created_at",
        "last_seen_at",
        "severity",
        "due_at",
        "occurrences",
    ] {
        for ordering in [key.to_owned(), format!("-{key}")] {
            let whole = office
                .listed(&format!("ordering={ordering}&limit=100"))
                .await;
            assert_eq!(whole.len(), 12);
            let (mut walked, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("{LIST}?ordering={ordering}&limit=5{cursor}");
                let page = office.get(&path).await.json(200);
                assert_eq!(page["total"], 12);
                let items = page["items"].as_array().unwrap().iter();
                walked.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
                let Some(next) = page["next_cursor"].as_str() else {
                    break;
                };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(walked, whole, "{ordering}");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_was_altered_or_is_of_another_list_is_refused() {
    let office = office(several(3)).await;
    let page = office.get(&format!("{LIST}?limit=1")).await.json(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let mut altered = cursor.to_owned();
    let last = altered.pop().unwrap();
    altered.push(if last == 'A' { 'B' } else { 'A' });
    for query in [
        format!("limit=1&cursor={altered}"),
        format!("limit=1&cursor={cursor}&ordering=severity"),
        format!("limit=1&cursor={cursor}&status=OPEN"),
        "cursor=".to_owned(),
        "cursor=%00".to_owned(),
    ] {
        let refused = office.get(&format!("{LIST}?{query}")).await;
        refused.problem(400, "invalid_cursor");
    }
    let path = format!("{}/occurrences?cursor={cursor}", office.path(0));
    office.get(&path).await.problem(400, "invalid_cursor");
    assert_eq!(
        office
            .listed(&format!("limit=1&cursor={cursor}"))
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn filters_take_lists_and_hold_together() {
    let special = NewAlert {
        source: "ids".to_owned(),
        title: "Port scan of db-1".to_owned(),
        channel_id: Some("C9".to_owned()),
        ..alert("special", JobId::fresh(), Severity::Critical)
    };
    let mut all = several(4);
    all.push(special);
    let office = office(all).await;
    let assign = office.path(0) + "/assign";
    let me = office.get("/api/v1/auth/me").await.json(200);
    let me = me["id"]
        .as_str()
        .or(me["user"]["id"].as_str())
        .unwrap()
        .to_owned();
    office
        .send(Method::POST, &assign, &json!({"assignee": me}))
        .await
        .json(200);
    for (query, expected) in [
        ("", 5),
        ("status=OPEN,ACKNOWLEDGED", 5),
        ("status=RESOLVED,DISMISSED", 0),
        ("severity=CRITICAL", 1),
        ("severity=CRITICAL,INFO", 2),
        ("source=ids", 1),
        ("info_type=CREDIT_CARD_NUMBER,IBAN_CODE&channel=C9", 1),
        ("channel=C1,C9", 5),
        ("workspace=T1&user=U1", 5),
        ("workspace=T2", 0),
        ("assignee=me", 1),
        (&format!("assignee={me}"), 1),
        ("assignee=none", 4),
        ("overdue=true", 0),
        ("overdue=false", 5),
        ("created_after=2020-01-01T00:00:00Z", 5),
        ("created_before=2020-01-01T00:00:00Z", 0),
        ("created_before=9999-12-31T23:59:59%2B02:00", 5),
        ("policy=0190d5ac-0000-7000-8000-000000000000", 0),
        ("search=port+SCAN", 1),
        ("search=po%20db", 1),
        ("search=scanner", 0),
        ("search=%27%20OR%201%3D1%20--", 0),
        ("search=%25", 5),
        ("channel=C1%27)%20OR%20(%271%27%3D%271", 0),
    ] {
        assert_eq!(office.listed(query).await.len(), expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_naming_what_is() {
    let office = office(Vec::new()).await;
    for (query, names) in [
        ("status=4111", "ACKNOWLEDGED"),
        ("severity=4111", "CRITICAL"),
        ("ordering=4111", "last_seen_at"),
        ("ordering=severity;DROP%20TABLE%20alerts", "occurrences"),
        ("ordering=--severity", "occurrences"),
        ("assignee=4111", "none"),
        ("created_after=4111", "2026-11-21T08:00:00Z"),
        (
            "created_after=%2B262142-01-01T00:00:00Z",
            "2026-11-21T08:00:00Z",
        ),
        ("overdue=4111", "true or false"),
        ("info_type=4111", "CREDIT_CARD_NUMBER"),
        ("policy=4111", "ids of policies"),
        ("channel=%00", "`channel`"),
        ("channel=", "1 to 100 characters"),
        ("statuss=4111", "status, severity"),
    ] {
        let refused = office.get(&format!("{LIST}?{query}")).await;
        let problem = refused.problem(400, "invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(names), "{query}: {detail}");
        assert!(!problem.to_string().contains("4111"), "{query}: {problem}");
    }
    for query in [
        "status=OPEN&status=OPEN",
        "limit=0",
        "limit=99999999999999999999",
        "search=%FF&search=x",
    ] {
        office
            .get(&format!("{LIST}?{query}"))
            .await
            .problem(400, "invalid");
    }
    let invalid_utf8 = office.get(&format!("{LIST}?search=%FF%FE")).await;
    assert!(matches!(invalid_utf8.status, 200 | 400));
}

#[tokio::test]
async fn activity_is_told_from_either_end() {
    let office = office(several(1)).await;
    let path = office.path(0);
    for text in ["one", "two", "three"] {
        let body = json!({ "text": text });
        office
            .send(Method::POST, &format!("{path}/comments"), &body)
            .await
            .json(200);
    }
    for (query, expected) in [
        ("", ["one", "two", "three"]),
        ("?ordering=created_at", ["one", "two", "three"]),
        ("?ordering=-created_at", ["three", "two", "one"]),
    ] {
        let page = office
            .get(&format!("{path}/activity{query}"))
            .await
            .json(200);
        let items = page["items"].as_array().unwrap().iter();
        let said: Vec<_> = items.map(|item| item["text"].clone()).collect();
        assert_eq!(said, expected, "{query}");
    }
    let refused = office.get(&format!("{path}/activity?ordering=text")).await;
    refused.problem(400, "invalid");
    let seen = office
        .get(&format!("{path}/occurrences?limit=1"))
        .await
        .json(200);
    assert_eq!(
        (&seen["total"], &seen["items"][0]["channel"]),
        (&json!(1), &json!("C1"))
    );
}
