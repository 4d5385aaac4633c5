//! The composition root of a node of its own.
//!
//! Owns the order of building and of taking down. What a node does is in `actors`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::Arbiter;
use anyhow::Context;
use shared::actor::{GuardOptions, Guardian};
use shared::clock::SystemClock;
use shared::config;
use shared::ids::NodeId;
use shared::lifecycle::Shutdown;
use shared::queue;
use shared::seal::{EnvelopeSealer, NodeKey};
use shared::secret::ExposeSecret;
use shared::telemetry::{self, Metrics};

use crate::actors::{self, Node, NodeIdentity, NodeParts};
use crate::config::{NodeConfig, ScannerConfig, reference};
use crate::coordinator_client::CoordinatorClient;
use crate::fetch::{FetchRules, Fetcher};
use crate::health::{self, Vitals};
use crate::index_keys::index_keys;
use crate::limits::NodeLimits;
use crate::metrics::NodeMetrics;

/// What a supervisor reads as "start me again": `EX_SOFTWARE` of sysexits.h.
const GAVE_UP: u8 = 70;

/// Runs a node until it is told to stop.
///
/// # Errors
/// Whatever keeps it from starting, in words for people.
pub fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let file = config::file_or_default(file);
    let config: ScannerConfig = config::load(file.as_deref(), config::process_env())?;
    // The queue's and the coordinator's TLS share one library; a second call finds it in place.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let id = NodeId::fresh();
    let options =
        config
            .telemetry
            .options("weir-scanner", env!("CARGO_PKG_VERSION"), id.to_string());
    let telemetry = telemetry::init(&options)?;
    let system = actix::System::new();
    let ended = system.block_on(work(config, id));
    drop(system);
    telemetry
        .shutdown()
        .context("the last spans were not sent")?;
    ended
}

/// Prints every setting with its meaning and default.
///
/// # Errors
/// Nobody reads.
pub fn print_reference() -> anyhow::Result<ExitCode> {
    std::io::stdout().lock().write_all(reference().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Writes an error and its causes to the terminal.
pub fn complain(error: &anyhow::Error) {
    let mut err = std::io::stderr().lock();
    // Without a terminal to complain to there is nobody to tell.
    drop(writeln!(err, "weir-scanner: {error:#}"));
}

async fn work(config: ScannerConfig, id: NodeId) -> anyhow::Result<ExitCode> {
    let deadline = config.node.drain_deadline;
    let shutdown = Shutdown::listen(deadline)?;
    let gave_up = Arc::new(AtomicBool::new(false));
    let metrics = Metrics::new();
    let guardian = guardian(&metrics, &shutdown, Arc::clone(&gave_up));
    let bind = config.node.bind;
    let parts = parts(config, id, metrics.clone(), shutdown.clone()).await?;
    let arbiter = Arbiter::new();
    let node = Arc::new(actors::start(parts, &guardian, &arbiter.handle()));
    let vitals = Arc::new(NodeVitals {
        node: Arc::clone(&node),
        metrics,
        shutdown: shutdown.clone(),
    });
    let address = health::serve(bind, vitals, shutdown.clone())
        .await
        .with_context(|| {
            format!("cannot listen on {bind}: set WEIR_NODE__BIND to a free address")
        })?;
    tracing::info!(%address, node = %id, "scanning");
    shutdown.draining().await;
    let left = node.drain(deadline).await;
    if left > 0 {
        tracing::warn!(batches = left, "batches left to their leases");
    }
    guardian.dismiss();
    shutdown.finish().await;
    arbiter.stop();
    Ok(if gave_up.load(Ordering::SeqCst) {
        ExitCode::from(GAVE_UP)
    } else {
        ExitCode::SUCCESS
    })
}

fn guardian(metrics: &Metrics, shutdown: &Shutdown, gave_up: Arc<AtomicBool>) -> Guardian {
    let shutdown = shutdown.clone();
    Guardian::new(
        GuardOptions::default(),
        metrics.actors.clone(),
        move |_actor| {
            gave_up.store(true, Ordering::SeqCst);
            shutdown.drain();
        },
    )
}

async fn parts(
    config: ScannerConfig,
    id: NodeId,
    metrics: Metrics,
    shutdown: Shutdown,
) -> anyhow::Result<NodeParts> {
    let key: NodeKey = config.node.key.expose_secret().parse().context(
        "WEIR_NODE__KEY is no node key: `weir keys export-node` on the coordinator prints one",
    )?;
    let client = CoordinatorClient::new(config.node.coordinator_url.clone(), key.credential())?;
    let client = Arc::new(client);
    let queue = queue::open(&config.queue)
        .await
        .context("the queue cannot be opened")?;
    let limits = limits(&config.node);
    Ok(NodeParts {
        node: NodeIdentity {
            id,
            name: config.node.name,
        },
        queue,
        sealer: EnvelopeSealer::new(key.sealer()),
        blob_sealer: key.sealer(),
        fingerprinter: key.fingerprinter(),
        index_keys: index_keys(&key.lookup_keys()?),
        detectors: Arc::clone(&client) as _,
        blobs: Arc::clone(&client) as _,
        tickets: Arc::clone(&client) as _,
        fetcher: Fetcher::new(FetchRules {
            hosts: config.node.file_hosts.unwrap_or_default(),
            max_bytes: limits.max_file_bytes,
            within: config.node.fetch_within,
        })?,
        heartbeat: client,
        metrics: Arc::new(NodeMetrics::new(metrics, &limits)),
        limits,
        shutdown,
        clock: Arc::new(SystemClock),
    })
}

fn limits(config: &NodeConfig) -> NodeLimits {
    let usual = NodeLimits {
        max_file_bytes: config.max_file.0,
        ..NodeLimits::default()
    };
    match config.concurrency {
        0 => usual,
        slots => NodeLimits {
            message_batches: slots,
            files: slots,
            ..usual
        },
    }
}

struct NodeVitals {
    node: Arc<Node>,
    metrics: Metrics,
    shutdown: Shutdown,
}

impl Vitals for NodeVitals {
    fn not_ready_because(&self) -> Vec<&'static str> {
        let draining = self
            .shutdown
            .is_draining()
            .then_some("the node is stopping");
        let dead = (!self.node.is_alive()).then_some("an actor is gone");
        draining.into_iter().chain(dead).collect()
    }

    fn is_alive(&self) -> bool {
        self.node.is_alive()
    }

    fn metrics(&self) -> String {
        self.metrics.encode()
    }
}
