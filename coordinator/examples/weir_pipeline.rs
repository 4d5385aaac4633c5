//! Weir without HTTP: intake to counted result, in one process, over the configured queue and database.
//!
//! Owns composing the pipeline's actors as `app` does, without the API. Leaves comparing to
//! `deploy/bench/run`.
//! **Invariant:** the clock runs from the first event to the commit of the last result.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, Arbiter, ArbiterHandle};
use anyhow::{Context, ensure};
use clap::Parser;
use coordinator::actors::{
    Admission, Aggregator, AggregatorParts, Dispatcher, Intake, Redispatcher, Sweep, TakeIn,
};
use coordinator::arrivals::Arrivals;
use coordinator::bell::Bell;
use coordinator::blobs::Blobs;
use coordinator::config;
use coordinator::config::CoordinatorConfig;
use coordinator::consequences::Consequences;
use coordinator::detector_sets::DetectorSets;
use coordinator::domain::due_times::DueTimes;
use coordinator::heartbeats::StoredHeartbeats;
use coordinator::installations::Installations;
use coordinator::jobs::{JobMaker, Source};
use coordinator::keys;
use coordinator::originals::Originals;
use coordinator::policies::Policies;
use coordinator::slack::client::{Limits, SlackClient};
use coordinator::store::Store;
use coordinator::store::intake::{EventSource, NewEvent, NewInbound};
use coordinator::store::jobs::{self as job_rows, JobOrigin, Place};
use coordinator::store::notices::Notices;
use coordinator::store::slack_actions::SlackActions;
use coordinator::tickets::Tickets;
use scanner_node::actors::{Node, NodeIdentity, NodeParts};
use scanner_node::fetch::{FetchRules, Fetcher, HostList};
use scanner_node::limits::NodeLimits;
use scanner_node::metrics::NodeMetrics;
use shared::actor::{GuardOptions, Guarded, Guardian};
use shared::clock::{SharedClock, SystemClock};
use shared::content::TextUnit;
use shared::ids::{InboundEventId, NodeId, WorkspaceId};
use shared::job::{Payload, TraceContext};
use shared::lifecycle::Shutdown;
use shared::queue::{self, Queue};
use shared::seal::{EnvelopeSealer, Fingerprinter, KeyRing, Purpose, Sealer};
use shared::telemetry::Metrics;

/// Measures the pipeline; configured like `weir serve`.
#[derive(Parser)]
struct Arguments {
    /// Messages to carry
    #[arg(long, default_value_t = 30_000)]
    messages: usize,
    /// Bytes of a message's sealed body, as it travels and rests
    #[arg(long, default_value_t = 1_024)]
    body: usize,
    /// Events waiting for their commit at once
    #[arg(long, default_value_t = 1_024)]
    senders: usize,
}

/// What everything is built from.
struct Bench {
    ring: KeyRing,
    store: Store,
    queue: Arc<dyn Queue>,
    detectors: Arc<DetectorSets>,
    due_after: Duration,
    metrics: Metrics,
    shutdown: Shutdown,
    clock: SharedClock,
    blobs: Blobs,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = config::load(None::<PathBuf>)?;
    actix::System::new().block_on(measure(arguments, config))
}

async fn measure(arguments: Arguments, config: CoordinatorConfig) -> anyhow::Result<()> {
    let bench = Bench::open(config).await?;
    let arbiters = [Arbiter::new(), Arbiter::new(), Arbiter::new()];
    let [taking, counting, scanning] = arbiters.each_ref().map(Arbiter::handle);
    let metrics = bench.metrics.actors.clone();
    let guardian = Guardian::new(GuardOptions::default(), metrics, |_actor| {});
    let intake = bench.start_intake(&guardian, &taking);
    let _sweeping = bench.start_redispatcher(&guardian, &taking);
    let _counting = bench.start_aggregator(&guardian, &counting)?;
    let _node = bench.start_node(&guardian, &scanning)?;
    let maker = JobMaker::new(bench.envelopes()?, Arc::clone(&bench.detectors));
    // The first job compiles the detectors, which is not what is measured.
    send(&maker, &intake, arguments.body).await?;
    bench.counted().await?;
    let started = Instant::now();
    send_all(&arguments, &maker, &intake).await?;
    bench.counted().await?;
    let rate = f64::from(u32::try_from(arguments.messages).unwrap_or(u32::MAX))
        / started.elapsed().as_secs_f64();
    say(format_args!("{rate:.0}"))?;
    bench.shutdown.drain();
    guardian.dismiss();
    bench.shutdown.finish().await;
    Ok(())
}

/// Keeps `senders` events under way until all are committed.
async fn send_all(
    arguments: &Arguments,
    maker: &JobMaker,
    intake: &Guarded<Intake>,
) -> anyhow::Result<()> {
    let left = Arc::new(AtomicUsize::new(arguments.messages));
    let body = arguments.body;
    let senders: Vec<_> = (0..arguments.senders)
        .map(|_| {
            let (left, maker, intake) = (Arc::clone(&left), maker.clone(), intake.clone());
            actix::spawn(async move {
                let one_less = |left: usize| left.checked_sub(1);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                    .is_ok()
                {
                    send(&maker, &intake, body).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for sender in senders {
        sender.await??;
    }
    Ok(())
}

async fn send(maker: &JobMaker, intake: &Guarded<Intake>, body: usize) -> anyhow::Result<()> {
    let workspace = WorkspaceId::new("TBENCH");
    let source = Source {
        workspace: workspace.clone(),
        origin: JobOrigin::Slack,
        place: Place {
            channel_id: Some("CBENCH".to_owned()),
            user_id: Some("UBENCH".to_owned()),
            message_ts: Some("1700000000.000100".to_owned()),
            ..Place::default()
        },
        dedupe_key: None,
        submitted_by: None,
    };
    let payload = |bytes| Payload::Text {
        units: vec![TextUnit::plain(text(bytes))],
        gaps: Vec::new(),
    };
    // The body holds ids and JSON beside the text.
    let around = maker
        .make(source.clone(), payload(0), TraceContext::default())?
        .payload
        .len();
    let text = payload(body.saturating_sub(around));
    let job = maker.make(source, text, TraceContext::default())?;
    let id = InboundEventId::fresh();
    let event = NewEvent {
        id,
        workspace,
        source: EventSource::Slack,
        event_id: id.to_string(),
        kind: "message".to_owned(),
        event_time: None,
    };
    let inbound = NewInbound {
        event,
        jobs: vec![job],
    };
    intake
        .send(TakeIn(inbound))
        .await?
        .context("an event was refused")?;
    Ok(())
}

fn text(bytes: usize) -> String {
    "the release is ready for review, see ticket 1182 "
        .chars()
        .cycle()
        .take(bytes)
        .collect()
}

impl Bench {
    async fn open(config: CoordinatorConfig) -> anyhow::Result<Self> {
        let clock: SharedClock = Arc::new(SystemClock);
        let store = Store::connect(config.database.options(), Arc::clone(&clock)).await?;
        store.migrate().await?;
        let detectors = Arc::new(DetectorSets::builtin()?);
        detectors.refresh(&store).await?;
        let ring = keys::ring(&config.secrets)?;
        let blobs = keys::folder_of(&config.storage.url)?;
        Ok(Self {
            store,
            detectors,
            queue: queue::open(&config.queue).await?,
            due_after: config.pipeline.due_after,
            metrics: Metrics::new(),
            shutdown: Shutdown::new(),
            clock,
            blobs: Blobs::open(&blobs, Sealer::new(&ring, Purpose::Queue)?)?,
            ring,
        })
    }

    fn envelopes(&self) -> anyhow::Result<EnvelopeSealer> {
        Ok(EnvelopeSealer::new(Sealer::new(
            &self.ring,
            Purpose::Queue,
        )?))
    }

    fn start_intake(&self, guardian: &Guardian, arbiter: &ArbiterHandle) -> Guarded<Intake> {
        let (producer, metrics) = (self.queue.producer(), self.metrics.clone());
        let on = arbiter.clone();
        let dispatcher = guardian.guard("dispatcher", move || {
            let (producer, metrics) = (Arc::clone(&producer), metrics.clone());
            Dispatcher::start_in_arbiter(&on, move |_| Dispatcher::new(producer, metrics))
        });
        let (on, store, metrics) = (arbiter.clone(), self.store.hot(), self.metrics.clone());
        let (admission, due_after) = (Admission::default(), self.due_after);
        guardian.guard("intake", move || {
            let (store, next) = (store.clone(), dispatcher.clone());
            let (admission, metrics) = (admission.clone(), metrics.clone());
            Intake::start_in_arbiter(&on, move |_| {
                Intake::new(store, next, admission, due_after, metrics)
            })
        })
    }

    fn start_redispatcher(
        &self,
        guardian: &Guardian,
        arbiter: &ArbiterHandle,
    ) -> Guarded<Redispatcher> {
        let sweep = Arc::new(Sweep {
            store: self.store.hot(),
            queue: Arc::clone(&self.queue),
            due_after: self.due_after,
            metrics: self.metrics.clone(),
            shutdown: self.shutdown.clone(),
            round: coordinator::actors::Round::default(),
        });
        let on = arbiter.clone();
        guardian.guard("redispatcher", move || {
            let sweep = Arc::clone(&sweep);
            Redispatcher::start_in_arbiter(&on, move |_| Redispatcher::new(sweep))
        })
    }

    fn start_aggregator(
        &self,
        guardian: &Guardian,
        arbiter: &ArbiterHandle,
    ) -> anyhow::Result<Guarded<Aggregator>> {
        let parts = Arc::new(AggregatorParts {
            name: "bench".to_owned(),
            store: self.store.hot(),
            queue: Arc::clone(&self.queue),
            sealer: self.envelopes()?,
            policies: Arc::new(Policies::default()),
            suppressions: Arc::default(),
            consequences: Consequences::new(
                Sealer::new(&self.ring, Purpose::Database)?,
                DueTimes::default(),
            ),
            originals: Originals::new(
                EnvelopeSealer::new(Sealer::new(&self.ring, Purpose::Queue)?),
                Sealer::new(&self.ring, Purpose::Database)?,
                Duration::ZERO,
            ),
            notices: Notices::new(Sealer::new(&self.ring, Purpose::Database)?, None),
            actions: SlackActions::new(Sealer::new(&self.ring, Purpose::Database)?),
            installations: self.installations()?,
            arrivals: Arrivals::default(),
            bell: Bell::default(),
            metrics: self.metrics.clone(),
            shutdown: self.shutdown.clone(),
        });
        let on = arbiter.clone();
        Ok(guardian.guard("aggregator", move || {
            let parts = Arc::clone(&parts);
            Aggregator::start_in_arbiter(&on, move |_| Aggregator::new(parts))
        }))
    }

    fn start_node(&self, guardian: &Guardian, arbiter: &ArbiterHandle) -> anyhow::Result<Node> {
        let limits = NodeLimits::default();
        let sealer = Sealer::new(&self.ring, Purpose::Queue)?;
        let parts = NodeParts {
            node: NodeIdentity {
                id: NodeId::fresh(),
                name: "bench".to_owned(),
            },
            queue: Arc::clone(&self.queue),
            sealer: self.envelopes()?,
            blob_sealer: sealer,
            fingerprinter: Fingerprinter::new(&self.ring)?,
            index_keys: coordinator::keys::index_keys(&self.ring)?,
            detectors: Arc::clone(&self.detectors) as _,
            blobs: Arc::new(self.blobs.clone()),
            tickets: Arc::new(self.tickets()?),
            fetcher: Fetcher::new(FetchRules {
                hosts: HostList::default(),
                max_bytes: limits.max_file_bytes,
                within: Duration::from_secs(1),
            })?,
            heartbeat: Arc::new(StoredHeartbeats(self.store.clone())),
            metrics: Arc::new(NodeMetrics::new(self.metrics.clone(), &limits)),
            limits,
            shutdown: self.shutdown.clone(),
            clock: Arc::clone(&self.clock),
        };
        Ok(scanner_node::actors::start(parts, guardian, arbiter))
    }

    /// Nobody is connected.
    fn installations(&self) -> anyhow::Result<Arc<Installations>> {
        let sealer = Sealer::new(&self.ring, Purpose::Database)?;
        Ok(Arc::new(Installations::new(sealer, None, None)))
    }

    fn tickets(&self) -> anyhow::Result<Tickets> {
        let nowhere = "http://127.0.0.1:1/".parse()?;
        Ok(Tickets {
            installations: self.installations()?,
            client: SlackClient::new(nowhere, Limits::new(Arc::new(())))?,
        })
    }

    /// Waits until no job is open.
    async fn counted(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let stats = self.store.read(job_rows::open_stats).await?;
            if stats.iter().all(|class| class.open == 0) {
                return Ok(());
            }
            ensure!(
                begun.elapsed() < Duration::from_mins(2),
                "jobs stay without result"
            );
            actix::clock::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
