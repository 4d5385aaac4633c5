//! A company on a stand-in for Slack that talks on schedule, while Weir takes its leaks away.
//!
//! Owns who says what and when, and how long each leak stood. Leaves what Slack does to `fake_slack`.
//! **Invariant:** a leak's time is from before it was said until Slack heard that it is to be deleted: the network,
//! Weir's own time and nothing else.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use shared::clock::{Clock, SystemClock};
use shared::secret::{ExposeSecret, SecretString};

use super::events::{Events, Recipe};
use super::report::Latencies;
use super::{LoadArgs, due};
use crate::fake_slack::seed::{self, BO, CY, GENERAL, RANDOM, SUPPORT};
use crate::fake_slack::{Delivering, FakeSlack, Options, Order};

/// Where they talk.
const CHANNELS: [&str; 3] = [GENERAL, SUPPORT, RANDOM];
/// How often is looked whether Weir is there, and whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long Weir has to ask who we are.
const PATIENCE: Duration = Duration::from_mins(1);
/// What Weir calls to delete.
const DELETE: &str = "chat.delete";

/// What such a run showed.
pub(super) struct Report {
    messages: usize,
    sending: Duration,
    leaks: usize,
    ack: Latencies,
    refused: usize,
    deleted: Latencies,
    standing: usize,
    removed_too: usize,
}

/// A leak that was said.
struct Leak {
    ts: String,
    said: DateTime<Utc>,
}

/// Lets the company talk, and says what became of its leaks.
pub(super) async fn measure(
    args: &LoadArgs,
    bind: SocketAddr,
    secret: &SecretString,
) -> anyhow::Result<Report> {
    let slack = open(args, bind, secret)?;
    wait_for_weir(&slack).await?;
    let begun = Instant::now();
    let (messages, leaks) = talk(args, &slack).await?;
    let sending = begun.elapsed();
    settle(&slack, &leaks, Duration::from_secs(args.settle)).await;
    Ok(report(&slack, (messages, &leaks), sending))
}

fn open(args: &LoadArgs, bind: SocketAddr, secret: &SecretString) -> anyhow::Result<FakeSlack> {
    let slack = FakeSlack::start(Options {
        bind,
        delivering: Delivering {
            order: Order::SideBySide,
            ..Delivering::default()
        },
        ..Options::default()
    })
    .with_context(|| format!("{bind} cannot be listened on: give another with --stand-in"))?;
    seed::acme(&slack);
    let at = |path: &str| args.url.join(path).map(String::from);
    let [events, clicks, commands] = [
        at("/slack/events")?,
        at("/slack/interactivity")?,
        at("/slack/commands")?,
    ];
    slack.connect_to(&events, &clicks, &commands, secret.expose_secret())?;
    Ok(slack)
}

/// Until Weir knows its tokens, it leaves every leak where it is.
async fn wait_for_weir(slack: &FakeSlack) -> anyhow::Result<()> {
    let begun = Instant::now();
    // The last thing that it asks of an admin's token.
    while slack.calls_of("users.info").is_empty() {
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "weir does not call: start it with WEIR_SLACK__API_BASE_URL={} and the tokens that `weir fake-slack` prints",
            slack.base_url()
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tokio::time::sleep(LOOK_EVERY * 10).await;
    slack.forget_calls();
    Ok(())
}

async fn talk(args: &LoadArgs, slack: &FakeSlack) -> anyhow::Result<(usize, Vec<Leak>)> {
    let recipe = Recipe {
        text_bytes: args.text_bytes,
        leaks: args.leaks,
        duplicates: 0.0,
        workspaces: 1,
    };
    let mut events = Events::new(recipe, "", args.seed);
    let (begun, mut leaks) = (Instant::now(), Vec::new());
    let end = begun + Duration::from_secs(args.seconds);
    let rate = args.rate.max(1);
    for place in 0..usize::MAX {
        let due = due(begun, place as u64, rate).unwrap_or(begun);
        if due >= end {
            return Ok((place, leaks));
        }
        tokio::time::sleep_until(due.into()).await;
        let channel = CHANNELS
            .get(place % CHANNELS.len())
            .copied()
            .unwrap_or(GENERAL);
        let user = if place.is_multiple_of(2) { BO } else { CY };
        let (text, leaks_it) = events.said();
        let said = SystemClock.now();
        let ts = slack.say(user, channel, &text);
        let ts = ts.map_err(|refusal| anyhow::anyhow!("the stand-in refused: {refusal:?}"))?;
        if leaks_it {
            leaks.push(Leak { ts, said });
        }
    }
    Ok((usize::MAX, leaks))
}

async fn settle(slack: &FakeSlack, leaks: &[Leak], patience: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < patience && standing(slack, leaks) > 0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // Notices follow; nobody waits for them here.
    let told = tokio::time::timeout(patience, slack.settled()).await;
    if told.is_err() {
        tracing::warn!("not every event was taken");
    }
}

/// How many leaks people still see.
fn standing(slack: &FakeSlack, leaks: &[Leak]) -> usize {
    let seen = CHANNELS.iter().flat_map(|channel| slack.messages(channel));
    let seen: HashSet<String> = seen.map(|message| message.ts).collect();
    leaks.iter().filter(|leak| seen.contains(&leak.ts)).count()
}

fn report(slack: &FakeSlack, (messages, leaks): (usize, &[Leak]), sending: Duration) -> Report {
    let mut deletions: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for call in slack.calls_of(DELETE) {
        if let Some(ts) = call.param("ts") {
            deletions.entry(ts.to_owned()).or_insert(call.at);
        }
    }
    let stood = |leak: &Leak| (*deletions.get(&leak.ts)? - leak.said).to_std().ok();
    let deliveries = slack.deliveries();
    let tries = deliveries.iter().flat_map(|delivery| &delivery.attempts);
    Report {
        messages,
        sending,
        leaks: leaks.len(),
        ack: Latencies::of(tries.clone().map(|attempt| attempt.took).collect()),
        refused: tries.filter(|attempt| attempt.failure.is_some()).count(),
        deleted: Latencies::of(leaks.iter().filter_map(stood).collect()),
        standing: standing(slack, leaks),
        removed_too: deletions.len().saturating_sub(leaks.len()),
    }
}

impl Report {
    /// Whether no leak stands, and nothing else was taken away.
    pub(super) const fn is_complete(&self) -> bool {
        self.standing == 0 && self.removed_too == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = super::report::per_second(self.messages, self.sending);
        writeln!(f, "messages     {:>9}   {rate:>9.0}/s", self.messages)?;
        writeln!(f, "leaks        {:>9}", self.leaks)?;
        writeln!(
            f,
            "standing     {:>9}   leaks that nobody took away",
            self.standing
        )?;
        writeln!(
            f,
            "removed too  {:>9}   messages that leak nothing",
            self.removed_too
        )?;
        writeln!(
            f,
            "refused      {:>9}   deliveries that were not taken at once",
            self.refused
        )?;
        writeln!(f, "ms                  p50       p95       p99       max")?;
        writeln!(f, "ack          {}   of an event, over HTTP", self.ack)?;
        write!(
            f,
            "deleted      {}   from said to `chat.delete`",
            self.deleted
        )
    }
}
