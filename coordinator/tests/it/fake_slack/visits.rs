//! Buttons, commands and what apps answer to them.

use coordinator::fake_slack::seed::{ADA, BO, GENERAL, TEAM};
use serde_json::{Value, json};

use super::stand::{Stand, error};
use crate::support::receiver::{Arrived, Receiver};

fn form(arrived: &Arrived) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&arrived.body)
        .into_owned()
        .collect()
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    &form.iter().find(|(key, _)| key == name).unwrap().1
}

async fn with_button() -> (Stand, Receiver, String) {
    let stand = Stand::impatient();
    let (receiver, address) = Receiver::start().await;
    receiver.always("200 OK");
    let blocks = json!([
        { "type": "section", "text": { "type": "mrkdwn", "text": "A message was removed." } },
        { "type": "actions", "block_id": "choice", "elements": [
            { "type": "button", "action_id": "release", "value": "42", "style": "primary",
                "text": { "type": "plain_text", "text": "Release" } } ] },
    ]);
    let form = [
        ("channel", GENERAL),
        ("text", "removed"),
        ("blocks", &blocks.to_string()),
    ];
    let ts = stand.bot("chat.postMessage", &form).await["ts"]
        .as_str()
        .unwrap()
        .to_owned();
    stand.slack.settled().await;
    stand.connect(address);
    (stand, receiver, ts)
}

#[tokio::test]
async fn a_click_tells_what_stands_in_the_message() {
    let (stand, receiver, ts) = with_button().await;
    let answer = stand
        .slack
        .click(ADA, GENERAL, &ts, "release", None)
        .await
        .unwrap();
    assert_eq!(answer.status, Some(200));
    let arrived = &receiver.arrived()[0];
    assert_eq!(arrived.path, "/slack/interactivity");
    assert!(arrived.headers["x-slack-signature"].starts_with("v0="));
    let payload: Value = serde_json::from_str(field(&form(arrived), "payload")).unwrap();
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["team"]["id"], TEAM);
    assert_eq!(payload["user"]["id"], ADA);
    assert_eq!(payload["container"]["message_ts"], *ts);
    assert_eq!(payload["message"]["text"], "removed");
    let action = &payload["actions"][0];
    assert_eq!(
        (&action["value"], &action["block_id"]),
        (&json!("42"), &json!("choice"))
    );
    let nowhere = stand
        .slack
        .click(ADA, GENERAL, &ts, "other", None)
        .await
        .unwrap_err();
    assert_eq!(nowhere.error, "action_not_found");
}

#[tokio::test]
async fn a_response_address_works_five_times() {
    let (stand, receiver, ts) = with_button().await;
    stand
        .slack
        .click(ADA, GENERAL, &ts, "release", None)
        .await
        .unwrap();
    let payload = field(&form(&receiver.arrived()[0]), "payload").to_owned();
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let url = payload["response_url"].as_str().unwrap();
    let say = |body: Value| stand.http.post(url).json(&body).send();
    let answer = say(json!({ "replace_original": true, "text": "released" }))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(stand.slack.message(GENERAL, &ts).unwrap().text, "released");
    for _ in 0..4 {
        assert_eq!(
            say(json!({ "text": "only for you" }))
                .await
                .unwrap()
                .status(),
            200
        );
    }
    assert_eq!(
        say(json!({ "text": "too much" })).await.unwrap().status(),
        404
    );
    assert_eq!(stand.slack.whispers(GENERAL, ADA).len(), 4);
}

#[tokio::test]
async fn a_command_is_a_form_and_opens_a_modal() {
    let (stand, receiver, _) = with_button().await;
    stand
        .slack
        .slash(BO, GENERAL, "/dlp", "status now")
        .await
        .unwrap();
    let form = form(&receiver.arrived()[0]);
    assert_eq!(receiver.arrived()[0].path, "/slack/commands");
    for (name, value) in [
        ("command", "/dlp"),
        ("text", "status now"),
        ("user_id", BO),
        ("team_domain", "acme"),
        ("is_enterprise_install", "false"),
    ] {
        assert_eq!(field(&form, name), value);
    }
    let view = json!({ "type": "modal", "title": { "type": "plain_text", "text": "Status" },
        "blocks": [] })
    .to_string();
    let open = [("trigger_id", field(&form, "trigger_id")), ("view", &view)];
    let opened = stand.bot("views.open", &open).await;
    assert_eq!(opened["view"]["type"], "modal");
    assert_eq!(stand.slack.views(BO).len(), 1);
    assert_eq!(
        error(&stand.bot("views.open", &open).await),
        "invalid_trigger_id"
    );

    let state = json!({ "why": { "reason": { "type": "plain_text_input", "value": "ours" } } });
    let id = stand.slack.views(BO)[0].id.clone();
    stand.slack.submit(&id, &state).await.unwrap();
    let arrived = receiver.arrived();
    let payload = field(&self::form(&arrived[1]), "payload").to_owned();
    let payload: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(payload["view"]["state"]["values"], state);
}
