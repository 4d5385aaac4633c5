//! A bad day: Slack refuses, fails and repeats itself, and the coordinator dies again and again.
//!
//! **Invariant:** what must not stand does not stand, and nobody is told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coordinator::fake_slack::model::Message;
use coordinator::fake_slack::seed::{BO, CY, GENERAL, RANDOM, SUPPORT};
use coordinator::fake_slack::{Delivering, Faults, Odds, Options, Order};

use super::stories::Watched;
use crate::support::company::{Company, shown};
use crate::support::patience::until;
use crate::support::site::Site;

/// Messages, and one in so many leaks.
const MESSAGES: usize = 10_000;
const ONE_IN: usize = 100;
const CHANNELS: [&str; 3] = [GENERAL, SUPPORT, RANDOM];
/// When the coordinator dies, and in the middle of how many deeds.
const KILLS: [(usize, usize); 3] = [(2_500, 1), (5_000, 2), (7_500, 3)];
/// Longer than what failed once is put off.
const QUIET: Duration = Duration::from_secs(5);
/// As fast as a debug build takes it.
const TOGETHER: usize = 50;

/// What Slack does to us: 5 % of the calls meet a limit, 2 % fail, 2 % of the events come twice.
fn accidents() -> Faults {
    Faults {
        seed: 7,
        usual: Odds {
            rate_limited: 0.05,
            server_error: 0.015,
            done_but_error: 0.005,
            ..Odds::default()
        },
        duplicated: 0.02,
        ..Faults::default()
    }
}

fn options() -> Options {
    Options {
        faults: accidents(),
        delivering: Delivering {
            retries: [1, 2, 4].map(Duration::from_secs).into(),
            order: Order::SideBySide,
            ..Delivering::default()
        },
        ..Options::default()
    }
}

/// What is said, as number and text.
fn text(number: usize) -> String {
    if number.is_multiple_of(ONE_IN) {
        format!("order {number}: card 4111 1111 1111 1111, exp 12/29")
    } else {
        format!("order {number} is on its way, see you at noon")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_leak_stands_and_no_notice_is_posted_twice_after_a_bad_day() {
    a_bad_day(Site::embedded(), &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_leak_stands_and_no_notice_is_posted_twice_after_a_bad_day_with_nodes_of_their_own() {
    a_bad_day(Site::on_redis().await, &["one", "two"]).await;
}

async fn a_bad_day(mut site: Site, nodes: &[&str]) {
    let company = Company::with(&mut site, options());
    site.set("WEIR_SLACK__STORM_LIMIT", "0");
    site.set("WEIR_SLACK__GAP_AFTER", "1s");
    site.unset("WEIR_SLACK__REVIEW_CHANNEL");
    let mut watched = Watched::begin(site, company).await;
    let scanner = |name: &&str| watched.site.start_scanner(name);
    let _nodes: Vec<_> = nodes.iter().map(scanner).collect();
    let mut leaks: Vec<(&str, String)> = Vec::new();
    for number in 0..MESSAGES {
        let channel = CHANNELS[number % CHANNELS.len()];
        let user = if number % 2 == 0 { BO } else { CY };
        let slack = &watched.company.slack;
        let ts = slack.say(user, channel, &text(number)).unwrap();
        if number % ONE_IN == 0 {
            leaks.push((channel, ts));
        }
        if let Some((_, deeds)) = KILLS.iter().find(|(at, _)| *at == number) {
            let before = said_or_removed(&watched.company);
            until("deeds are under way", async || {
                said_or_removed(&watched.company) >= before + deeds
            })
            .await;
            watched.weir.kill();
            tokio::time::sleep(Duration::from_secs(1)).await;
            watched.weir = watched.site.start();
        }
        if number % TOGETHER == 0 {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
    let company = &watched.company;
    for (channel, ts) in &leaks {
        until("the leak is gone", async || !company.stands(channel, ts)).await;
    }
    until("each author was told", async || {
        notices(company).len() >= leaks.len()
    })
    .await;
    // Whatever is still under way has time to go wrong.
    left_alone(company).await;
    let notices = notices(company);
    assert_eq!(notices.len(), leaks.len(), "a notice for each leak");
    let rows: BTreeSet<&String> = notices.iter().collect();
    assert_eq!(rows.len(), leaks.len(), "and none of them twice");
    let clean: BTreeMap<&str, usize> = CHANNELS
        .map(|channel| (channel, clean(company, channel)))
        .into();
    assert_eq!(
        clean.values().sum::<usize>(),
        MESSAGES - leaks.len(),
        "nothing else was removed: {clean:?}"
    );
}

/// How often something was taken away, said or changed.
fn said_or_removed(company: &Company) -> usize {
    let calls = company.slack.calls().into_iter();
    calls
        .filter(|call| call.method.starts_with("chat."))
        .count()
}

/// The rows of the outbox that the notices in the channels were posted for.
fn notices(company: &Company) -> Vec<String> {
    let is_notice = |message: &Message| shown(message).contains("data-loss prevention");
    CHANNELS
        .iter()
        .flat_map(|channel| company.slack.messages(channel))
        .filter(is_notice)
        .map(|notice| notice.metadata.unwrap_or_default().to_string())
        .collect()
}

/// How many messages that leak nothing stand.
fn clean(company: &Company, channel: &str) -> usize {
    let messages = company.slack.messages(channel).into_iter();
    messages
        .filter(|message| message.text.contains("is on its way"))
        .count()
}

/// Waits until Weir does nothing in Slack any more. It may still read what was said.
pub(super) async fn left_alone(company: &Company) {
    let deeds = || {
        let calls = company.slack.calls().into_iter();
        calls.filter(|call| !call.method.ends_with(".history"))
    };
    let mut done = 0;
    for _ in 0..24 {
        tokio::time::sleep(QUIET).await;
        let before = std::mem::replace(&mut done, deeds().count());
        if before == done {
            return;
        }
    }
    let last: Vec<String> = deeds()
        .map(|call| format!("{} {:?} {}", call.method, call.status, call.answer["error"]))
        .collect();
    panic!("slack is still called: {:#?}", last.iter().rev().take(20));
}
