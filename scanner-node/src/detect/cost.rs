//! What each detector costs while it runs.
//!
//! Owns the counts of one thread's scans. Leaves the clock to the caller: without one, nothing is timed.
//! **Invariant:** detectors that come with Weir are never timed, so that knowing the cost costs nothing.

use std::fmt;

use shared::detector::{DetectorSpec, Origin};

use super::compile::Engine;
use super::scratch::Scratch;

/// What a detector took since it was asked last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Values that were weighed.
    pub candidates: u64,
    /// Time in its patterns, if it is an admin's and there is a clock.
    pub nanoseconds: u64,
}

/// The counts of all detectors.
#[derive(Default)]
pub(super) struct Costs {
    of: Vec<Spent>,
    /// Those that are not zero.
    touched: Vec<usize>,
    clock: Option<fn() -> u64>,
}

impl Costs {
    /// Forgets what was not asked for, and makes room for so many detectors.
    pub(super) fn fit(&mut self, detectors: usize) {
        self.touched.clear();
        self.of.clear();
        self.of.resize(detectors, Spent::default());
    }

    pub(super) fn candidate(&mut self, detector: usize) {
        self.add(detector, 1, 0);
    }

    /// What time it is, if anybody wants to know.
    pub(super) fn now(&self) -> Option<u64> {
        self.clock.map(|clock| clock())
    }

    /// Adds the time since `began`.
    pub(super) fn took(&mut self, detector: usize, began: u64) {
        if let Some(now) = self.now() {
            self.add(detector, 0, now.saturating_sub(began));
        }
    }

    fn add(&mut self, detector: usize, candidates: u64, nanoseconds: u64) {
        let Some(spent) = self.of.get_mut(detector) else {
            return;
        };
        if *spent == Spent::default() {
            self.touched.push(detector);
        }
        spent.candidates += candidates;
        spent.nanoseconds += nanoseconds;
    }
}

impl Scratch {
    /// Empty, and able to time detectors of admins: `clock` gives nanoseconds that only grow.
    pub fn with_clock(clock: fn() -> u64) -> Self {
        let mut scratch = Self::new();
        scratch.costs.clock = Some(clock);
        scratch
    }

    /// Tells what every detector of `engine` took since the last time, and forgets it. Says nothing after a
    /// scan with another engine.
    pub fn tell_costs(&mut self, engine: &Engine, mut tell: impl FnMut(&DetectorSpec, Spent)) {
        if !self.is_of(engine) {
            return;
        }
        for index in self.costs.touched.drain(..) {
            let spent = self.costs.of.get_mut(index).map(std::mem::take);
            if let Some((spent, detector)) = spent.zip(engine.detectors.get(index)) {
                tell(&detector.spec, spent);
            }
        }
    }
}

/// Whether each pattern's detector is an admin's.
pub(super) fn of_admins(
    engine_patterns: &[super::compile::Pattern],
    specs: &[DetectorSpec],
) -> Vec<bool> {
    let custom = |pattern: &super::compile::Pattern| {
        let spec = specs.get(pattern.detector);
        spec.is_some_and(|spec| spec.origin == Origin::Custom)
    };
    if specs.iter().all(|spec| spec.origin == Origin::Builtin) {
        return Vec::new();
    }
    engine_patterns.iter().map(custom).collect()
}

impl fmt::Debug for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Costs").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use serde_json::json;
    use shared::content::TextUnit;
    use shared::detector::DetectorSet;

    use super::*;

    fn ticking() -> u64 {
        static NOW: AtomicU64 = AtomicU64::new(0);
        NOW.fetch_add(10, Ordering::Relaxed)
    }

    #[test]
    fn candidates_are_counted_and_only_an_admin_s_detector_is_timed() {
        let spec = |id: &str, pattern: &str, origin: &str| -> DetectorSpec {
            serde_json::from_value(json!({
                "id": id, "name": id, "info_type": "A", "patterns": [pattern], "origin": origin,
                "likelihood": "LIKELY", "severity": "LOW",
            }))
            .unwrap()
        };
        let set = DetectorSet::of([
            spec("ours", "xy[0-9]", "builtin"),
            spec("theirs", "pq[0-9]", "custom"),
        ]);
        let engine = Engine::compile(&set.unwrap()).unwrap();
        let mut scratch = Scratch::with_clock(ticking);
        engine.scan(&TextUnit::plain("xy1 xy2 pq3 pq"), &mut scratch);
        let mut told = Vec::new();
        scratch.tell_costs(&engine, |spec, spent| {
            told.push((spec.id.to_string(), spent));
        });
        told.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(told[0].1.candidates, 2);
        assert_eq!(told[0].1.nanoseconds, 0);
        assert_eq!(told[1].0, "theirs");
        assert_eq!(told[1].1.candidates, 1);
        assert!(told[1].1.nanoseconds >= 10);
        scratch.tell_costs(&engine, |spec, _| panic!("{} told twice", spec.id));
    }
}
