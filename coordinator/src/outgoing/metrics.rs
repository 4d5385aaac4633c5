//! What is counted of letters and calls.
//!
//! Owns the metrics; their names are in `shared::telemetry::names`.
//! **Invariant:** labels come from the sets below: no address, host or name of a webhook.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use shared::telemetry::Metrics;
use shared::telemetry::names::{label, metric};

use super::Settlement;
use crate::store::outbox::Attempt;
use crate::store::webhooks::DisabledReason;

/// Up to the longest that a mail server or an endpoint is waited for.
const SECONDS: [f64; 12] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0,
];

type Label = (&'static str, &'static str);

/// What goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A letter.
    Mail,
    /// A call of a webhook.
    Webhook,
}

/// Counts letters and calls. Clones are the same.
#[derive(Clone, Debug)]
pub struct DeliveryMetrics {
    settled: Family<[Label; 2], Counter>,
    seconds: Family<[Label; 1], Histogram, fn() -> Histogram>,
    disabled: Family<[Label; 1], Counter>,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }
}

impl DeliveryMetrics {
    /// Counts into the metrics of a process; once for each process.
    pub fn new(all: &Metrics) -> Self {
        let metrics = Self {
            settled: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            disabled: Family::default(),
        };
        let mine = metrics.clone();
        all.register(|registry| {
            let help = "Letters and calls of webhooks that were sent, put off or given up";
            registry.register(metric::DELIVERIES, help, mine.settled);
            let help = "How long a letter or a call took";
            registry.register(metric::DELIVERY_SECONDS, help, mine.seconds);
            let help = "Webhooks that are not called any more because they failed";
            registry.register(metric::WEBHOOKS_DISABLED, help, mine.disabled);
        });
        metrics
    }

    /// Counts something that is settled: `sent`, `retried` if it is tried again, `failed` if it is given up.
    pub fn settled(&self, kind: Kind, settlement: &Settlement) {
        let outcome = match settlement.attempt() {
            Attempt::Done => "sent",
            Attempt::Later { .. } | Attempt::PutOff { .. } => "retried",
            Attempt::Failed { .. } => "failed",
        };
        let labels = [(label::KIND, kind.as_str()), (label::OUTCOME, outcome)];
        self.settled.get_or_create(&labels).inc();
    }

    /// Notes how long an attempt took, however it ended.
    pub fn took(&self, kind: Kind, time: Duration) {
        let labels = [(label::KIND, kind.as_str())];
        self.seconds
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
    }

    /// Counts a webhook that is not called any more.
    pub fn disabled(&self, reason: DisabledReason) {
        let labels = [(label::REASON, reason.as_str())];
        self.disabled.get_or_create(&labels).inc();
    }
}
