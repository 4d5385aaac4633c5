//! `weir load`: plays signed Slack events against a coordinator and says how it coped.
//!
//! Owns the schedule and the ledger check at the end. Leaves the events, the connections and the words to
//! its files. The ledger is read from the coordinator's database, beside the coordinator, so the command
//! takes the same configuration.
//! **Invariant:** with a rate, a slow answer never slows the sending down: every scheduled event is sent,
//! and its latency counts from the moment it should have gone.

mod client;
#[cfg(feature = "fake-slack")]
mod company;
mod events;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use shared::clock::{Clock, SystemClock};
use shared::ids::RequestId;
use tokio::sync::mpsc;
use url::Url;

use self::client::Connection;
use self::events::{Event, Events, Recipe};
use self::report::{Latencies, Report};
use super::{Exit, Global, print};
use crate::config;
use crate::slack::signature::SigningSecret;
use crate::store::ledger::{self, Ledger};
use crate::store::{DatabaseOptions, Store};

/// How often the database is asked whether results are still to come.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// Options of `weir load`.
#[derive(clap::Args, Debug)]
pub(super) struct LoadArgs {
    /// Where the coordinator listens
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// Events a second; 0 sends as fast as answers come
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// How long to send
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    seconds: u64,
    /// Connections to send over
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Bytes of text in a message
    #[arg(long, default_value_t = 240)]
    text_bytes: usize,
    /// Share of messages that leak a card number, from 0 to 1
    #[arg(long, default_value_t = 0.01)]
    leaks: f64,
    /// Share of events that are delivered twice, from 0 to 1
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    /// Workspaces the messages come from
    #[arg(long, default_value_t = 4)]
    workspaces: u32,
    /// What the messages are made from; the same seed plays the same texts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to wait for the last result
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    settle: u64,
    /// Let people talk on a stand-in for Slack that listens here, and measure how long leaks stand. The coordinator
    /// needs its address and its tokens, as `weir fake-slack` prints them, and a policy that blocks
    #[cfg(feature = "fake-slack")]
    #[arg(long, value_name = "ADDRESS")]
    stand_in: Option<std::net::SocketAddr>,
}

/// An event on its way to a connection.
struct Shot {
    number: u64,
    /// When it should go; without a schedule, whenever a connection is free.
    due: Option<Instant>,
    request: Vec<u8>,
}

#[derive(Default)]
struct Tally {
    answers: BTreeMap<u16, usize>,
    ack: Vec<Duration>,
    acknowledged: HashSet<u64>,
    /// When each event should have gone for the first time.
    due: HashMap<u64, Instant>,
}

type Tallied = Arc<Mutex<Tally>>;

/// A moment on both clocks: what was due is known by the one, what was committed by the other.
struct Anchor {
    instant: Instant,
    time: DateTime<Utc>,
}

/// Plays the events and prints the report.
///
/// # Errors
/// No signing secret, no database, no coordinator, or a ledger that does not balance.
pub(super) fn run(args: &LoadArgs, global: &Global) -> anyhow::Result<Exit> {
    let config = config::load(global.config.clone())?;
    let secret = config.slack.signing_secret.as_ref();
    let secret = secret.context("no signing secret: set WEIR_SLACK__SIGNING_SECRET")?;
    // One thread: what the generator takes is not there for what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    #[cfg(feature = "fake-slack")]
    if let Some(bind) = args.stand_in {
        // All TLS of this process uses one library; a second call finds it in place.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let report = runtime.block_on(company::measure(args, bind, secret))?;
        print(&report)?;
        if !report.is_complete() {
            bail!("a leak stands, or what is none was removed: see `standing` and `removed too`");
        }
        return Ok(Exit::Success);
    }
    let secret = SigningSecret::new(secret)?;
    let report = runtime.block_on(measure(args, config.database.options(), &secret))?;
    print(&report)?;
    if !report.is_complete() {
        bail!("the ledger does not balance: see `open`, `missing` and `doubled`");
    }
    Ok(Exit::Success)
}

async fn measure(
    args: &LoadArgs,
    database: DatabaseOptions,
    secret: &SigningSecret,
) -> anyhow::Result<Report> {
    let store = Store::connect_reader(database, Arc::new(SystemClock))
        .await
        .context("the coordinator's database cannot be read")?;
    let run = format!("EvLOAD{}x", RequestId::fresh().as_uuid().simple());
    let tally = Tallied::default();
    let anchor = Anchor {
        instant: Instant::now(),
        time: SystemClock.now(),
    };
    play(args, &run, secret, &tally).await?;
    let sending = anchor.instant.elapsed();
    let ledger = settle(&store, &run, Duration::from_secs(args.settle)).await?;
    let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Report {
        open_loop: args.rate > 0,
        sending,
        ..report(&run, tally, &ledger, &anchor)
    })
}

/// Holds what was answered against what the database says.
fn report(run: &str, tally: Tally, ledger: &Ledger, anchor: &Anchor) -> Report {
    let since_anchor = |time: DateTime<Utc>| (time - anchor.time).to_std().unwrap_or_default();
    let mut with_result = HashSet::with_capacity(ledger.committed.len());
    let mut latencies = Vec::with_capacity(ledger.committed.len());
    for (event_id, committed) in &ledger.committed {
        let Some(number) = Events::number_of(run, event_id) else {
            continue;
        };
        with_result.insert(number);
        if let Some(due) = tally.due.get(&number) {
            let due = due.duration_since(anchor.instant);
            latencies.push(since_anchor(*committed).saturating_sub(due));
        }
    }
    let last = ledger.committed.iter().map(|(_, committed)| *committed);
    Report {
        answers: tally.answers.into_iter().collect(),
        ack: Latencies::of(tally.ack),
        result: Latencies::of(latencies),
        whole: last.max().map(since_anchor).unwrap_or_default(),
        acknowledged: tally.acknowledged.len(),
        stored: ledger.events,
        results: ledger.results(),
        open: ledger.open,
        missing: tally.acknowledged.difference(&with_result).count(),
        doubled: ledger.results().saturating_sub(with_result.len()),
        ..Report::default()
    }
}

async fn play(
    args: &LoadArgs,
    run: &str,
    secret: &SigningSecret,
    tally: &Tallied,
) -> anyhow::Result<()> {
    let host = host_of(&args.url)?;
    let connections = args.connections.max(1);
    let (send, receive) = mpsc::channel::<Shot>(connections);
    let receive = Arc::new(tokio::sync::Mutex::new(receive));
    let shooters = (0..connections)
        .map(|_| tokio::spawn(shoot(host.clone(), Arc::clone(&receive), Arc::clone(tally))))
        .collect::<Vec<_>>();
    // Only the shooters keep the receiver: if all fail, the schedule ends.
    drop(receive);
    schedule(args, run, secret, &host, send).await;
    for shooter in shooters {
        shooter.await.context("a connection's task failed")?;
    }
    Ok(())
}

/// Makes events at their times.
async fn schedule(
    args: &LoadArgs,
    run: &str,
    secret: &SigningSecret,
    host: &str,
    send: mpsc::Sender<Shot>,
) {
    let recipe = Recipe {
        text_bytes: args.text_bytes,
        leaks: args.leaks,
        duplicates: args.duplicates,
        workspaces: args.workspaces,
    };
    let mut events = Events::new(recipe, run, args.seed);
    let begun = Instant::now();
    let end = begun + Duration::from_secs(args.seconds);
    for place in 0..u64::MAX {
        let due = due(begun, place, args.rate);
        if due.unwrap_or_else(Instant::now) >= end {
            return;
        }
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let now = SystemClock.now().timestamp();
        let Event { number, body } = events.next_event(now);
        let request = events::request(host, "/slack/events", secret, now, &body);
        let shot = Shot {
            number,
            due,
            request,
        };
        if send.send(shot).await.is_err() {
            return;
        }
    }
}

/// When the event at `place` in the schedule should go, if there is a schedule.
fn due(begun: Instant, place: u64, rate: u32) -> Option<Instant> {
    let nanos = place
        .saturating_mul(1_000_000_000)
        .checked_div(u64::from(rate))?;
    Some(begun + Duration::from_nanos(nanos))
}

/// Sends events over one connection, opened again when it breaks.
async fn shoot(host: String, shots: Arc<tokio::sync::Mutex<mpsc::Receiver<Shot>>>, tally: Tallied) {
    let mut connection = None;
    loop {
        let shot = shots.lock().await.recv().await;
        let Some(shot) = shot else { return };
        let due = shot.due.unwrap_or_else(Instant::now);
        let status = match exchange(&mut connection, &host, &shot.request).await {
            Ok(status) => status,
            Err(error) => {
                tracing::debug!(kind = ?error.kind(), "no answer");
                connection = None;
                0
            }
        };
        let took = due.elapsed();
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.answers.entry(status).or_default() += 1;
        let first = tally.due.entry(shot.number).or_insert(due);
        *first = due.min(*first);
        if status == 200 {
            tally.ack.push(took);
            tally.acknowledged.insert(shot.number);
        }
    }
}

async fn exchange(
    connection: &mut Option<Connection>,
    host: &str,
    request: &[u8],
) -> std::io::Result<u16> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(host).await?),
    };
    connection.exchange(request).await
}

/// Waits for the last result, and reads the ledger once: reading it again and again would weigh on the
/// database that is measured.
async fn settle(store: &Store, run: &str, limit: Duration) -> anyhow::Result<Ledger> {
    let begun = Instant::now();
    loop {
        let prefix = run.to_owned();
        let open = store
            .read(move |conn| ledger::has_open(conn, &prefix))
            .await?;
        if !open || begun.elapsed() > limit {
            break;
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    let prefix = run.to_owned();
    Ok(store
        .read(move |conn| ledger::of_events(conn, &prefix))
        .await?)
}

fn host_of(url: &Url) -> anyhow::Result<String> {
    if url.scheme() != "http" {
        bail!("`--url` must be http: the load generator measures the coordinator, not TLS");
    }
    let host = url.host_str().context("`--url` names no host")?;
    Ok(format!(
        "{host}:{}",
        url.port_or_known_default().unwrap_or(80)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(anchor: &Anchor, ms: u64) -> (Instant, DateTime<Utc>) {
        let time = Duration::from_millis(ms);
        (anchor.instant + time, anchor.time + time)
    }

    #[test]
    fn latency_counts_from_the_scheduled_time() {
        let anchor = Anchor {
            instant: Instant::now(),
            time: SystemClock.now(),
        };
        let tally = Tally {
            due: HashMap::from([(1, at(&anchor, 10).0)]),
            acknowledged: HashSet::from([1, 2]),
            ..Tally::default()
        };
        let ledger = Ledger {
            events: 2,
            open: 1,
            committed: vec![("EvRUN1".to_owned(), at(&anchor, 50).1)],
        };
        let report = report("EvRUN", tally, &ledger, &anchor);
        assert_eq!(
            report.result.percentile(500),
            Some(Duration::from_millis(40))
        );
        assert_eq!((report.missing, report.doubled, report.open), (1, 0, 1));
        assert_eq!(report.whole, Duration::from_millis(50));
    }

    #[test]
    fn two_results_of_one_event_are_one_too_many() {
        let anchor = Anchor {
            instant: Instant::now(),
            time: SystemClock.now(),
        };
        let result = ("EvRUN1".to_owned(), anchor.time);
        let ledger = Ledger {
            events: 1,
            open: 0,
            committed: vec![result.clone(), result],
        };
        let report = report("EvRUN", Tally::default(), &ledger, &anchor);
        assert_eq!(report.doubled, 1);
        assert!(!report.is_complete());
    }

    #[test]
    fn the_schedule_does_not_depend_on_the_answers() {
        let begun = Instant::now();
        let places = [0, 1, 500].map(|place| due(begun, place, 500).unwrap() - begun);
        assert_eq!(places, [0, 2, 1_000].map(Duration::from_millis));
        assert_eq!(due(begun, 7, 0), None);
    }

    #[test]
    fn only_plain_http_is_played() {
        assert!(host_of(&Url::parse("https://weir.example").unwrap()).is_err());
        let plain = host_of(&Url::parse("http://127.0.0.1:8080").unwrap());
        assert_eq!(plain.unwrap(), "127.0.0.1:8080");
    }
}
