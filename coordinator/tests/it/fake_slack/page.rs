//! The page, as a browser asks for it.

use coordinator::fake_slack::seed::{ADA, BO, CY, GENERAL, PRIVATE};
use serde_json::{Value, json};

use super::stand::Stand;

async fn state(stand: &Stand, user: &str, since: u64) -> Value {
    let origin = stand.slack.origin();
    let url = format!("{origin}/ui/state?user={user}&since={since}");
    let answer = stand.http.get(url).send().await.unwrap();
    answer.json().await.unwrap()
}

async fn act(stand: &Stand, what: &str, body: &Value) -> Value {
    let url = format!("{}/ui/{what}", stand.slack.origin());
    let answer = stand.http.post(url).json(body).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let stand = Stand::start();
    for path in ["", "page.css", "page.js", "blocks.js"] {
        let url = format!("{}/{path}", stand.slack.origin());
        let answer = stand.http.get(url).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].clone();
        assert!(policy.to_str().unwrap().starts_with("default-src 'self'"));
        let text = answer.text().await.unwrap();
        assert!(!text.is_empty() && !text.contains("innerHTML"), "{path}");
    }
}

#[tokio::test]
async fn everybody_sees_their_own_conversations() {
    let stand = Stand::start();
    let whisper = [("channel", GENERAL), ("user", ADA), ("text", "psst")];
    stand.bot("chat.postEphemeral", &whisper).await;
    let [ada, cy] = [state(&stand, ADA, 0).await, state(&stand, CY, 0).await];
    assert!(ada.to_string().contains(PRIVATE) && ada.to_string().contains("psst"));
    assert!(!cy.to_string().contains(PRIVATE) && !cy.to_string().contains("psst"));
    let version = cy["version"].as_u64().unwrap();
    assert_eq!(state(&stand, CY, version).await["unchanged"], true);
}

#[tokio::test]
async fn what_is_typed_is_said_changed_and_taken_away() {
    let stand = Stand::start();
    let say = json!({ "user": BO, "channel": GENERAL, "text": "<b>4111</b>" });
    let said = act(&stand, "say", &say).await;
    let ts = said["result"].as_str().unwrap();
    let text = || stand.slack.message(GENERAL, ts).unwrap().text;
    assert_eq!(text(), "&lt;b&gt;4111&lt;/b&gt;");
    let edit = json!({ "channel": GENERAL, "ts": ts, "text": "four" });
    assert_eq!(act(&stand, "edit", &edit).await["ok"], true);
    assert_eq!(text(), "four");
    let place = json!({ "channel": GENERAL, "ts": ts });
    assert_eq!(act(&stand, "delete", &place).await["ok"], true);
    assert_eq!(
        act(&stand, "delete", &place).await["error"],
        "message_not_found"
    );
    let query = format!("user={BO}&channel={GENERAL}&name=a.txt&text=");
    let url = format!("{}/ui/upload?{query}", stand.slack.origin());
    let answer = stand.http.post(url).body("bytes").send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["ok"], true);
    let shared = stand.slack.messages(GENERAL);
    let file = stand.slack.file(&shared[0].files[0]).unwrap();
    assert_eq!(
        (file.name.as_str(), &file.bytes[..]),
        ("a.txt", &b"bytes"[..])
    );
}
