//! What is counted of deeds in Slack.
//!
//! Owns the metrics; their names are in `shared::telemetry::names`.
//! **Invariant:** labels come from closed sets: no channel, no person.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use shared::telemetry::Metrics;
use shared::telemetry::names::{label, metric};

use crate::domain::block::Strategy;
use crate::outgoing::Settlement;
use crate::store::held::HeldState;
use crate::store::outbox::Attempt;

/// Around the objective, and up to what a person would call never.
const SECONDS: [f64; 14] = [
    0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0,
];

type Label = (&'static str, String);

/// Counts deeds in Slack. Clones are the same.
#[derive(Clone, Debug)]
pub struct EnforcementMetrics {
    deeds: Family<[Label; 2], Counter>,
    ended: Family<[Label; 1], Counter>,
    seconds: Family<[Label; 1], Histogram, fn() -> Histogram>,
    within: Family<[Label; 1], Counter>,
    objective: Duration,
}

impl EnforcementMetrics {
    /// Counts into the metrics of a process; once for each process. A leak should be gone within `objective`.
    pub fn new(all: &Metrics, objective: Duration) -> Self {
        let metrics = Self {
            deeds: Family::default(),
            ended: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            within: Family::default(),
            objective,
        };
        let mine = metrics.clone();
        let aim: Gauge<f64, std::sync::atomic::AtomicU64> = Gauge::default();
        aim.set(objective.as_secs_f64());
        all.register(|registry| {
            let help = "Deeds in Slack that were done, put off or given up";
            registry.register(metric::SLACK_DEEDS, help, mine.deeds);
            let help = "Messages that a policy wanted blocked, and what became of them";
            registry.register(metric::BLOCKS, help, mine.ended);
            let help = "From when a leak was written until it was gone";
            registry.register(metric::TIME_TO_BLOCK_SECONDS, help, mine.seconds);
            let help = "Leaks that were gone, by whether it was in time";
            registry.register(metric::BLOCKS_IN_TIME, help, mine.within);
            let help = "How soon a leak should be gone";
            registry.register(metric::TIME_TO_BLOCK_OBJECTIVE_SECONDS, help, aim);
        });
        metrics
    }

    /// Counts a row that was carried out: `done`, `retried` if it is tried again, `failed` if it is given up.
    pub(super) fn settled(&self, settlement: &Settlement) {
        let outcome = match settlement.attempt() {
            Attempt::Done => "done",
            Attempt::Later { .. } => "retried",
            Attempt::PutOff { .. } => "put_off",
            Attempt::Failed { .. } => "failed",
        };
        let labels = [
            (label::KIND, settlement.action.kind.clone()),
            (label::OUTCOME, outcome.to_owned()),
        ];
        self.deeds.get_or_create(&labels).inc();
    }

    /// Counts what became of a message.
    pub(super) fn ended(&self, state: HeldState) {
        let labels = [(label::OUTCOME, state.as_str().to_owned())];
        self.ended.get_or_create(&labels).inc();
    }

    /// Notes how long a leak could be read.
    pub(super) fn blocked(&self, strategy: Strategy, exposed: Duration) {
        let labels = [(label::STRATEGY, strategy.as_str().to_owned())];
        self.seconds
            .get_or_create(&labels)
            .observe(exposed.as_secs_f64());
        let in_time = if exposed <= self.objective {
            "yes"
        } else {
            "no"
        };
        let labels = [(label::IN_TIME, in_time.to_owned())];
        self.within.get_or_create(&labels).inc();
    }
}
