//! Processor time, memory and medians.
//!
//! Owns the clock of a measurement. **Invariant:** only the processor time of the measuring thread
//! counts, whatever else the machine does.

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use shared::content::TextUnit;

/// Units between two looks at the clock.
const STRIDE: usize = 64;

/// How fast something was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Speed {
    /// Megabytes per second.
    pub(crate) rate: f64,
    /// It took too long and did not see all units.
    pub(crate) is_cut: bool,
}

impl Speed {
    /// Lets `scan` see the units, until it has used `seconds`.
    pub(crate) fn of(
        units: &[TextUnit],
        seconds: f64,
        mut scan: impl FnMut(&TextUnit) -> usize,
    ) -> Self {
        let started = processor_time();
        let mut bytes = 0;
        let mut hits = 0_usize;
        let mut spent = 0.0;
        // A piece of a file takes as long as hundreds of messages.
        for units in units.chunks(STRIDE) {
            for unit in units {
                hits = hits.wrapping_add(scan(black_box(unit)));
                bytes += unit.text.len();
                if unit.text.len() > 4_096 {
                    spent = seconds_since(started);
                    if spent > seconds {
                        break;
                    }
                }
            }
            spent = seconds_since(started);
            if spent > seconds {
                break;
            }
        }
        black_box(hits);
        let all: usize = units.iter().map(|unit| unit.text.len()).sum();
        Self {
            rate: megabytes(bytes) / spent.max(1e-9),
            is_cut: bytes < all,
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_cut { "~" } else { "" };
        let decimals = usize::from(self.rate < 100.0);
        f.pad(&format!("{mark}{:.decimals$}", self.rate))
    }
}

/// The middle one.
pub(crate) fn median(speeds: &[Speed]) -> Speed {
    let mut speeds = speeds.to_vec();
    speeds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    speeds.get(speeds.len() / 2).copied().unwrap_or_default()
}

/// What this thread has used of a processor.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

pub(crate) fn seconds_since(started: Duration) -> f64 {
    processor_time().saturating_sub(started).as_secs_f64()
}

/// Resident memory in megabytes; none where there is no `/proc`.
pub(crate) fn resident_megabytes() -> Option<f64> {
    memory("VmRSS:")
}

/// The most that was ever resident, likewise.
pub(crate) fn peak_megabytes() -> Option<f64> {
    memory("VmHWM:")
}

fn memory(what: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}

pub(crate) fn megabytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6
}
