//! `PATCH /api/v1/alerts/{id}`, `PATCH /{id}/status`, `POST /{id}/comments`, `POST /{id}/assign`.

use std::collections::BTreeMap;

use coordinator::domain::roles::Role;
use reqwest::{Method, header};
use serde_json::{Value, json};
use shared::ids::UserId;

use super::{Office, office, office_at, several};
use crate::support::server::Answer;
use crate::support::site::Site;

async fn step(office: &Office, n: usize, body: &Value) -> Answer {
    office
        .send(Method::PATCH, &format!("{}/status", office.path(n)), body)
        .await
}

#[tokio::test]
async fn an_alert_goes_its_way_and_back() {
    let office = office(several(1)).await;
    for (body, status, version) in [
        (json!({"status": "ACKNOWLEDGED"}), "ACKNOWLEDGED", 2),
        (
            json!({"status": "OPEN", "resolution": null, "comment": null}),
            "OPEN",
            3,
        ),
        (json!({"status": "ACKNOWLEDGED"}), "ACKNOWLEDGED", 4),
        (
            json!({"status": "RESOLVED", "resolution": "REMEDIATED"}),
            "RESOLVED",
            5,
        ),
        (
            json!({"status": "OPEN", "comment": "it is back"}),
            "OPEN",
            6,
        ),
        (
            json!({"status": "DISMISSED", "resolution": "asked Bob"}),
            "DISMISSED",
            7,
        ),
    ] {
        let done = step(&office, 0, &body).await;
        assert_eq!(done.headers["etag"], format!("\"{version}\""));
        let alert = done.json(200);
        assert_eq!(
            (&alert["status"], &alert["version"]),
            (&json!(status), &json!(version))
        );
        assert_eq!(
            alert["resolution"].is_string(),
            body["resolution"].is_string(),
            "{body}"
        );
        assert_eq!(
            alert["closed_at"].is_string(),
            ["RESOLVED", "DISMISSED"].contains(&status)
        );
    }
}

#[tokio::test]
async fn an_illegal_step_is_refused_by_naming_the_legal_ones() {
    let office = office(several(1)).await;
    let refused = step(&office, 0, &json!({"status": "RESOLVED"})).await;
    let problem = refused.problem(409, "illegal_transition");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("acknowledge it first"), "{detail}");
    assert!(detail.contains("ACKNOWLEDGED or DISMISSED"), "{detail}");
    let same = step(&office, 0, &json!({"status": "OPEN"})).await;
    same.problem(409, "illegal_transition");
}

#[tokio::test]
async fn all_mistakes_of_a_step_are_told_at_once() {
    let office = office(several(1)).await;
    let told = async |body: Value| {
        let problem = step(&office, 0, &body).await.problem(422, "unusable");
        assert!(!problem.to_string().contains("4111"), "{problem}");
        problem["errors"].as_array().unwrap().len()
    };
    assert_eq!(told(json!({})).await, 1);
    assert_eq!(told(json!({"status": "open"})).await, 1);
    assert_eq!(
        told(json!({"status": "OPEN", "resolution": "DUPLICATE"})).await,
        1
    );
    assert_eq!(
        told(json!({"status": 4111, "resolution": "", "comment": " ", "4111": 1})).await,
        4
    );
    assert_eq!(
        told(json!({"status": "DISMISSED", "resolution": "x".repeat(101)})).await,
        1
    );
    assert_eq!(
        told(json!({"status": "DISMISSED", "comment": "x".repeat(4_001)})).await,
        1
    );
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_not_repeated() {
    let office = office(several(1)).await;
    let path = format!("{}/status", office.path(0));
    for (kind, body, status, code) in [
        ("application/json", "{", 400, "malformed"),
        ("application/json", "[4111]", 400, "invalid"),
        (
            "application/json",
            r#"{"status":"OPEN","status":"OPEN"}"#,
            400,
            "invalid",
        ),
        (
            "application/json",
            r#"{"status":"\ud800"}"#,
            400,
            "malformed",
        ),
        ("application/json", r#"{"status":1e999}"#, 400, "malformed"),
        ("text/plain", "{}", 415, "unsupported_media_type"),
    ] {
        let request = office
            .server
            .request(Method::PATCH, &path)
            .bearer_auth(&office.admin);
        let sent = request.header(header::CONTENT_TYPE, kind).body(body);
        let refused = Answer::to(sent).await;
        assert!(!refused.text().contains("4111"));
        refused.problem(status, code);
    }
    let long = json!({"status": "OPEN", "comment": "x".repeat(1 << 20)});
    step(&office, 0, &long)
        .await
        .problem(413, "payload_too_large");
}

#[tokio::test]
async fn whoever_names_a_version_is_held_to_it() {
    let office = office(several(1)).await;
    let path = office.path(0);
    for (method, path, body) in [
        (
            Method::PATCH,
            format!("{path}/status"),
            json!({"status": "ACKNOWLEDGED"}),
        ),
        (
            Method::POST,
            format!("{path}/comments"),
            json!({"text": "x"}),
        ),
        (
            Method::POST,
            format!("{path}/assign"),
            json!({"assignee": null}),
        ),
        (Method::PATCH, path.clone(), json!({"severity": "LOW"})),
        (
            Method::POST,
            format!("{path}/accept-risk"),
            json!({"reason": "x", "expires_at": "2026-01-01T00:00:00Z"}),
        ),
    ] {
        let stale = office.send_seen(method, &path, &body, Some("\"7\"")).await;
        stale.problem(412, "precondition_failed");
    }
    let status = format!("{path}/status");
    let body = json!({"status": "ACKNOWLEDGED"});
    office
        .send_seen(Method::PATCH, &status, &body, Some("\"1\""))
        .await
        .json(200);
}

#[tokio::test]
async fn of_two_who_change_the_same_version_at_once_one_does() {
    let office = office(several(1)).await;
    let path = office.path(0);
    let change = async |severity: &str| {
        let body = json!({ "severity": severity });
        office
            .send_seen(Method::PATCH, &path, &body, Some("\"1\""))
            .await
            .status
    };
    let (a, b, c) = futures_util::join!(change("LOW"), change("HIGH"), change("CRITICAL"));
    let mut statuses = [a, b, c];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412]);
}

/// Eight people take the same step at once, and name no version.
async fn of_many_who_take_the_same_step_at_once_one_does(site: Site) {
    let office = office_at(site, several(3)).await;
    for (n, status) in [(0, "ACKNOWLEDGED"), (1, "DISMISSED"), (2, "ACKNOWLEDGED")] {
        let body =
            json!({"status": status, "resolution": (status == "DISMISSED").then_some("TEST_DATA")});
        let take = |_| step(&office, n, &body);
        let answers = futures_util::future::join_all((0..8).map(take)).await;
        let mut done = 0;
        for answer in answers {
            if answer.status == 200 {
                done += 1;
            } else {
                answer.problem(409, "illegal_transition");
            }
        }
        assert_eq!(done, 1, "{status}");
        let alert = office.get(&office.path(n)).await.json(200);
        assert_eq!(
            (&alert["status"], &alert["version"]),
            (&json!(status), &json!(2))
        );
        let told = office
            .get(&format!("{}/activity", office.path(n)))
            .await
            .json(200);
        let items = told["items"].as_array().unwrap().iter();
        let steps = items.filter(|item| item["kind"] == "status").count();
        assert_eq!(steps, 1, "{told}");
    }
}

#[tokio::test]
async fn of_many_who_take_the_same_step_at_once_one_does_on_sqlite() {
    of_many_who_take_the_same_step_at_once_one_does(Site::embedded()).await;
}

#[tokio::test]
async fn of_many_who_take_the_same_step_at_once_one_does_on_postgres() {
    of_many_who_take_the_same_step_at_once_one_does(Site::on(BTreeMap::new()).await).await;
}

#[tokio::test]
async fn an_analyst_comments_and_assigns_and_takes_no_step() {
    let office = office(several(1)).await;
    let path = office.path(0);
    let post = async |part: &str, body: Value| {
        office
            .server
            .post_as(&office.analyst, &format!("{path}/{part}"), &body)
            .await
    };
    post("comments", json!({"text": "looking"})).await.json(200);
    post("assign", json!({"assignee": null})).await.json(200);
    post("accept-risk", json!({"reason": "x"}))
        .await
        .problem(403, "forbidden");
    let request = office
        .server
        .request(Method::PATCH, &format!("{path}/status"));
    let step = request
        .bearer_auth(&office.analyst)
        .json(&json!({"status": "ACKNOWLEDGED"}));
    Answer::to(step).await.problem(403, "forbidden");
}

#[tokio::test]
async fn an_alert_is_given_only_to_who_may_work_on_it() {
    let office = office(several(1)).await;
    let assign = format!("{}/assign", office.path(0));
    let auditor = office.server.token(Role::Auditor).await;
    let me = office
        .server
        .get_as(&auditor, "/api/v1/auth/me")
        .await
        .json(200);
    let auditor = me["id"].as_str().or(me["user"]["id"].as_str()).unwrap();
    for body in [
        json!({"assignee": auditor}),
        json!({"assignee": UserId::fresh().to_string()}),
        json!({"assignee": "4111"}),
        json!({"assignee": 4111}),
        json!({}),
    ] {
        let refused = office.send(Method::POST, &assign, &body).await;
        assert!(!refused.text().contains("4111"));
        refused.problem(422, "unusable");
    }
}

#[tokio::test]
async fn severity_and_due_time_are_changed_and_taken_away() {
    let office = office(several(1)).await;
    let path = office.path(0);
    let change = async |body: Value| office.send(Method::PATCH, &path, &body).await;
    let due = json!({"due_at": "2001-02-03T04:05:06.123456789+01:00", "severity": "CRITICAL"});
    let alert = change(due).await.json(200);
    assert_eq!(alert["due_at"], "2001-02-03T03:05:06.123456Z");
    assert_eq!(
        (&alert["severity"], &alert["overdue"]),
        (&json!("CRITICAL"), &json!(true))
    );
    assert_eq!(office.listed("overdue=true").await.len(), 1);
    assert_eq!(office.get(&path).await.json(200), alert);
    let alert = change(json!({"due_at": null})).await.json(200);
    assert_eq!(
        (&alert["due_at"], &alert["version"]),
        (&Value::Null, &json!(3))
    );
    for body in [
        json!({}),
        json!({"severity": null}),
        json!({"severity": "4111"}),
        json!({"due_at": "soon"}),
        json!({"due_at": "+262000-01-01T00:00:00Z"}),
        json!({"status": "OPEN"}),
        json!({"due_at": 1}),
    ] {
        change(body).await.problem(422, "unusable");
    }
}

#[tokio::test]
async fn a_comment_rests_as_it_was_given_and_reaches_no_log() {
    let office = office(several(1)).await;
    let path = office.path(0);
    let text = "=CANARY <b>“4111”</b>\n\u{1F512}";
    let said = json!({ "text": text });
    office
        .send(Method::POST, &format!("{path}/comments"), &said)
        .await
        .json(200);
    let page = office.get(&format!("{path}/activity")).await.json(200);
    assert_eq!(page["items"][0]["text"], text);
    assert_eq!(page["items"][0]["kind"], "comment");
    for body in [
        json!({"text": ""}),
        json!({"text": null}),
        json!({"text": "x".repeat(4_001)}),
        json!({"text": 1}),
    ] {
        let refused = office
            .send(Method::POST, &format!("{path}/comments"), &body)
            .await;
        refused.problem(422, "unusable");
    }
    assert!(!office.server.log().contains("CANARY"));
}
