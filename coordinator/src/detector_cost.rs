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
use shared::detector::{DetectorSet, DetectorSpec};

/// What the reference work takes on the machines that the budget was made for.
const REFERENCE_NS_PER_BYTE: f64 = 1.3;
/// A detector that takes longer is refused.
pub const BUDGET_NS_PER_BYTE: f64 = 50.0;
/// One that takes longer is worth a warning.
pub const WARN_NS_PER_BYTE: f64 = 2.0;
/// The same on text that is packed with what it looks for: what is refused has to be weighed too.
const WARN_NS_PER_OWN_BYTE: f64 = 20.0;
/// What a finding takes, whatever found it: no fault of the detector, of which this text is full.
const NS_PER_FINDING: f64 = 500.0;
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
        // What every engine takes is no cost of the detector.
        let none = DetectorSet::of([]).ok();
        let bare = none.and_then(|none| Engine::compile(&none).ok());
        let engines = [Some(engine), bare.as_ref()];
        let mut scratch = [Scratch::new(), Scratch::new()];
        let costs = Probe::ALL.map(|probe| {
            let blocks = blocks(&probe.text(spec));
            // Fills the caches.
            round(engines, &mut scratch, blocks.get(..1).unwrap_or_default());
            let rounds = (0..ROUNDS).map(|_| round(engines, &mut scratch, &blocks));
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
fn round(
    [engine, bare]: [Option<&Engine>; 2],
    scratch: &mut [Scratch; 2],
    blocks: &[TextUnit],
) -> f64 {
    let [scratch, of_bare] = scratch;
    let mut taken = Taken::default();
    for block in blocks {
        let began = processor_ns();
        std::hint::black_box(reference_work(block.text.as_bytes()));
        let referred = processor_ns();
        scan(bare, block, of_bare);
        let passed = processor_ns();
        taken.findings += scan(engine, block, scratch);
        let ended = processor_ns();
        taken.reference += referred - began;
        taken.work += (ended - passed) - (passed - referred);
        taken.bytes += block.text.len();
        if taken.work > 20.0 * BUDGET_NS_PER_BYTE * taken.reference {
            break;
        }
    }
    taken.ns_per_byte()
}

/// What a round took.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// Processor time of the reference work, in nanoseconds.
    reference: f64,
    /// The same of the detector: beyond what an engine takes that looks for nothing.
    work: f64,
    bytes: usize,
    findings: usize,
}

impl Taken {
    #[expect(
        clippy::cast_precision_loss,
        reason = "both are below a million: a text for trying is small"
    )]
    fn ns_per_byte(self) -> f64 {
        if self.reference <= 0.0 {
            return 0.0;
        }
        let reporting = NS_PER_FINDING * self.findings as f64 / self.bytes as f64;
        (self.work / self.reference * REFERENCE_NS_PER_BYTE - reporting).max(0.0)
    }
}

/// How many findings there are in a block.
fn scan(engine: Option<&Engine>, block: &TextUnit, scratch: &mut Scratch) -> usize {
    let Some(engine) = engine else { return 0 };
    let mut quotes = Quotes::default();
    let scan = engine.scan_part(block, 0..block.text.len(), scratch, &mut quotes);
    std::hint::black_box(quotes);
    scan.matches.len()
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
    fn findings_of_which_a_text_is_full_are_no_fault_of_the_detector() {
        let taken = Taken {
            reference: 1_300.0,
            work: 70_000.0,
            bytes: 1_000,
            findings: 0,
        };
        assert!(taken.ns_per_byte() > BUDGET_NS_PER_BYTE);
        let findings = 125;
        assert!((Taken { findings, ..taken }.ns_per_byte() - 7.5).abs() < 0.01);
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
