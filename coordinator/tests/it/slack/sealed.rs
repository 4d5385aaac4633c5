//! Canaries in Slack: what people say and what tokens are, leaves nowhere but where it was said.

use coordinator::fake_slack::seed::{ADA, BO, GENERAL, SECURITY};
use serde_json::json;

use super::stories::Watched;
use crate::support::collector::Collector;
use crate::support::company::Company;
use crate::support::sealed::{assert_free_of, files_below};
use crate::support::site::Site;

const CARD: &str = "4539 5787 6362 1486";
const TEXT_WORD: &str = "zanarkandtext";
const FILE_WORD: &str = "zanarkandcontent";
const NAME_WORD: &str = "zanarkandname";
const EDITED_WORD: &str = "zanarkandedited";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_canary_of_slack_leaves_or_rests_in_clear() {
    let (collector, endpoint) = Collector::start().await;
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    site.set("WEIR_TELEMETRY__OTLP_ENDPOINT", &endpoint);
    site.set(
        "WEIR_TELEMETRY__LOG",
        "info,coordinator=debug,scanner_node=debug,shared=debug",
    );
    let mut watched = Watched::begin(site, company).await;
    let (slack, admin) = (&watched.company.slack, &watched.admin);
    let tokens = [
        watched.company.tokens.bot.clone(),
        watched.company.tokens.user.clone().unwrap(),
    ];

    let content = format!("{FILE_WORD},card\nBo,{CARD}\n");
    let said = format!("{TEXT_WORD} my card is {CARD}");
    slack
        .upload(BO, GENERAL, &format!("{NAME_WORD}.csv"), content, &said)
        .unwrap();
    let card = watched
        .company
        .says(SECURITY, "Removed; a sealed copy")
        .await;
    let ts = slack.say(BO, GENERAL, "lunch?").unwrap();
    let edited = format!("{EDITED_WORD} 5555 5555 5555 4444");
    slack.edit(GENERAL, &ts, &edited).unwrap();
    slack.slash(BO, GENERAL, "/dlp", TEXT_WORD).await.unwrap();
    slack
        .click(ADA, SECURITY, &card.ts, "weir_release", None)
        .await
        .unwrap();
    watched.company.says(GENERAL, "Originally posted by").await;
    watched.alert_with("released").await;
    let backfill = json!({"workspace": "T0ACME", "from": "2026-01-01T00:00:00Z", "again": true});
    admin.post("backfills", backfill).await;
    admin.drained().await;
    let mut answers = String::new();
    for path in [
        "messages",
        "findings",
        "alerts",
        "workspaces",
        "backfills",
        "audit/events",
    ] {
        answers.push_str(&admin.get(path).await.to_string());
    }
    let metrics = admin.metrics().await;
    assert!(watched.weir.terminate().success());

    // The search finds what is there.
    assert!(answers.contains("4539 **** **** 1486"), "{answers}");
    assert!(collector.everything().contains("/slack/events"));
    let words = [CARD, "4539578763621486", TEXT_WORD, FILE_WORD, EDITED_WORD];
    let nowhere: Vec<&str> = words
        .into_iter()
        .chain(tokens.iter().map(String::as_str))
        .collect();
    let log = watched.weir.log();
    assert_free_of("the log", log.as_bytes(), &nowhere);
    assert_free_of("the log", log.as_bytes(), &[NAME_WORD]);
    assert_free_of("the spans", collector.everything().as_bytes(), &nowhere);
    assert_free_of("the spans", collector.everything().as_bytes(), &[NAME_WORD]);
    assert_free_of("the metrics", metrics.as_bytes(), &nowhere);
    assert_free_of("the answers", answers.as_bytes(), &nowhere);
    for (name, bytes) in files_below(watched.site.folder()) {
        assert_free_of(&name, &bytes, &nowhere);
    }
}
