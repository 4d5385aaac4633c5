//! What Weir does not do, whoever asks for it.

use std::io::ErrorKind;
use std::net::TcpListener;

use coordinator::fake_slack::Draft;
use coordinator::fake_slack::seed::{ADA, BO, CY, GENERAL, SECURITY};
use serde_json::Value;

use super::stories::{CARD, watched};
use crate::support::patience::until;
use crate::support::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_right_in_weir_decides_nothing_and_is_told_why() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(CY, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    until("it is refused", async || {
        !slack.whispers(SECURITY, CY).is_empty()
    })
    .await;
    assert!(
        slack.whispers(SECURITY, CY)[0]
            .text
            .contains("no Weir account")
    );
    assert!(!watched.company.stands(GENERAL, &ts));
    let alert = watched.alert_with("blocked").await;
    assert_eq!(alert["status"], "OPEN");
    let audit = watched.audit().await;
    assert!(
        audit.iter().any(|one| one == "alert.click_refused"),
        "{audit:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_its_author_answers_for_a_message_and_reviewers_see_the_words() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    slack.say(BO, GENERAL, CARD).unwrap();
    let dm = watched.company.dm(BO);
    let told = watched.company.says(&dm, "was removed").await;
    watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    let why = serde_json::json!({"weir_why": {"weir_why": {
        "type": "plain_text_input", "value": "it is a test card <!channel>"}}});
    slack
        .click(BO, &dm, &told.ts, "weir_request_release", Some(why))
        .await
        .unwrap();
    let card = watched.company.says(SECURITY, "asks for its release").await;
    let shown = Value::Array(card.blocks.clone()).to_string();
    assert!(
        shown.contains("it is a test card &lt;!channel&gt;"),
        "{shown}"
    );
    watched.company.says(&dm, "reviewers were told").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_decision_is_refused() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    slack.say(BO, GENERAL, CARD).unwrap();
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    slack
        .click(ADA, SECURITY, &card.ts, "weir_keep", None)
        .await
        .unwrap();
    watched.company.says(SECURITY, "Resolved").await;
    let alert = watched.alert_with("decided").await;
    assert_eq!(alert["resolution"], "REMEDIATED");
    let texts = slack.messages(GENERAL).len();
    assert_eq!(texts, 1, "the notice alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_rests_elsewhere_is_never_fetched() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let url = format!("http://{}/cards.csv", elsewhere.local_addr().unwrap());
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let file = slack.keep_external(BO, "cards.csv", &url);
    slack
        .post(Draft::typed(BO, GENERAL, CARD).with_file(&file))
        .unwrap();
    watched.company.says(GENERAL, "data-loss prevention").await;
    watched.admin.drained().await;
    let nobody_came = elsewhere.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(nobody_came, Err(ErrorKind::WouldBlock));
}
