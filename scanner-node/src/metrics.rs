//! What a node counts.
//!
//! Owns the node's running totals and feeds the metrics that both processes share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use shared::ids::DetectorId;
use shared::job::{FailureReason, JobClass};
use shared::telemetry::{JobStage, Metrics};

use crate::detect::Spent;
use crate::limits::NodeLimits;

/// A node's counts.
#[derive(Debug)]
pub struct NodeMetrics {
    shared: Metrics,
    total_slots: usize,
    busy: AtomicUsize,
    answered: AtomicU64,
    failed: AtomicU64,
}

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs answered, the failed ones included.
    pub answered: u64,
    /// Jobs failed for good.
    pub failed: u64,
}

impl NodeMetrics {
    /// Counts into `shared`.
    pub fn new(shared: Metrics, limits: &NodeLimits) -> Self {
        let slots = limits.message_batches.saturating_add(limits.files);
        let metrics = Self {
            shared,
            total_slots: usize::try_from(slots).unwrap_or(usize::MAX),
            busy: AtomicUsize::new(0),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        };
        metrics.shared.scanner.slots(0, metrics.total_slots);
        metrics
    }

    /// The metrics both processes share.
    pub const fn shared(&self) -> &Metrics {
        &self.shared
    }

    /// Totals since the start.
    pub fn counts(&self) -> Counts {
        Counts {
            answered: self.answered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Counts what a detector took.
    pub(crate) fn detector_ran(&self, detector: &DetectorId, spent: Spent) {
        let time = Duration::from_nanos(spent.nanoseconds);
        let scanner = &self.shared.scanner;
        scanner.detector_ran(detector, spent.candidates, time);
    }

    /// A batch takes a slot until the guard is dropped.
    pub(crate) fn busy(&self) -> Busy<'_> {
        let busy = self.busy.fetch_add(1, Ordering::Relaxed) + 1;
        self.shared.scanner.slots(busy, self.total_slots);
        Busy(self)
    }

    pub(crate) fn answered(&self, answers: usize) {
        self.answered.fetch_add(answers as u64, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self, reason: FailureReason) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.shared.jobs.died(reason);
    }

    pub(crate) fn scanned(&self, class: JobClass, bytes: u64, took: Duration) {
        self.shared.scanner.scanned(bytes);
        self.shared.jobs.took(JobStage::Scan, class, took);
    }
}

/// A slot in use.
pub(crate) struct Busy<'a>(&'a NodeMetrics);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let busy = self
            .0
            .busy
            .fetch_sub(1, Ordering::Relaxed)
            .saturating_sub(1);
        self.0.shared.scanner.slots(busy, self.0.total_slots);
    }
}
