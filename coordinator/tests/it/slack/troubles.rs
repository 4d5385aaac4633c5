//! What goes wrong with Weir's own standing in Slack, and who is told of it.

use std::time::Duration;

use coordinator::fake_slack::Fault;
use coordinator::fake_slack::model::Conversation;
use coordinator::fake_slack::seed::{ADA, BO, CY, GENERAL, TEAM};
use serde_json::Value;

use super::stories::{CARD, Watched, watched};
use crate::support::company::Company;
use crate::support::patience::until;
use crate::support::site::Site;

/// Waits for an alert that Weir itself raises.
async fn trouble(watched: &Watched, title: &str) -> Value {
    let find = async || {
        let alerts = watched.admin.get("alerts?source=weir").await;
        let items = alerts["items"].as_array().unwrap().clone();
        items.into_iter().find(|alert| alert["title"] == title)
    };
    until(&format!("an alert says {title:?}"), async || {
        find().await.is_some()
    })
    .await;
    find().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_revoked_are_an_alert_and_the_workspace_shows_it() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    slack.revoke(&[&watched.company.tokens.bot_user]);
    let alert = trouble(&watched, "Slack takes a token of Weir no longer").await;
    assert_eq!(
        (&alert["severity"], &alert["workspace"]),
        (&Value::from("CRITICAL"), &Value::from(TEAM))
    );
    let view = watched.admin.get(&format!("workspaces/{TEAM}")).await;
    assert_eq!(
        (&view["state"], &view["reason"]),
        (&Value::from("broken"), &Value::from("tokens_revoked"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leak_is_removed_by_the_admin_s_token_when_the_bot_s_is_dead() {
    let watched = watched(Site::embedded().patiently()).await;
    let slack = &watched.company.slack;
    let bot = watched.company.tokens.bot.clone();
    // Nobody tells of it: it is found out when it is used.
    slack.change(|world| {
        if let Some(token) = world.tokens.get_mut(&bot) {
            token.revoked = true;
        }
    });
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    until("the leak is gone", async || {
        !watched.company.stands(GENERAL, &ts)
    })
    .await;
    trouble(&watched, "Slack takes a token of Weir no longer").await;
    slack.change(|world| {
        if let Some(token) = world.tokens.get_mut(&bot) {
            token.revoked = false;
        }
    });
    // What the bot had to say was not forgotten.
    watched.company.says(GENERAL, "data-loss prevention").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_whom_slack_cannot_look_up_just_now_is_still_one() {
    let mut watched = watched(Site::embedded().patiently()).await;
    watched.weir.kill();
    let slack = &watched.company.slack;
    for fault in [Fault::Status(503), Fault::RateLimited(Duration::ZERO)] {
        slack.fail_next("users.info", fault);
    }
    watched.weir = watched.site.start();
    let asked = || {
        let calls = slack.calls().into_iter();
        calls.filter(|call| call.method == "users.info").count()
    };
    // Before Weir was killed, at its start, and when it asked again.
    until("slack was asked again", async || asked() >= 3).await;
    let ts = slack.say(BO, GENERAL, CARD).unwrap();
    until("the leak is gone", async || {
        !watched.company.stands(GENERAL, &ts)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_promises_what_no_token_allows_is_an_alert() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    site.unset("WEIR_SLACK__ADMIN_TOKEN");
    site.set("WEIR_SLACK__PROBE_EVERY", "1s");
    let watched = Watched::begin(site, company).await;
    let alert = trouble(&watched, "A policy promises what no token allows").await;
    let policies = watched.admin.get("policies?search=Payment").await;
    let policy = policies["items"][0]["id"].as_str().unwrap();
    assert_eq!(alert["policy_id"], policy);
    assert_eq!(alert["occurrences"], 1, "it is told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_storms_only_alerts_and_says_so() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    site.set("WEIR_SLACK__STORM_LIMIT", "2");
    let watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    let said = |card: &str| slack.say(BO, GENERAL, &format!("card {card}")).unwrap();
    let first = ["4111 1111 1111 1111", "5555 5555 5555 4444"].map(said);
    for ts in &first {
        until("the leak is gone", async || {
            !watched.company.stands(GENERAL, ts)
        })
        .await;
    }
    let third = said("4012 8888 8888 1881");
    let alert = trouble(&watched, "A policy blocks abnormally often in a channel").await;
    assert_eq!(alert["channel"], GENERAL);
    assert!(watched.company.stands(GENERAL, &third));
    // Elsewhere it goes on as before.
    let elsewhere = slack.say(BO, "C0SUPPORT", CARD).unwrap();
    until("the leak is gone", async || {
        !watched.company.stands("C0SUPPORT", &elsewhere)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_channels_are_entered_when_weir_starts_and_when_they_are_made() {
    let mut site = Site::embedded().patiently();
    let company = Company::acme(&mut site);
    let public = |id: &str| Conversation::public(id, TEAM, &id.to_lowercase()).with(&[ADA, BO]);
    company.slack.add_channel(public("C0BEFORE"));
    let mut watched = Watched::begin(site, company).await;
    let slack = &watched.company.slack;
    slack.add_channel(public("C0AFTER"));
    let bot = watched.company.tokens.bot_user.clone();
    for channel in ["C0BEFORE", "C0AFTER"] {
        until(&format!("the bot is in {channel}"), async || {
            slack.look(|world| world.conversations[channel].members.contains(&bot))
        })
        .await;
        let ts = slack.say(BO, channel, CARD).unwrap();
        until("the leak is gone", async || {
            !watched.company.stands(channel, &ts)
        })
        .await;
    }
    // A workspace has more channels than stand on a page, and Slack is not always well.
    for number in 0..700 {
        let known = public(&format!("C1{number:04}"));
        let members = [ADA, BO, bot.as_str()];
        slack.add_channel(known.with(&members));
    }
    watched.company.silence();
    slack.add_channel(public("C2LAST"));
    slack.fail_next("conversations.join", Fault::Status(502));
    watched.weir.kill();
    watched.weir = watched.site.start();
    until("the bot is in the last channel", async || {
        slack.look(|world| world.conversations["C2LAST"].members.contains(&bot))
    })
    .await;
    // A private one it has to be invited to.
    let private = Conversation::private("C0SECRET", TEAM, "secret").with(&[ADA, CY]);
    slack.add_channel(private);
    let joined = slack.calls_of("conversations.join");
    assert!(
        joined
            .iter()
            .all(|call| call.params["channel"] != "C0SECRET")
    );
}
