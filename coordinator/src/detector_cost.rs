//! What a detector would cost, measured before it is put in force.
//!
//! Owns the clock and the budget. Leaves the texts to `scanner_node::detect::probe`.
//! **Invariant:** a busy machine refuses no good detector: processor time is measured, beside work of a
//! known size that was done in the same moment.

use std::fmt;

use rustix::time::{ClockId, clock_gettime};
use scanner_node::detect::probe::{Probe, reference_work};
use scanner_node::detect::{Engine, Quotes, Scratch};
use shared::content::TextUnit;
use shared::detector::DetectorSpec;

/// What the reference work takes on the machines that the budget was made for.
const REFERENCE_NS_PER_BYTE: f64 = 1.3;
/// A detector that takes longer is refused.
pub const BUDGET_NS_PER_BYTE: f64 = 50.0;
/// One that takes longer is worth a warning.
pub const WARN_NS_PER_BYTE: f64 = 2.0;
/// The same on text that is packed with what it looks for: each hit has to be weighed.
const WARN_NS_PER_OWN_BYTE: f64 = 20.0;
/// Bytes scanned at once, like a long message.
const BLOCK_BYTES: usize = 16 << 10;
/// The best of so many rounds counts: what disturbs one does not disturb all.
const ROUNDS: usize = 3;

/// What a detector costs on the text that is worst for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Processor time, on a machine that does the reference work in 1.3 ns a byte.
    pub ns_per_byte: f64,
    /// On which text.
    pub slowest: Probe,
    /// The text on which it takes more than usual by the largest factor, and what it takes there.
    warning: Option<(Probe, f64)>,
}

impl Cost {
    /// Measures a detector that was compiled alone. Takes a few milliseconds, half a second at worst: keep
    /// it off the reactor.
    pub fn measure(engine: &Engine, spec: &DetectorSpec) -> Self {
        let mut scratch = Scratch::new();
        let costs = Probe::ALL.map(|probe| {
            let blocks = blocks(&probe.text(spec));
            // Fills the caches.
            if let Some(first) = blocks.first() {
                scan(engine, first, &mut scratch);
            }
            let rounds = (0..ROUNDS).map(|_| round(engine, &mut scratch, &blocks));
            Self {
                ns_per_byte: rounds.fold(f64::INFINITY, f64::min),
                slowest: probe,
                warning: None,
            }
        });
        let factor = |cost: &Self| cost.ns_per_byte / usual(cost.slowest);
        let dearest = costs.iter().max_by(|a, b| factor(a).total_cmp(&factor(b)));
        let warning = dearest
            .filter(|cost| factor(cost) > 1.0)
            .map(|cost| (cost.slowest, cost.ns_per_byte));
        let nothing = Self {
            ns_per_byte: 0.0,
            slowest: Probe::Mixed,
            warning,
        };
        let worse = |a: Self, b: Self| {
            let worse = if b.ns_per_byte > a.ns_per_byte { b } else { a };
            Self { warning, ..worse }
        };
        costs.into_iter().fold(nothing, worse)
    }

    /// Over the budget: not to be put in force.
    pub fn is_too_much(self) -> bool {
        self.ns_per_byte > BUDGET_NS_PER_BYTE
    }

    /// Worth a warning.
    pub fn is_much(self) -> bool {
        self.warning.is_some()
    }
}

/// What an ordinary detector stays under.
fn usual(probe: Probe) -> f64 {
    match probe {
        Probe::Own => WARN_NS_PER_OWN_BYTE,
        Probe::Mixed | Probe::Digits => WARN_NS_PER_BYTE,
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (probe, takes) = match self.warning {
            Some(warning) if !self.is_too_much() => warning,
            _ => (self.slowest, self.ns_per_byte),
        };
        write!(
            f,
            "it takes {takes:.1} ns a byte on {}; up to {} are usual and {BUDGET_NS_PER_BYTE} allowed: begin \
             patterns with a fixed text or a word boundary, and count repetitions lower",
            probe.as_str(),
            usual(probe)
        )
    }
}

fn blocks(text: &str) -> Vec<TextUnit> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (block, after) = rest.split_at(rest.floor_char_boundary(BLOCK_BYTES.min(rest.len())));
        blocks.push(TextUnit::plain(block));
        rest = after;
    }
    blocks
}

/// Nanoseconds a byte, in one pass over the blocks. Ends early if it is hopeless.
fn round(engine: &Engine, scratch: &mut Scratch, blocks: &[TextUnit]) -> f64 {
    let (mut work, mut reference) = (0.0, 0.0);
    for block in blocks {
        let began = processor_ns();
        std::hint::black_box(reference_work(block.text.as_bytes()));
        let between = processor_ns();
        scan(engine, block, scratch);
        reference += between - began;
        work += processor_ns() - between;
        if work > 20.0 * BUDGET_NS_PER_BYTE * reference {
            break;
        }
    }
    if reference > 0.0 {
        work / reference * REFERENCE_NS_PER_BYTE
    } else {
        0.0
    }
}

fn scan(engine: &Engine, block: &TextUnit, scratch: &mut Scratch) {
    let mut quotes = Quotes::default();
    std::hint::black_box(engine.scan_part(block, 0..block.text.len(), scratch, &mut quotes));
    std::hint::black_box(quotes);
}

/// Processor time of this thread, in nanoseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "a thread would have to run for a hundred days to lose a nanosecond"
)]
fn processor_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

#[cfg(test)]
mod tests {
    use scanner_node::detect::admit;
    use serde_json::json;

    use super::*;

    fn cost_of(pattern: &str) -> Cost {
        let spec: DetectorSpec = serde_json::from_value(json!({
            "id": "a", "name": "A", "info_type": "A", "patterns": [pattern],
            "likelihood": "LIKELY", "severity": "LOW",
        }))
        .unwrap();
        Cost::measure(&admit(&spec).unwrap(), &spec)
    }

    #[test]
    fn an_ordinary_detector_is_far_within_the_budget_and_a_greedy_one_costs_more() {
        let ordinary = cost_of(r"\bEMP-\d{6}\b");
        assert!(!ordinary.is_too_much(), "{ordinary}");
        let greedy = cost_of(r"[^\n]{0,500}secret[^\n]{0,500}");
        assert!(greedy.is_much(), "{greedy}");
        assert!(greedy.ns_per_byte > 2.0 * ordinary.ns_per_byte);
    }
}
