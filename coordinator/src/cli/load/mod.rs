//! `weir load`: plays signed Slack events against a coordinator and says how it coped.
//!
//! Owns the schedule (open loop: a slow answer does not slow the sending down, and latency counts from
//! the moment an event should have gone) and the ledger check at the end: each event that got a 200 has
//! exactly one result. The ledger is read from the coordinator's database, so the command takes the same
//! configuration.

mod client;
mod events;
mod report;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use shared::clock::{Clock, SystemClock};
use shared::ids::RequestId;
use shared::secret::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use url::Url;

use self::client::Connection;
use self::events::{Events, Recipe};
use self::report::{Latencies, Report};
use crate::store::{Store, ledger};

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
}

/// An event on its way to a connection.
struct Shot {
    due: Instant,
    request: Vec<u8>,
}

#[derive(Default)]
struct Tally {
    answers: BTreeMap<u16, usize>,
    ack: Vec<Duration>,
}

/// Plays the events and prints the report; an incomplete ledger is an error.
pub(super) async fn run(args: LoadArgs, store: &Store, secret: SecretString) -> anyhow::Result<()> {
    let run = format!("EvLOAD{}x", RequestId::fresh().as_uuid().simple());
    let started = Instant::now();
    let tally = Arc::new(Mutex::new(Tally::default()));
    play(&args, &run, &secret, &tally).await?;
    let sending = started.elapsed();
    let ledger = settle(store, &run, Duration::from_secs(args.settle)).await?;
    let tally = std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner));
    let report = Report {
        answers: tally.answers.into_iter().collect(),
        ack: Latencies::of(tally.ack),
        result: Latencies::of(ledger.latencies),
        sending,
        whole: started.elapsed(),
        accepted: ledger.events,
        results: ledger.results,
        open: ledger.open,
    };
    super::print(&report);
    if !report.is_complete() {
        bail!("the ledger does not balance: see `accepted`, `results` and `open`");
    }
    Ok(())
}

async fn play(args: &LoadArgs, run: &str, secret: &SecretString, tally: &Arc<Mutex<Tally>>) -> anyhow::Result<()> {
    let host = host_of(&args.url)?;
    let (send, receive) = mpsc::channel::<Shot>(args.connections.max(1) * 4);
    let receive = Arc::new(tokio::sync::Mutex::new(receive));
    let shooters = (0..args.connections.max(1))
        .map(|_| tokio::spawn(shoot(host.clone(), Arc::clone(&receive), Arc::clone(tally))))
        .collect::<Vec<_>>();
    schedule(args, run, secret, &host, send).await;
    for shooter in shooters {
        shooter.await.context("a connection's task failed")?;
    }
    Ok(())
}

/// Makes events at their times.
async fn schedule(args: &LoadArgs, run: &str, secret: &SecretString, host: &str, send: mpsc::Sender<Shot>) {
    let recipe = Recipe {
        text_bytes: args.text_bytes,
        leaks: args.leaks,
        duplicates: args.duplicates,
        workspaces: args.workspaces,
    };
    let mut events = Events::new(recipe, run, args.seed);
    let begun = Instant::now();
    let end = begun + Duration::from_secs(args.seconds);
    for event in 0.. {
        let due = match args.rate {
            0 => Instant::now(),
            rate => begun + Duration::from_secs(event) / rate,
        };
        if due >= end {
            return;
        }
        tokio::time::sleep_until(due.into()).await;
        let now = SystemClock.now().timestamp();
        let body = events.next_body(now);
        let secret = secret.expose_secret().as_bytes();
        let request = events::request(host, "/slack/events", secret, now, &body);
        if send.send(Shot { due, request }).await.is_err() {
            return;
        }
    }
}

/// Sends events over one connection, opened again when it breaks.
async fn shoot(host: String, shots: Arc<tokio::sync::Mutex<mpsc::Receiver<Shot>>>, tally: Arc<Mutex<Tally>>) {
    let mut connection = None;
    loop {
        let Some(shot) = shots.lock().await.recv().await else { return };
        let status = match send(&mut connection, &host, &shot.request).await {
            Ok(status) => status,
            Err(_broken) => 0,
        };
        if status == 0 {
            connection = None;
        }
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        *tally.answers.entry(status).or_default() += 1;
        tally.ack.push(shot.due.elapsed());
    }
}

async fn send(connection: &mut Option<Connection>, host: &str, request: &[u8]) -> std::io::Result<u16> {
    let open = match connection {
        Some(open) => open,
        None => connection.insert(Connection::open(host).await?),
    };
    open.exchange(request).await
}

/// Waits for the last result, or until it is clear that it does not come.
async fn settle(store: &Store, run: &str, limit: Duration) -> anyhow::Result<ledger::Ledger> {
    let begun = Instant::now();
    loop {
        let prefix = run.to_owned();
        let ledger = store.read(move |conn| ledger::of_events(conn, &prefix)).await?;
        if ledger.open == 0 || begun.elapsed() > limit {
            return Ok(ledger);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn host_of(url: &Url) -> anyhow::Result<String> {
    if url.scheme() != "http" {
        bail!("`--url` must be http: the load generator measures the coordinator, not TLS");
    }
    let host = url.host_str().context("`--url` names no host")?;
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or(80)))
}
