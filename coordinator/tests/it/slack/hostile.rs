//! Clicks and commands that are not what they seem.

use coordinator::fake_slack::seed::{ADA, BO, GENERAL, SECURITY, TEAM};
use coordinator::slack::signature::{SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};
use shared::ids::AlertId;
use shared::secret::SecretString;
use url::form_urlencoded::byte_serialize;

use super::chaos::left_alone;
use super::stories::{CARD, Watched, watched};
use crate::support::company::shown;
use crate::support::site::Site;
use crate::support::slack::SIGNING_SECRET;

const PATHS: [&str; 2] = ["interactivity", "commands"];

/// Sends a body as Slack would, signed at a time with a secret.
async fn send(watched: &Watched, path: &str, body: &[u8], (at, secret): (i64, &str)) -> StatusCode {
    let secret = SigningSecret::new(&SecretString::from(secret)).unwrap();
    let signature = secret.sign(at, body);
    send_as(watched, path, body, (at, &signature)).await
}

async fn send_as(
    watched: &Watched,
    path: &str,
    body: &[u8],
    (at, signature): (i64, &str),
) -> StatusCode {
    let url = format!("http://{}/slack/{path}", watched.site.address());
    let request = Client::new()
        .post(url)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header(TIMESTAMP_HEADER, at.to_string())
        .header(SIGNATURE_HEADER, signature)
        .body(body.to_vec());
    request.send().await.unwrap().status()
}

fn now() -> (i64, &'static str) {
    (SystemClock.now().timestamp(), SIGNING_SECRET)
}

/// The form of a click by Ada on a message.
fn click(action: &str, alert: &str, (channel, ts): (&str, &str)) -> String {
    let payload = json!({
        "type": "block_actions", "team": {"id": TEAM}, "user": {"id": ADA, "team_id": TEAM},
        "channel": {"id": channel}, "message": {"ts": ts},
        "container": {"type": "message", "channel_id": channel, "message_ts": ts},
        "actions": [{"type": "button", "action_id": action, "value": alert, "action_ts": "1700000000.000100"}],
    });
    form(&payload.to_string())
}

fn form(payload: &str) -> String {
    format!(
        "payload={}",
        byte_serialize(payload.as_bytes()).collect::<String>()
    )
}

/// A leak that is held, and where its card is: alert and `ts`.
async fn held(watched: &Watched) -> (String, String) {
    watched.company.slack.say(BO, GENERAL, CARD).unwrap();
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    let alert = watched.alert_with("blocked").await;
    (alert["id"].as_str().unwrap().to_owned(), card.ts)
}

fn released(watched: &Watched) -> usize {
    let messages = watched.company.slack.messages(GENERAL);
    let is_back = |text: String| text.contains("Originally posted by");
    messages
        .iter()
        .map(shown)
        .filter(|text| is_back(text.clone()))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_comes_again_and_again_counts_once() {
    let watched = watched(Site::embedded().patiently()).await;
    let (alert, ts) = held(&watched).await;
    let form = click("weir_release", &alert, (SECURITY, &ts));
    for _ in 0..3 {
        let status = send(&watched, "interactivity", form.as_bytes(), now()).await;
        assert_eq!(status, StatusCode::OK);
    }
    watched.company.says(GENERAL, "Originally posted by").await;
    left_alone(&watched.company).await;
    assert_eq!(released(&watched), 1);
    let audit = watched.audit().await;
    let decided = audit.iter().filter(|deed| *deed == "alert.decided").count();
    assert_eq!(decided, 1, "{audit:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_was_not_signed_now_is_refused_and_one_that_is_forged_does_nothing() {
    let watched = watched(Site::embedded().patiently()).await;
    let (alert, ts) = held(&watched).await;
    let form = click("weir_release", &alert, (SECURITY, &ts));
    let (at, secret) = now();
    let signing = SigningSecret::new(&SecretString::from(secret)).unwrap();
    let altered = form.replacen("block_actions", "block_actiont", 1);
    for path in PATHS {
        for stale in [at - 310, at + 310, 0] {
            let status = send(&watched, path, form.as_bytes(), (stale, secret)).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{stale}");
        }
        let wrong = (at, "another secret of thirty-two let");
        let status = send(&watched, path, form.as_bytes(), wrong).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let signature = signing.sign(at, form.as_bytes());
        let status = send_as(&watched, path, altered.as_bytes(), (at, &signature)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
    let nobodys = AlertId::fresh().to_string();
    let forged = [
        click("weir_release", &nobodys, (SECURITY, &ts)),
        click("weir_release", "'; DROP TABLE alerts; --", (SECURITY, &ts)),
        click("weir_everything", &alert, (SECURITY, &ts)),
        click("weir_release", &alert, ("", "")),
    ];
    for form in forged {
        let status = send(&watched, "interactivity", form.as_bytes(), now()).await;
        assert_eq!(status, StatusCode::OK, "slack is not to send it again");
    }
    left_alone(&watched.company).await;
    assert_eq!(released(&watched), 0);
    let path = format!("alerts/{alert}");
    assert_eq!(watched.admin.get(&path).await["status"], "OPEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_s_check_of_the_address_is_answered_unsigned_and_nothing_rides_along() {
    let watched = watched(Site::embedded().patiently()).await;
    let (alert, ts) = held(&watched).await;
    let click = click("weir_release", &alert, (SECURITY, &ts));
    for path in PATHS {
        let asked = format!("token=x&ssl_check=1&{click}&command=%2Fdlp&text=status");
        let status = send_as(&watched, path, asked.as_bytes(), (0, "")).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
    let event = r#"{"type":"event_callback","event":{"type":"message","text":"&ssl_check=1&"}}"#;
    let status = send_as(&watched, "events", event.as_bytes(), (0, "")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    left_alone(&watched.company).await;
    assert_eq!(released(&watched), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_huge_nested_or_no_text_is_answered_and_does_no_harm() {
    let watched = watched(Site::embedded().patiently()).await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = form(&format!(
        r#"{{"type":"block_actions","team":{{"id":"{TEAM}"}},"actions":{deep}}}"#
    ));
    let odd: Value =
        json!({"type": "block_actions", "team": [], "user": 7, "actions": {"a": null}});
    let (huge, odd) = (vec![b'a'; 2 << 20], form(&odd.to_string()));
    let bodies: [&[u8]; 6] = [
        &huge,
        nested.as_bytes(),
        b"payload=%ff%fe%00&payload=",
        b"\xff\xfe\x00",
        b"",
        odd.as_bytes(),
    ];
    for path in PATHS {
        for body in bodies {
            let status = send(&watched, path, body, now()).await;
            let answered = status.is_success() || status.is_client_error();
            assert!(answered, "{path}: {status} to {} bytes", body.len());
        }
    }
    // It is as well as before.
    held(&watched).await;
}
