//! How long to gather before a commit.
//!
//! Owns one trade: a commit costs a few milliseconds whether it carries one row or five hundred. When
//! events are rare, waiting gains nothing; when they are frequent, a short wait lets one commit carry
//! many. Sources: an fsync costs about 4 ms on common disks, and 50 rows a commit are 40 times 1.

use std::time::Duration;

/// Gathers this many before a commit if it can.
const WANTED: u32 = 64;
/// Longest wait; with [`WANTED`] it gathers from 2 000 events a second up.
const LONGEST: Duration = Duration::from_millis(32);
/// Wait when events are rare: only what arrives in the same instant shares a commit.
const SHORTEST: Duration = Duration::from_millis(1);
/// Below this many expected in [`LONGEST`], 1 000 a second, events count as rare: the commits under way
/// gather enough by themselves, and a wait would only be added to every answer.
const RARE: f64 = 32.0;
/// Weight of the newest interval in the running rate.
const SMOOTHING: f64 = 0.3;

/// The rate of arrivals, and the wait that follows from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    per_second: f64,
}

impl Pace {
    /// Learns that `count` arrived within `elapsed`.
    pub fn learn(&mut self, count: usize, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64().max(0.000_5);
        let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        self.per_second += SMOOTHING * (count / seconds - self.per_second);
    }

    /// How long to gather now.
    pub fn wait(&self) -> Duration {
        if self.per_second * LONGEST.as_secs_f64() < RARE {
            return SHORTEST;
        }
        Duration::from_secs_f64(f64::from(WANTED) / self.per_second).clamp(SHORTEST, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(per_second: u32) -> Pace {
        let mut pace = Pace::default();
        for _ in 0..100 {
            pace.learn(per_second as usize, Duration::from_secs(1));
        }
        pace
    }

    #[test]
    fn rare_events_do_not_wait() {
        assert_eq!(Pace::default().wait(), SHORTEST);
        assert_eq!(steady(500).wait(), SHORTEST);
    }

    #[test]
    fn two_thousand_a_second_share_a_commit_by_more_than_fifty() {
        let gathered = 2_000.0 * steady(2_000).wait().as_secs_f64();
        assert!(gathered >= 50.0, "{gathered}");
    }

    #[test]
    fn a_flood_waits_no_longer_than_it_takes_to_gather_enough() {
        assert!(steady(50_000).wait() < Duration::from_millis(2));
    }

    #[test]
    fn the_wait_is_bounded_whatever_is_learnt() {
        for count in [0, 1, 1_000, usize::MAX] {
            for elapsed in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                let mut pace = Pace::default();
                pace.learn(count, elapsed);
                assert!((SHORTEST..=LONGEST).contains(&pace.wait()));
            }
        }
    }
}
