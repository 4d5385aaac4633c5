//! The composition root: what a coordinator is made of.
//!
//! Owns the order of building and of taking down, and is the only place that knows which queue, which
//! database and which scanners there are. Embedded and distributed differ here and nowhere else.

mod serving;
mod slack;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::{Actor, Arbiter, ArbiterHandle};
use actix_web::web;
use anyhow::Context;
use shared::actor::{GuardOptions, Guarded, Guardian};
use shared::clock::{SharedClock, SystemClock};
use shared::ids::NodeId;
use shared::lifecycle::Shutdown;
use shared::queue::{self, Queue};
use shared::seal::{EnvelopeSealer, KeyRing, Purpose, Sealer, Signer};
use shared::telemetry::Metrics;

use self::slack::SlackSide;
use crate::actors::{
    Admission, Aggregator, AggregatorParts, Dispatcher, Intake, Janitor, JanitorParts, Notary,
    NotaryParts, Notifier, NotifierParts, Redispatcher, Round, Sweep,
};
use crate::alarms::Alarms;
use crate::api::Actors;
use crate::api::auth::Passwords;
use crate::arrivals::Arrivals;
use crate::blobs::Blobs;
use crate::config::CoordinatorConfig;
use crate::consequences::Consequences;
use crate::detector_sets::DetectorSets;
use crate::domain::notice::Retry;
use crate::ended_sessions::EndedSessions;
use crate::first_start;
use crate::jobs::JobMaker;
use crate::keys;
use crate::mail::{Digests, Mailer, Post, PostParts};
use crate::originals::Originals;
use crate::outgoing::DeliveryMetrics;
use crate::policies::Policies;
use crate::store::Store;
use crate::store::notices::{Addresses, Notices};
use crate::suppressions::Suppressions;
use crate::webhooks::{AddressGuard, Caller, Deliveries, DeliveryParts, Rules, Schemes};

/// How a coordinator ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As it was asked to.
    Asked,
    /// An actor died too often: the supervisor of the process should start it again.
    GaveUp,
}

/// What everything is built from.
struct Foundation {
    config: CoordinatorConfig,
    ring: KeyRing,
    store: Store,
    queue: Arc<dyn Queue>,
    detectors: Arc<DetectorSets>,
    policies: Arc<Policies>,
    suppressions: Arc<Suppressions>,
    blobs: Blobs,
    passwords: Arc<Passwords>,
    signer: Signer,
    ended: Arc<EndedSessions>,
    database_sealer: Sealer,
    notices: Notices,
    caller: Caller,
    mailer: Option<Mailer>,
    slack: SlackSide,
    metrics: Metrics,
    clock: SharedClock,
    shutdown: Shutdown,
}

/// Builds a coordinator, lets it work until it is told to stop, and takes it down. Call it on an actix
/// system. `announce` is told where it listens, once it does.
///
/// # Errors
/// Whatever keeps it from starting, in words for people.
pub async fn run(
    config: CoordinatorConfig,
    metrics: Metrics,
    announce: impl Fn(SocketAddr),
) -> anyhow::Result<Ending> {
    let foundation = lay(config, metrics).await?;
    let gave_up = Arc::new(AtomicBool::new(false));
    let guardian = guardian(&foundation, Arc::clone(&gave_up));
    let arbiters = [Arbiter::new(), Arbiter::new(), Arbiter::new()];
    let [intake, results, scanning] = arbiters.each_ref().map(Arbiter::handle);
    let admission = Admission::default();
    let arrivals = Arrivals::default();
    let actors = start_actors(
        &foundation,
        &guardian,
        (&intake, &results),
        &admission,
        &arrivals,
    )?;
    let node = start_scanners(&foundation, &guardian, &scanning)?;
    let state = serving::state(&foundation, actors, admission, arrivals)?;
    let server = serving::serve(&foundation, web::Data::new(state), announce)?;
    foundation.shutdown.draining().await;
    server.stop(true).await;
    if let Some(node) = node {
        node.drain(foundation.config.http.drain_deadline).await;
    }
    guardian.dismiss();
    foundation.shutdown.finish().await;
    for arbiter in arbiters {
        arbiter.stop();
    }
    tracing::info!("stopped");
    Ok(if gave_up.load(Ordering::SeqCst) {
        Ending::GaveUp
    } else {
        Ending::Asked
    })
}

async fn lay(config: CoordinatorConfig, metrics: Metrics) -> anyhow::Result<Foundation> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ring = keys::ring(&config.secrets)?;
    let store = Store::connect(config.database.options(), Arc::clone(&clock))
        .await
        .context("the database cannot be opened: look at WEIR_DATABASE__URL")?;
    let applied = store
        .migrate()
        .await
        .context("the database cannot be brought up to date")?;
    tracing::info!(
        migrations = applied.len(),
        database = store.system(),
        "database is up to date"
    );
    let passwords = Arc::new(Passwords::new()?);
    first_start::prepare(&store, &passwords, &config.auth).await?;
    let detectors = Arc::new(DetectorSets::builtin()?.with_keys(keys::index_keys(&ring)?));
    detectors.refresh(&store).await?;
    let policies = Arc::new(Policies::new(scanner_node::detect::families()?));
    policies.refresh(&store).await?;
    // Before the first request is answered.
    let ended = Arc::new(EndedSessions::default());
    ended.refresh(&store).await?;
    let suppressions = Arc::new(Suppressions::default());
    suppressions.refresh(&store).await?;
    let queue = queue::open(&config.queue)
        .await
        .context("the queue cannot be opened")?;
    let blobs = Blobs::open(
        &keys::folder_of(&config.storage.url)?,
        Sealer::new(&ring, Purpose::Queue)?,
    )?;
    let database_sealer = Sealer::new(&ring, Purpose::Database)?;
    let notices = Notices::new(database_sealer.clone(), config.mail.list());
    let mailer = Mailer::new(&config.mail)?;
    if mailer.is_none() {
        tracing::info!("mail is off: set WEIR_MAIL__SMTP_URL to be told of alerts");
    }
    let caller = Caller::new(rules(&config))?;
    let shutdown = Shutdown::listen(config.http.drain_deadline)?;
    let alarms = Alarms {
        notices: notices.clone(),
        times: config.alerts.due_times(),
    };
    let around = (&database_sealer, alarms, &shutdown);
    let slack = SlackSide::lay(&config.slack, &store, around).await?;
    Ok(Foundation {
        config,
        store,
        queue,
        detectors,
        policies,
        suppressions,
        blobs,
        passwords,
        signer: Signer::new(&ring)?,
        ring,
        ended,
        database_sealer,
        notices,
        caller,
        mailer,
        slack,
        metrics,
        clock,
        shutdown,
    })
}

/// Where webhooks may lead.
fn rules(config: &CoordinatorConfig) -> Rules {
    let schemes = if config.webhooks.allow_http {
        Schemes::HttpToo
    } else {
        Schemes::HttpsOnly
    };
    Rules {
        guard: AddressGuard::new(config.webhooks.allow_networks.clone()),
        schemes,
    }
}

fn guardian(foundation: &Foundation, gave_up: Arc<AtomicBool>) -> Guardian {
    let shutdown = foundation.shutdown.clone();
    let metrics = foundation.metrics.actors.clone();
    Guardian::new(GuardOptions::default(), metrics, move |_actor| {
        gave_up.store(true, Ordering::SeqCst);
        shutdown.drain();
    })
}

fn start_actors(
    foundation: &Foundation,
    guardian: &Guardian,
    (intake_arbiter, results_arbiter): (&ArbiterHandle, &ArbiterHandle),
    admission: &Admission,
    arrivals: &Arrivals,
) -> anyhow::Result<Actors> {
    let name = format!("coordinator-{}", NodeId::fresh());
    let arbiter = intake_arbiter.clone();
    let (producer, metrics) = (foundation.queue.producer(), foundation.metrics.clone());
    let dispatcher = guardian.guard("dispatcher", {
        let arbiter = arbiter.clone();
        move || {
            let (producer, metrics) = (Arc::clone(&producer), metrics.clone());
            Dispatcher::start_in_arbiter(&arbiter, move |_| Dispatcher::new(producer, metrics))
        }
    });
    let intake = guardian.guard("intake", {
        let (arbiter, store) = (arbiter.clone(), foundation.store.hot());
        let (next, admission) = (dispatcher.clone(), admission.clone());
        let due_after = foundation.config.pipeline.due_after;
        let metrics = foundation.metrics.clone();
        move || {
            let intake = (
                store.clone(),
                next.clone(),
                admission.clone(),
                metrics.clone(),
            );
            Intake::start_in_arbiter(&arbiter, move |_| {
                let (store, next, admission, metrics) = intake;
                Intake::new(store, next, admission, due_after, metrics)
            })
        }
    });
    let sweep = Arc::new(Sweep {
        store: foundation.store.hot(),
        queue: Arc::clone(&foundation.queue),
        due_after: foundation.config.pipeline.due_after,
        metrics: foundation.metrics.clone(),
        shutdown: foundation.shutdown.clone(),
        round: Round::default(),
    });
    let redispatcher = guardian.guard("redispatcher", {
        let arbiter = arbiter.clone();
        move || {
            let sweep = Arc::clone(&sweep);
            Redispatcher::start_in_arbiter(&arbiter, move |_| Redispatcher::new(sweep))
        }
    });
    let (janitor, notary) = start_keepers(foundation, guardian, &arbiter, &name);
    let inbox = slack::inbox(foundation, &intake)?;
    let read_again = (results_arbiter, inbox.clone(), name.as_str());
    let backfiller = slack::start_backfiller(foundation, guardian, read_again);
    let aggregator = start_aggregator(foundation, guardian, (results_arbiter, name), arrivals)?;
    let (enforcer, surveyor) = slack::start(foundation, guardian, results_arbiter)?;
    let listener = slack::start_listener(foundation, guardian, (intake_arbiter, inbox));
    Ok(Actors {
        intake,
        dispatcher,
        redispatcher,
        aggregator,
        janitor,
        notary,
        notifier: start_notifier(foundation, guardian, results_arbiter),
        enforcer,
        surveyor,
        listener,
        backfiller,
    })
}

/// What counts results.
fn start_aggregator(
    foundation: &Foundation,
    guardian: &Guardian,
    (arbiter, name): (&ArbiterHandle, String),
    arrivals: &Arrivals,
) -> anyhow::Result<Guarded<Aggregator>> {
    let parts = Arc::new(AggregatorParts {
        name,
        store: foundation.store.hot(),
        queue: Arc::clone(&foundation.queue),
        sealer: EnvelopeSealer::new(Sealer::new(&foundation.ring, Purpose::Queue)?),
        policies: Arc::clone(&foundation.policies),
        suppressions: Arc::clone(&foundation.suppressions),
        consequences: Consequences::new(
            foundation.database_sealer.clone(),
            foundation.config.alerts.due_times(),
        ),
        originals: originals(foundation)?,
        notices: foundation.notices.clone(),
        actions: foundation.slack.actions.clone(),
        installations: Arc::clone(&foundation.slack.installations),
        arrivals: arrivals.clone(),
        bell: foundation.slack.bell.clone(),
        metrics: foundation.metrics.clone(),
        shutdown: foundation.shutdown.clone(),
    });
    let arbiter = arbiter.clone();
    Ok(guardian.guard("aggregator", move || {
        let parts = Arc::clone(&parts);
        Aggregator::start_in_arbiter(&arbiter, move |_| Aggregator::new(parts))
    }))
}

fn start_notifier(
    foundation: &Foundation,
    guardian: &Guardian,
    arbiter: &ArbiterHandle,
) -> Guarded<Notifier> {
    let config = &foundation.config;
    let metrics = DeliveryMetrics::new(&foundation.metrics);
    let digests = match config.mail.digest.0 {
        Some(_) => Digests::On,
        None => Digests::Off,
    };
    let post = Post::new(PostParts {
        mailer: foundation.mailer.clone(),
        store: foundation.store.clone(),
        sealer: foundation.database_sealer.clone(),
        recipients: Addresses(config.mail.to.clone()),
        public_url: config.http.public_url.clone(),
        digests,
        retry: Retry {
            first: config.mail.retry_after,
        },
        metrics: metrics.clone(),
        shutdown: foundation.shutdown.clone(),
    });
    let deliveries = Deliveries::new(DeliveryParts {
        caller: foundation.caller.clone(),
        store: foundation.store.clone(),
        sealer: foundation.database_sealer.clone(),
        notices: foundation.notices.clone(),
        public_url: config.http.public_url.clone(),
        disable_after: config.webhooks.disable_after,
        retry: Retry {
            first: config.webhooks.retry_after,
        },
        metrics,
        clock: Arc::clone(&foundation.clock),
        shutdown: foundation.shutdown.clone(),
    });
    let parts = Arc::new(NotifierParts {
        post,
        deliveries,
        shutdown: foundation.shutdown.clone(),
    });
    let arbiter = arbiter.clone();
    guardian.guard("notifier", move || {
        let parts = Arc::clone(&parts);
        Notifier::start_in_arbiter(&arbiter, move |_| Notifier::new(parts))
    })
}

/// The actors that keep the house in order.
fn start_keepers(
    foundation: &Foundation,
    guardian: &Guardian,
    arbiter: &ArbiterHandle,
    name: &str,
) -> (Guarded<Janitor>, Guarded<Notary>) {
    let janitor = Arc::new(JanitorParts {
        store: foundation.store.clone(),
        blobs: foundation.blobs.clone(),
        detectors: Arc::clone(&foundation.detectors),
        policies: Arc::clone(&foundation.policies),
        suppressions: Arc::clone(&foundation.suppressions),
        installations: Arc::clone(&foundation.slack.installations),
        limits: foundation.slack.limits.clone(),
        times: foundation.config.alerts.due_times(),
        ended: Arc::clone(&foundation.ended),
        retention: foundation.config.retention.retention(),
        keep_originals: foundation.config.privacy.keep_originals,
        shutdown: foundation.shutdown.clone(),
    });
    let janitor = guardian.guard("janitor", {
        let arbiter = arbiter.clone();
        move || {
            let parts = Arc::clone(&janitor);
            Janitor::start_in_arbiter(&arbiter, move |_| Janitor::new(parts))
        }
    });
    let notary = Arc::new(NotaryParts {
        name: name.to_owned(),
        store: foundation.store.clone(),
        signer: foundation.signer.clone(),
        every: foundation.config.audit.checkpoint_every,
        keep: foundation.config.audit.keep,
        shutdown: foundation.shutdown.clone(),
    });
    let notary = guardian.guard("notary", {
        let arbiter = arbiter.clone();
        move || {
            let parts = Arc::clone(&notary);
            Notary::start_in_arbiter(&arbiter, move |_| Notary::new(parts))
        }
    });
    (janitor, notary)
}

fn job_maker(foundation: &Foundation) -> anyhow::Result<JobMaker> {
    let sealer = EnvelopeSealer::new(Sealer::new(&foundation.ring, Purpose::Queue)?);
    Ok(JobMaker::new(sealer, Arc::clone(&foundation.detectors)))
}

fn originals(foundation: &Foundation) -> anyhow::Result<Originals> {
    let queue = EnvelopeSealer::new(Sealer::new(&foundation.ring, Purpose::Queue)?);
    let database = Sealer::new(&foundation.ring, Purpose::Database)?;
    let keep = foundation.config.privacy.keep_originals;
    Ok(Originals::new(queue, database, keep))
}

/// Scanners in this process, if the queue is in this process too.
#[cfg(feature = "embedded")]
fn start_scanners(
    foundation: &Foundation,
    guardian: &Guardian,
    arbiter: &ArbiterHandle,
) -> anyhow::Result<Option<scanner_node::actors::Node>> {
    use scanner_node::actors::{NodeIdentity, NodeParts, start};
    use scanner_node::limits::NodeLimits;
    use scanner_node::metrics::NodeMetrics;
    use shared::config::QueueBackend;
    use shared::seal::Fingerprinter;

    if foundation.config.queue.backend != QueueBackend::Embedded {
        return Ok(None);
    }
    let limits = NodeLimits {
        max_file_bytes: foundation.config.http.max_upload.0,
        ..NodeLimits::default()
    };
    let sealer = Sealer::new(&foundation.ring, Purpose::Queue)?;
    let parts = NodeParts {
        node: NodeIdentity {
            id: NodeId::fresh(),
            name: "embedded".to_owned(),
        },
        queue: Arc::clone(&foundation.queue),
        sealer: EnvelopeSealer::new(sealer.clone()),
        blob_sealer: sealer,
        fingerprinter: Fingerprinter::new(&foundation.ring)?,
        index_keys: keys::index_keys(&foundation.ring)?,
        detectors: Arc::clone(&foundation.detectors) as _,
        blobs: Arc::new(foundation.blobs.clone()),
        tickets: Arc::new(slack::tickets(foundation)),
        fetcher: slack::fetcher(&foundation.config)?,
        heartbeat: Arc::new(crate::heartbeats::StoredHeartbeats(
            foundation.store.clone(),
        )),
        metrics: Arc::new(NodeMetrics::new(foundation.metrics.clone(), &limits)),
        limits,
        shutdown: foundation.shutdown.clone(),
        clock: Arc::clone(&foundation.clock),
    };
    Ok(Some(start(parts, guardian, arbiter)))
}

/// A build without scanners of its own.
#[cfg(not(feature = "embedded"))]
fn start_scanners(
    foundation: &Foundation,
    _guardian: &Guardian,
    _arbiter: &ArbiterHandle,
) -> anyhow::Result<Option<NoScanners>> {
    use shared::config::QueueBackend;
    anyhow::ensure!(
        foundation.config.queue.backend != QueueBackend::Embedded,
        "this build has no scanners of its own: set WEIR_QUEUE__BACKEND to redis or sqs"
    );
    Ok(None)
}

/// Stands for the node that a build without scanners never has.
#[cfg(not(feature = "embedded"))]
enum NoScanners {}

#[cfg(not(feature = "embedded"))]
impl NoScanners {
    async fn drain(&self, _deadline: std::time::Duration) -> usize {
        match *self {}
    }
}
