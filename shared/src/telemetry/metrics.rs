//! The metrics both processes share, and how they are written out.
//!
//! Owns the registry and the groups of metrics. Metrics that only one crate knows are registered by it
//! ([`Metrics::register`]).
//! **Invariant:** labels take words from fixed sets only: nothing a user or a workspace can make up. The
//! exception is the id of a detector, which an admin chose; there are never more of them than are allowed.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

use super::names::{label, metric};
use crate::ids::DetectorId;
use crate::job::{FailureReason, JobClass};
use crate::queue::{Depth, Stream};

/// Buckets that OpenTelemetry's conventions give for `messaging.process.duration`, in seconds.
const DURATION_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

type Label = (&'static str, &'static str);
type Labelled<const N: usize, M, C = fn() -> M> = Family<[Label; N], M, C>;
type Seconds = Gauge<f64, AtomicU64>;

/// All metrics of a process. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<RwLock<Registry>>,
    /// The queue.
    pub queue: QueueMetrics,
    /// Jobs and results.
    pub jobs: JobMetrics,
    /// What comes in.
    pub intake: IntakeMetrics,
    /// Scanning.
    pub scanner: ScannerMetrics,
    /// Actors.
    pub actors: ActorMetrics,
}

/// How full the queue is.
#[derive(Clone, Debug, Default)]
pub struct QueueMetrics {
    depth: Labelled<1, Gauge>,
    in_flight: Labelled<1, Gauge>,
    oldest_age: Labelled<1, Seconds>,
    dlq_size: Gauge,
    epoch_changes: Counter,
}

/// What becomes of jobs.
#[derive(Clone, Debug)]
pub struct JobMetrics {
    open: Labelled<1, Gauge>,
    enqueued: Labelled<1, Counter>,
    redispatched: Labelled<1, Counter>,
    duplicate_results: Counter,
    dead: Labelled<1, Counter>,
    duration: Labelled<2, Histogram>,
    commit_rows: Labelled<1, Histogram>,
}

/// What becomes of events.
#[derive(Clone, Debug, Default)]
pub struct IntakeMetrics {
    events: Labelled<1, Counter>,
    unknown: Counter,
    repaired: Counter,
}

/// How busy a scanner is.
#[derive(Clone, Debug, Default)]
pub struct ScannerMetrics {
    slots: Labelled<1, Gauge>,
    scanned_bytes: Counter,
    detectors: DetectorMetrics,
}

/// What detectors cost.
#[derive(Clone, Debug, Default)]
struct DetectorMetrics {
    candidates: Family<DetectorLabel, Counter>,
    seconds: Family<DetectorLabel, Counter<f64, AtomicU64>>,
    /// The ids that are labels already.
    known: Arc<RwLock<BTreeSet<DetectorId>>>,
}

type DetectorLabel = [(&'static str, String); 1];

/// Most detectors that are counted by name: all of a set, with room for those that came and went.
const MAX_DETECTOR_LABELS: usize = 3_000;
/// What the others are counted as.
const OTHER_DETECTORS: &str = "other";

/// How actors fare.
#[derive(Clone, Debug, Default)]
pub struct ActorMetrics {
    restarts: Labelled<1, Counter>,
    refused: Labelled<1, Counter>,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// The word, as written in metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    )+};
}

words! {
    /// A part of a job's life.
    JobStage {
        /// From the making of the job to the begin of its scan.
        Wait = "wait",
        /// The scan.
        Scan = "scan",
        /// From the end of the scan to the commit of its result.
        Commit = "commit",
    }
    /// Why a job was published again.
    RedispatchReason {
        /// It had no result in time.
        Overdue = "overdue",
        /// There was no room when it was made.
        Deferred = "deferred",
        /// The queue lost its memory.
        Epoch = "epoch",
    }
    /// What became of an event.
    IntakeOutcome {
        /// Committed.
        Accepted = "accepted",
        /// Seen before.
        Duplicate = "duplicate",
        /// Nothing in it to scan.
        Ignored = "ignored",
        /// Its signature or shape was wrong.
        Rejected = "rejected",
        /// Answered with 503: no room, or no database.
        Unavailable = "unavailable",
    }
}

impl Metrics {
    /// Makes the registry with the metrics of this module.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let metrics = (
            QueueMetrics::default(),
            JobMetrics::default(),
            IntakeMetrics::default(),
            ScannerMetrics::default(),
            ActorMetrics::default(),
        );
        metrics.0.register(&mut registry);
        metrics.1.register(&mut registry);
        metrics.2.register(&mut registry);
        metrics.3.register(&mut registry);
        metrics.4.register(&mut registry);
        let (queue, jobs, intake, scanner, actors) = metrics;
        Self {
            registry: Arc::new(RwLock::new(registry)),
            queue,
            jobs,
            intake,
            scanner,
            actors,
        }
    }

    /// Lets a crate register metrics of its own.
    pub fn register(&self, register: impl FnOnce(&mut Registry)) {
        register(
            &mut self
                .registry
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// All metrics as `OpenMetrics` text: serve it as
    /// `application/openmetrics-text; version=1.0.0; charset=utf-8`.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
        if encode(&mut text, &registry).is_err() {
            tracing::error!("metrics could not be written");
        }
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl QueueMetrics {
    /// Notes how full a stream is. Dead letters are counted over all streams.
    pub fn observe(&self, stream: Stream, depth: &Depth) {
        let labels = [(label::STREAM, stream.name())];
        self.depth.get_or_create(&labels).set(whole(depth.waiting));
        self.in_flight
            .get_or_create(&labels)
            .set(whole(depth.in_flight));
        if let Some(oldest) = depth.oldest {
            self.oldest(stream, oldest);
        }
        self.dlq_size.set(whole(depth.dead_letters));
    }

    /// Notes the age of the oldest open job: from the database, so that it is true after the queue lost its
    /// memory.
    pub fn oldest(&self, stream: Stream, age: Duration) {
        self.oldest_age
            .get_or_create(&[(label::STREAM, stream.name())])
            .set(age.as_secs_f64());
    }

    /// Counts a change of the epoch.
    pub fn epoch_changed(&self) {
        self.epoch_changes.inc();
    }

    fn register(&self, to: &mut Registry) {
        to.register(
            metric::QUEUE_DEPTH,
            "Entries nobody holds",
            self.depth.clone(),
        );
        to.register(
            metric::QUEUE_IN_FLIGHT,
            "Entries somebody holds",
            self.in_flight.clone(),
        );
        to.register(
            metric::QUEUE_OLDEST_AGE_SECONDS,
            "Age of the oldest entry",
            self.oldest_age.clone(),
        );
        to.register(metric::DLQ_SIZE, "Entries set aside", self.dlq_size.clone());
        to.register(
            metric::QUEUE_EPOCH_CHANGES,
            "How often the queue lost its memory",
            self.epoch_changes.clone(),
        );
    }
}

impl JobMetrics {
    /// Notes how many jobs are open in a state, a word from a fixed set.
    pub fn set_open(&self, state: &'static str, jobs: u64) {
        self.open
            .get_or_create(&[(label::STATE, state)])
            .set(whole(jobs));
    }

    /// Counts jobs published for the first time.
    pub fn enqueued(&self, class: JobClass, jobs: u64) {
        self.enqueued
            .get_or_create(&[(label::CLASS, class.as_str())])
            .inc_by(jobs);
    }

    /// Counts jobs published again.
    pub fn redispatched(&self, reason: RedispatchReason, jobs: u64) {
        self.redispatched
            .get_or_create(&[(label::REASON, reason.as_str())])
            .inc_by(jobs);
    }

    /// Counts results that came after another.
    pub fn duplicate_results(&self, results: u64) {
        self.duplicate_results.inc_by(results);
    }

    /// Counts a job that ended without a scan.
    pub fn died(&self, reason: FailureReason) {
        self.dead
            .get_or_create(&[(label::REASON, reason.as_str())])
            .inc();
    }

    /// Notes how long a part of a job's life took.
    pub fn took(&self, stage: JobStage, class: JobClass, time: Duration) {
        let labels = [
            (label::STAGE, stage.as_str()),
            (label::CLASS, class.as_str()),
        ];
        self.duration
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
    }

    /// Notes how many rows one transaction took. `lane` is a word from a fixed set.
    pub fn committed(&self, lane: &'static str, rows: usize) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.commit_rows
            .get_or_create(&[(label::LANE, lane)])
            .observe(f64::from(rows));
    }

    fn register(&self, to: &mut Registry) {
        to.register(
            metric::JOBS_OPEN,
            "Jobs without a result",
            self.open.clone(),
        );
        to.register(
            metric::JOBS_ENQUEUED,
            "Jobs published for the first time",
            self.enqueued.clone(),
        );
        to.register(
            metric::JOBS_REDISPATCHED,
            "Jobs published again",
            self.redispatched.clone(),
        );
        to.register(
            metric::JOBS_DUPLICATE_RESULTS,
            "Results for jobs that had one",
            self.duplicate_results.clone(),
        );
        to.register(
            metric::JOBS_DEAD,
            "Jobs that ended without a scan",
            self.dead.clone(),
        );
        to.register(
            metric::JOB_DURATION_SECONDS,
            "Time of a job by stage",
            self.duration.clone(),
        );
        to.register(
            metric::COMMIT_BATCH_ROWS,
            "Rows of one transaction",
            self.commit_rows.clone(),
        );
    }
}

impl Default for JobMetrics {
    fn default() -> Self {
        Self {
            open: Family::default(),
            enqueued: Family::default(),
            redispatched: Family::default(),
            duplicate_results: Counter::default(),
            dead: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(DURATION_BUCKETS)),
            commit_rows: Family::new_with_constructor(|| Histogram::new(BATCH_BUCKETS)),
        }
    }
}

impl IntakeMetrics {
    /// Counts events.
    pub fn events(&self, outcome: IntakeOutcome, events: u64) {
        self.events
            .get_or_create(&[(label::OUTCOME, outcome.as_str())])
            .inc_by(events);
    }

    /// Counts an event of a kind that is not known.
    pub fn unknown_event(&self) {
        self.unknown.inc();
    }

    /// Counts an event whose body had to be repaired before it could be read.
    pub fn repaired_event(&self) {
        self.repaired.inc();
    }

    fn register(&self, to: &mut Registry) {
        to.register(
            metric::INTAKE_EVENTS,
            "Events taken in",
            self.events.clone(),
        );
        to.register(
            metric::INTAKE_UNKNOWN_EVENTS,
            "Events of an unknown kind",
            self.unknown.clone(),
        );
        to.register(
            metric::INTAKE_REPAIRED_EVENTS,
            "Events with bytes that are no text",
            self.repaired.clone(),
        );
    }
}

impl ScannerMetrics {
    /// Notes how many slots are busy, of how many.
    pub fn slots(&self, busy: usize, total: usize) {
        let set = |state, slots: usize| {
            let slots = i64::try_from(slots).unwrap_or(i64::MAX);
            self.slots
                .get_or_create(&[(label::STATE, state)])
                .set(slots);
        };
        set("busy", busy);
        set("free", total.saturating_sub(busy));
    }

    /// Counts bytes of text.
    pub fn scanned(&self, bytes: u64) {
        self.scanned_bytes.inc_by(bytes);
    }

    /// Counts what a detector weighed, and the time it took if that was measured.
    pub fn detector_ran(&self, detector: &DetectorId, candidates: u64, time: Duration) {
        let labels = self.detectors.label_of(detector);
        self.detectors
            .candidates
            .get_or_create(&labels)
            .inc_by(candidates);
        if !time.is_zero() {
            let seconds = self.detectors.seconds.get_or_create(&labels);
            seconds.inc_by(time.as_secs_f64());
        }
    }

    fn register(&self, to: &mut Registry) {
        to.register(
            metric::SCANNER_SLOTS,
            "Slots of the scanner",
            self.slots.clone(),
        );
        to.register(
            metric::SCANNED_BYTES,
            "Bytes of text scanned",
            self.scanned_bytes.clone(),
        );
        to.register(
            metric::DETECTOR_CANDIDATES,
            "Values that a detector weighed",
            self.detectors.candidates.clone(),
        );
        to.register(
            metric::DETECTOR_SECONDS,
            "Time in the patterns of an admin's detector",
            self.detectors.seconds.clone(),
        );
    }
}

impl DetectorMetrics {
    fn label_of(&self, detector: &DetectorId) -> DetectorLabel {
        let name = if self.is_counted(detector) {
            detector.as_str()
        } else {
            OTHER_DETECTORS
        };
        [(label::DETECTOR, name.to_owned())]
    }

    fn is_counted(&self, detector: &DetectorId) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.contains(detector) {
            return true;
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.len() < MAX_DETECTOR_LABELS && known.insert(detector.clone())
    }
}

impl ActorMetrics {
    /// An actor is watched from now on: its restarts are 0, not unknown, until it dies.
    pub fn guarded(&self, actor: &'static str) {
        drop(self.restarts.get_or_create(&[(label::ACTOR, actor)]));
    }

    /// Counts an actor that was built again.
    pub fn restarted(&self, actor: &'static str) {
        self.restarts.get_or_create(&[(label::ACTOR, actor)]).inc();
    }

    /// Counts a message that a full mailbox refused.
    pub fn refused(&self, actor: &'static str) {
        self.refused.get_or_create(&[(label::ACTOR, actor)]).inc();
    }

    fn register(&self, to: &mut Registry) {
        to.register(
            metric::ACTOR_RESTARTS,
            "Actors built again",
            self.restarts.clone(),
        );
        to.register(
            metric::ACTOR_MAILBOX_REFUSED,
            "Messages that a full mailbox refused",
            self.refused.clone(),
        );
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detectors_are_counted_by_name_up_to_a_bound() {
        let metrics = Metrics::new();
        for n in 0..MAX_DETECTOR_LABELS + 10 {
            let id = DetectorId::new(format!("d{n}"));
            metrics
                .scanner
                .detector_ran(&id, 2, Duration::from_millis(500));
        }
        let text = metrics.encode();
        assert!(text.contains("weir_detector_candidates_total{detector=\"d0\"} 2"));
        assert!(text.contains("weir_detector_candidates_total{detector=\"other\"} 20"));
        assert!(text.contains("weir_detector_seconds_total{detector=\"d0\"} 0.5"));
    }

    #[test]
    fn counters_end_in_total_and_every_name_has_the_prefix() {
        let metrics = Metrics::new();
        metrics.jobs.enqueued(JobClass::Message, 3);
        metrics
            .jobs
            .took(JobStage::Scan, JobClass::File, Duration::from_millis(30));
        metrics.queue.observe(
            Stream::Files,
            &Depth {
                waiting: 7,
                oldest: Some(Duration::from_millis(1_500)),
                ..Depth::default()
            },
        );
        let text = metrics.encode();
        assert!(
            text.contains("weir_jobs_enqueued_total{class=\"message\"} 3\n"),
            "{text}"
        );
        assert!(text.contains("weir_queue_depth{stream=\"jobs:files\"} 7\n"));
        assert!(text.contains("weir_queue_oldest_age_seconds{stream=\"jobs:files\"} 1.5\n"));
        assert!(
            text.contains(
                "weir_job_duration_seconds_bucket{le=\"0.05\",stage=\"scan\",class=\"file\"} 1\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
        let mut names = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        assert!(names.all(|name| name.starts_with("weir_") && !name.contains("_total")));
    }

    #[test]
    fn a_crate_can_add_metrics_of_its_own() {
        let metrics = Metrics::new();
        let own = Counter::<u64>::default();
        metrics.register(|registry| registry.register("weir_own", "Own", own.clone()));
        own.inc();
        assert!(metrics.encode().contains("weir_own_total 1\n"));
    }

    #[test]
    fn clones_count_together() {
        let metrics = Metrics::new();
        metrics.clone().intake.events(IntakeOutcome::Accepted, 2);
        assert!(
            metrics
                .encode()
                .contains("weir_intake_events_total{outcome=\"accepted\"} 2\n")
        );
    }
}
