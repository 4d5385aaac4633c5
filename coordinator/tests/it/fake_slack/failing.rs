//! Accidents, limits, and what is told of lost events.

use std::time::Duration;

use coordinator::fake_slack::seed::{BO, GENERAL, SUPPORT};
use coordinator::fake_slack::{Delivering, Fault, Faults, Limits, Odds, Options};

use super::stand::{Stand, error};
use crate::support::receiver::Receiver;

#[tokio::test]
async fn a_call_goes_wrong_as_it_is_written_down() {
    let stand = Stand::start();
    let slack = &stand.slack;
    slack.fail_next(
        "chat.postMessage",
        Fault::RateLimited(Duration::from_secs(7)),
    );
    slack.fail_next("chat.postMessage", Fault::Status(503));
    slack.fail_next("chat.postMessage", Fault::refuse("fatal_error"));
    slack.fail_next(
        "chat.postMessage",
        Fault::done_but(Fault::refuse("internal_error")),
    );
    let url = slack.base_url() + "chat.postMessage";
    let post = || {
        let request = stand.http.post(&url).bearer_auth(&stand.tokens.bot);
        request.form(&[("channel", GENERAL), ("text", "x")]).send()
    };
    let limited = post().await.unwrap();
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    assert_eq!(post().await.unwrap().status(), 503);
    assert_eq!(
        error(&post().await.unwrap().json().await.unwrap()),
        "fatal_error"
    );
    assert!(slack.messages(GENERAL).is_empty());
    assert_eq!(
        error(&post().await.unwrap().json().await.unwrap()),
        "internal_error"
    );
    assert_eq!(slack.messages(GENERAL).len(), 1);
    assert_eq!(post().await.unwrap().status(), 200);
    assert_eq!(slack.calls_of("chat.postMessage").len(), 5);
}

#[tokio::test]
async fn a_call_that_hangs_is_left_alone_for_so_long() {
    let stand = Stand::start();
    stand
        .slack
        .fail_next("auth.test", Fault::Hang(Duration::from_mins(1)));
    let url = stand.slack.base_url() + "auth.test";
    let request = stand.http.post(url).bearer_auth(&stand.tokens.bot);
    let hung = request.timeout(Duration::from_millis(200)).send().await;
    assert!(hung.unwrap_err().is_timeout());
    assert_eq!(stand.bot("auth.test", &[]).await["ok"], true);
}

#[tokio::test]
async fn the_dice_are_thrown_for_every_call() {
    let odds = Odds {
        rate_limited: 1.0,
        ..Odds::default()
    };
    let faults = Faults {
        methods: [("chat.delete".to_owned(), odds)].into(),
        ..Faults::default()
    };
    let stand = Stand::with(Options {
        faults,
        ..Options::default()
    });
    let ts = stand.slack.say(BO, GENERAL, "x").unwrap();
    let place = [("channel", GENERAL), ("ts", ts.as_str())];
    assert_eq!(
        error(&stand.admin("chat.delete", &place).await),
        "ratelimited"
    );
    assert_eq!(stand.bot("auth.test", &[]).await["ok"], true);
}

#[tokio::test]
async fn limits_hold_for_each_method_and_channel() {
    let stand = Stand::with(Options {
        limits: Limits::On,
        ..Options::default()
    });
    let post = [("channel", GENERAL), ("text", "x")];
    assert_eq!(stand.bot("chat.postMessage", &post).await["ok"], true);
    assert_eq!(
        error(&stand.bot("chat.postMessage", &post).await),
        "ratelimited"
    );
    let elsewhere = [("channel", SUPPORT), ("text", "x")];
    assert_eq!(stand.bot("chat.postMessage", &elsewhere).await["ok"], true);
    for _ in 0..20 {
        assert_eq!(stand.bot("conversations.list", &[]).await["ok"], true);
    }
    assert_eq!(
        error(&stand.bot("conversations.list", &[]).await),
        "ratelimited"
    );
}

#[tokio::test]
async fn an_event_may_come_twice_and_late() {
    let faults = Faults {
        duplicated: 1.0,
        ..Faults::default()
    };
    let stand = Stand::with(Options {
        faults,
        ..Options::default()
    });
    let (receiver, address) = Receiver::start().await;
    stand.connect(address);
    stand.slack.say(BO, GENERAL, "x").unwrap();
    stand.slack.settled().await;
    let arrived = receiver.arrived();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].json()["event_id"], arrived[1].json()["event_id"]);

    let held_back = Duration::from_millis(100);
    stand.slack.set_faults(Faults {
        seed: 3,
        held_back,
        ..Faults::default()
    });
    for n in 0..20 {
        stand.slack.say(BO, GENERAL, &n.to_string()).unwrap();
    }
    stand.slack.settled().await;
    let arrived = receiver.arrived();
    let texts: Vec<String> = arrived
        .iter()
        .skip(2)
        .map(|call| call.json()["event"]["text"].to_string())
        .collect();
    let told: Vec<String> = (0..20).map(|n| format!("\"{n}\"")).collect();
    assert_ne!(texts, told);
    let mut sorted = texts.clone();
    sorted.sort_by_key(|text| text.trim_matches('"').parse::<u32>().unwrap());
    assert_eq!(sorted, told);
}

#[tokio::test]
async fn events_that_were_lost_are_told_of() {
    let stand = Stand::with(Options {
        delivering: Delivering {
            retries: vec![],
            ..Delivering::default()
        },
        ..Options::default()
    });
    let (receiver, address) = Receiver::start().await;
    stand.connect(address);
    stand.slack.lose_events("T0ACME");
    stand.slack.settled().await;
    let told = receiver.arrived()[0].json();
    assert_eq!(told["type"], "app_rate_limited");
    assert_eq!(told["minute_rate_limited"].as_i64().unwrap() % 60, 0);
}
