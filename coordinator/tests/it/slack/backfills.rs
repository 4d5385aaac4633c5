//! What was said before Weir was there, and while nobody listened.

use chrono::TimeDelta;
use coordinator::fake_slack::model::Conversation;
use coordinator::fake_slack::seed::{ADA, BO, CY, GENERAL, SUPPORT, TEAM};
use coordinator::fake_slack::{Delivering, FakeSlack, Options, seed};
use serde_json::{Value, json};
use shared::clock::{Clock, SystemClock};

use super::stories::{CARD, Watched};
use crate::support::api::Api;
use crate::support::company::Company;
use crate::support::patience::until;
use crate::support::site::Site;

const CLEAN: &str = "lunch at noon?";

/// A company that tells nobody of what is said, and does not try again.
fn deaf(site: &mut Site) -> Company {
    let options = Options {
        delivering: Delivering {
            retries: Vec::new(),
            ..Delivering::default()
        },
        ..Options::default()
    };
    let slack = FakeSlack::start(options).unwrap();
    let tokens = seed::acme(&slack);
    let company = Company::of(slack, tokens, site);
    company.silence();
    company
}

/// Begins a backfill of the last hour.
async fn begin(admin: &Api, more: Value) -> String {
    let from = SystemClock.now() - TimeDelta::hours(1);
    let mut draft = json!({"workspace": TEAM, "from": from});
    draft
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = admin.post("backfills", draft).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Waits until a backfill has ended, and gives it.
async fn ended(admin: &Api, id: &str) -> Value {
    let path = format!("backfills/{id}");
    until("the backfill has ended", async || {
        admin.get(&path).await["ended_at"].is_string()
    })
    .await;
    admin.get(&path).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_is_alerted_to_and_left_where_it_stands() {
    let mut site = Site::embedded().patiently();
    let company = deaf(&mut site);
    let slack = &company.slack;
    let said = slack.say(BO, GENERAL, CARD).unwrap();
    let root = slack.say(CY, SUPPORT, CLEAN).unwrap();
    let reply = slack
        .reply(BO, SUPPORT, &root, "use 5555 5555 5555 4444")
        .unwrap();
    let (file_ts, _) = slack
        .upload(CY, GENERAL, "list.csv", "card\n4012888888881881\n", CLEAN)
        .unwrap();
    let watched = Watched::begin(site, company).await;
    let (admin, slack) = (&watched.admin, &watched.company.slack);

    let id = begin(admin, json!({})).await;
    let done = ended(admin, &id).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["progress"]["percent"], 100);
    assert_eq!(done["progress"]["threads_done"], 1);
    assert_eq!(done["skipped"], json!([]));
    until("three leaks are alerts", async || {
        admin.get("alerts?source=slack").await["total"] == 3
    })
    .await;
    admin.drained().await;
    for (channel, ts) in [(GENERAL, &said), (SUPPORT, &reply), (GENERAL, &file_ts)] {
        assert!(watched.company.stands(channel, ts), "{ts} is left there");
    }
    assert!(
        slack.calls_of("chat.postMessage").is_empty(),
        "nobody is told in slack"
    );

    // A second one finds that it was all scanned.
    let again = ended(admin, &begin(admin, json!({})).await).await;
    assert_eq!(again["progress"]["jobs"], 0, "{again}");
    let rescan = begin(admin, json!({"again": true})).await;
    let rescan = ended(admin, &rescan).await;
    assert!(rescan["progress"]["jobs"].as_u64() > Some(3), "{rescan}");
    admin.drained().await;
    assert_eq!(
        admin.get("alerts?source=slack").await["total"],
        3,
        "they are known"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_that_enforces_removes_what_it_finds() {
    let mut site = Site::embedded().patiently();
    let company = deaf(&mut site);
    let ts = company.slack.say(BO, GENERAL, CARD).unwrap();
    let watched = Watched::begin(site, company).await;
    begin(
        &watched.admin,
        json!({"mode": "enforce", "channels": [GENERAL]}),
    )
    .await;
    watched.company.says(GENERAL, "data-loss prevention").await;
    assert!(!watched.company.stands(GENERAL, &ts), "the leak is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_cannot_be_read_is_named_with_slack_s_word() {
    let mut site = Site::embedded().patiently();
    let company = deaf(&mut site);
    site.set("WEIR_SLACK__JOIN_CHANNELS", "false");
    let outside = Conversation::public("C0OUTSIDE", TEAM, "outside").with(&[ADA, BO]);
    company.slack.add_channel(outside);
    let watched = Watched::begin(site, company).await;
    let channels = json!({"channels": [GENERAL, "C0OUTSIDE", "C0NOWHERE"]});
    let done = ended(&watched.admin, &begin(&watched.admin, channels).await).await;
    assert_eq!(done["state"], "done");
    assert_eq!(
        done["skipped"],
        json!([
            {"channel": "C0NOWHERE", "because": "channel_not_found"},
            {"channel": "C0OUTSIDE", "because": "not_in_channel"},
        ])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaks_while_weir_is_down_is_removed_once_it_is_back() {
    let mut site = Site::embedded().patiently();
    let company = deaf(&mut site);
    site.set("WEIR_SLACK__GAP_AFTER", "1s");
    let (root, old) = {
        let slack = &company.slack;
        let root = slack.say(CY, SUPPORT, CLEAN).unwrap();
        (root, slack.say(BO, SUPPORT, CLEAN).unwrap())
    };
    let mut watched = Watched::begin(site, company).await;
    watched.weir.kill();
    let slack = &watched.company.slack;
    let said = slack.say(BO, GENERAL, CARD).unwrap();
    let reply = slack
        .reply(BO, SUPPORT, &root, "use 5555 5555 5555 4444")
        .unwrap();
    slack
        .edit(SUPPORT, &old, "it is 4012 8888 8888 1881")
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    watched.weir = watched.site.start();
    for (channel, ts) in [(GENERAL, &said), (SUPPORT, &reply), (SUPPORT, &old)] {
        until("the leak is gone", async || {
            !watched.company.stands(channel, ts)
        })
        .await;
    }
    let backfills = watched.admin.get("backfills").await;
    assert_eq!(backfills["items"][0]["reason"], "not_listened");
    assert_eq!(backfills["items"][0]["mode"], "enforce");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_slack_dropped_are_read_again_and_an_alert_says_so() {
    let mut site = Site::embedded().patiently();
    let company = deaf(&mut site);
    site.set("WEIR_SLACK__GAP_AFTER", "1s");
    let watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    Company::call(slack, &watched.site);
    slack.lose_events(TEAM);
    until("the leak is gone", async || {
        !watched.company.stands(GENERAL, &ts)
    })
    .await;
    let alerts = watched.admin.get("alerts?source=weir").await;
    assert_eq!(
        alerts["items"][0]["title"],
        "Slack dropped events of this workspace"
    );
    let backfills = watched.admin.get("backfills").await;
    assert_eq!(backfills["items"][0]["reason"], "events_dropped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_goes_on_where_a_killed_coordinator_left_it() {
    for failpoint in [
        "backfill_page_read:2:abort",
        "backfill_page_taken_in:2:abort",
    ] {
        let mut site = Site::embedded().patiently();
        let company = deaf(&mut site);
        for number in 0..450 {
            let text = format!("{CLEAN} {number}");
            company.slack.say(BO, GENERAL, &text).unwrap();
        }
        site.set("WEIR_FAILPOINT", failpoint);
        let mut watched = Watched::begin(site, company).await;
        let id = begin(&watched.admin, json!({"channels": [GENERAL]})).await;
        assert!(!watched.weir.wait_for_end().success(), "{failpoint}");
        watched.site.unset("WEIR_FAILPOINT");
        watched.weir = watched.site.start();
        let done = ended(&watched.admin, &id).await;
        assert_eq!(done["state"], "done", "{failpoint}: {done}");
        assert_eq!(done["progress"]["messages"], 450, "{failpoint}");
        assert_eq!(
            done["progress"]["jobs"], 450,
            "{failpoint}: each is scanned once"
        );
        let pages = watched.company.slack.calls_of("conversations.history");
        let most = if failpoint.starts_with("backfill_page_read") {
            4
        } else {
            3
        };
        assert_eq!(pages.len(), most, "{failpoint}: it did not begin anew");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_can_be_cancelled_and_a_workspace_must_be_known() {
    let mut site = Site::embedded().patiently();
    let company = deaf(&mut site);
    let watched = Watched::begin(site, company).await;
    let admin = &watched.admin;
    let id = begin(admin, json!({})).await;
    ended(admin, &id).await;
    let over = admin
        .refused(&format!("backfills/{id}/cancel"), json!({}))
        .await;
    assert_eq!(over["status"], 409);
    let elsewhere = json!({"workspace": "T0NOWHERE", "from": "2026-01-01T00:00:00Z"});
    let unknown = admin.refused("backfills", elsewhere).await;
    assert_eq!(unknown["status"], 422);
    assert!(
        unknown.to_string().contains("not installed there"),
        "{unknown}"
    );
    let odd = json!({"workspace": "T0 ACME", "from": "2099-01-01T00:00:00Z", "mode": "delete", "channels": []});
    let told = admin.refused("backfills", odd).await["errors"].to_string();
    for word in ["workspace", "from", "mode", "channels"] {
        assert!(told.contains(word), "{word} is not in {told}");
    }
}
