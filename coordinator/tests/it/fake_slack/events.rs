//! Events over HTTP.

use std::time::Duration;

use coordinator::fake_slack::model::Conversation;
use coordinator::fake_slack::seed::{ADA, BO, CY, GENERAL, SIGNING_SECRET, TEAM};
use coordinator::fake_slack::{Failure, Settled};
use coordinator::slack::signature::{SignatureHeaders, SigningSecret};
use serde_json::{Value, json};
use shared::clock::{Clock as _, SystemClock};
use shared::secret::SecretString;

use super::stand::Stand;
use crate::support::receiver::{Arrived, Receiver};

/// The inner events of one type that arrived.
fn of_type(arrived: &[Arrived], kind: &str) -> Vec<Value> {
    let events = arrived.iter().map(|call| call.json()["event"].clone());
    events.filter(|event| event["type"] == kind).collect()
}

async fn connected() -> (Stand, Receiver) {
    let stand = Stand::impatient();
    let (receiver, address) = Receiver::start().await;
    stand.connect(address);
    (stand, receiver)
}

#[tokio::test]
async fn a_message_is_told_in_a_signed_envelope() {
    let (stand, receiver) = connected().await;
    let ts = stand
        .slack
        .say(BO, GENERAL, "mail ada@example.com <now>")
        .unwrap();
    stand.slack.settled().await;
    let arrived = &receiver.arrived()[0];
    let headers = SignatureHeaders {
        timestamp: Some(&arrived.headers["x-slack-request-timestamp"]),
        signature: Some(&arrived.headers["x-slack-signature"]),
    };
    let secret = SigningSecret::new(&SecretString::from(SIGNING_SECRET)).unwrap();
    assert_eq!(
        secret.verify(headers, &arrived.body, SystemClock.now()),
        Ok(())
    );
    let envelope = arrived.json();
    assert_eq!(envelope["type"], "event_callback");
    assert_eq!(envelope["team_id"], TEAM);
    assert_eq!(
        envelope["authorizations"],
        json!([{ "enterprise_id": null, "team_id": TEAM, "user_id": stand.tokens.bot_user,
            "is_bot": true, "is_enterprise_install": false }])
    );
    let event = &envelope["event"];
    assert_eq!(
        (event["ts"].as_str(), event["channel_type"].as_str()),
        (Some(&*ts), Some("channel"))
    );
    assert_eq!(
        event["text"],
        "mail <mailto:ada@example.com|ada@example.com> &lt;now&gt;"
    );
    assert_eq!(
        event["blocks"][0]["elements"][0]["elements"][2]["text"],
        " <now>"
    );
}

#[tokio::test]
async fn changing_deleting_and_answering_are_told() {
    let (stand, receiver) = connected().await;
    let slack = &stand.slack;
    let root = slack.say(BO, GENERAL, "one").unwrap();
    slack.edit(GENERAL, &root, "two").unwrap();
    slack
        .unfurl(GENERAL, &root, json!({ "from_url": "https://a.example" }))
        .unwrap();
    slack.broadcast(CY, GENERAL, &root, "three").unwrap();
    let gone = slack.say(CY, GENERAL, "four").unwrap();
    slack.delete_by_author(GENERAL, &gone).unwrap();
    slack.delete_by_author(GENERAL, &root).unwrap();
    slack.settled().await;
    let events = of_type(&receiver.arrived(), "message");
    let subtypes: Vec<Option<&str>> = events
        .iter()
        .map(|event| event["subtype"].as_str())
        .collect();
    assert_eq!(
        subtypes,
        [
            None,
            Some("message_changed"),
            Some("message_changed"),
            Some("thread_broadcast"),
            None,
            Some("message_deleted"),
            Some("message_changed"),
        ]
    );
    assert_eq!(events[1]["message"]["text"], "two");
    assert_eq!(events[1]["previous_message"]["text"], "one");
    assert_eq!(events[1]["message"]["edited"]["user"], BO);
    assert_eq!(
        events[2]["message"]["attachments"][0]["from_url"],
        "https://a.example"
    );
    assert_eq!(events[3]["root"]["text"], "two");
    assert_eq!(events[5]["deleted_ts"], *gone);
    assert_eq!(events[6]["message"]["subtype"], "tombstone");
}

#[tokio::test]
async fn what_the_bot_does_not_see_is_not_told() {
    let (stand, receiver) = connected().await;
    let slack = &stand.slack;
    slack.add_channel(Conversation::public("C0OPEN", TEAM, "open").with(&[BO]));
    let direct = slack.open_direct(TEAM, &[BO, CY]);
    for channel in ["C0OPEN", &direct] {
        slack.say(BO, channel, "nobody hears").unwrap();
    }
    let own = slack.open_direct(TEAM, &[BO, &stand.tokens.bot_user]);
    slack.say(BO, &own, "dear bot").unwrap();
    slack.settled().await;
    let arrived = receiver.arrived();
    assert_eq!(
        of_type(&arrived, "channel_created")[0]["channel"]["id"],
        "C0OPEN"
    );
    let messages = of_type(&arrived, "message");
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["channel_type"], "im");

    stand
        .bot("conversations.join", &[("channel", "C0OPEN")])
        .await;
    slack.say(BO, "C0OPEN", "now it does").unwrap();
    slack.settled().await;
    let arrived = receiver.arrived();
    assert_eq!(
        of_type(&arrived, "member_joined_channel")[0]["user"],
        stand.tokens.bot_user
    );
    assert_eq!(of_type(&arrived, "message").len(), 2);
}

#[tokio::test]
async fn an_upload_is_told_as_a_file_and_as_a_message() {
    let (stand, receiver) = connected().await;
    let (ts, id) = stand
        .slack
        .upload(ADA, GENERAL, "a.txt", "text", "")
        .unwrap();
    stand.slack.publish(&id).unwrap();
    stand.slack.delete_file(&id).unwrap();
    stand.slack.settled().await;
    let arrived = receiver.arrived();
    for kind in ["file_created", "file_shared", "file_public", "file_deleted"] {
        assert_eq!(of_type(&arrived, kind)[0]["file_id"], *id, "{kind}");
    }
    let messages = of_type(&arrived, "message");
    assert_eq!(
        (&messages[0]["ts"], &messages[0]["subtype"]),
        (&json!(ts), &json!("file_share"))
    );
    assert_eq!(messages[0]["files"][0]["name"], "a.txt");
    assert_eq!(messages[1]["message"]["files"][0]["mode"], "tombstone");
}

#[tokio::test]
async fn what_is_not_taken_is_brought_again_three_times() {
    let (stand, receiver) = connected().await;
    for answer in ["503 Busy", "500 Oops"] {
        receiver.answer_next(answer);
    }
    stand.slack.say(BO, GENERAL, "x").unwrap();
    stand.slack.settled().await;
    let arrived = receiver.arrived();
    let header = |n: usize, name: &str| arrived[n].headers.get(name).map(String::as_str);
    assert_eq!(arrived.len(), 3);
    assert_eq!(header(0, "x-slack-retry-num"), None);
    assert_eq!(header(1, "x-slack-retry-num"), Some("1"));
    assert_eq!(header(2, "x-slack-retry-num"), Some("2"));
    assert_eq!(header(2, "x-slack-retry-reason"), Some("http_error"));
    assert_eq!(arrived[0].body, arrived[2].body);
    let delivery = &stand.slack.deliveries()[0];
    assert_eq!(delivery.settled, Settled::Accepted);
    assert_eq!(delivery.attempts[1].failure, Some(Failure::Status));

    receiver.always("500 Oops");
    stand.slack.say(BO, GENERAL, "y").unwrap();
    stand.slack.settled().await;
    assert_eq!(receiver.arrived().len(), 7);
    assert_eq!(stand.slack.deliveries()[1].settled, Settled::GivenUp);

    receiver.always("500 Oops\r\nX-Slack-No-Retry: 1");
    stand.slack.say(BO, GENERAL, "z").unwrap();
    stand.slack.settled().await;
    assert_eq!(receiver.arrived().len(), 8);
    assert_eq!(stand.slack.deliveries()[2].settled, Settled::Declined);
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let stand = Stand::start();
    let url = stand.slack.base_url() + "auth.test";
    drop(stand.slack);
    let refused = stand
        .http
        .post(url)
        .timeout(Duration::from_secs(5))
        .send()
        .await;
    assert!(refused.is_err());
}
