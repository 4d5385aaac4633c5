//! How long to wait before the next attempt.
//!
//! **Invariant:** waits grow, stay between the shortest and the longest, and differ by chance, so that not
//! everybody comes back in the same moment.

use std::time::Duration;

/// Doublings after which the longest wait is reached, whatever it is.
const MOST_DOUBLINGS: u32 = 16;

/// Attempts that failed in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    shortest: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) const fn new(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest,
            failures: 0,
        }
    }

    /// Forgets what failed.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one failure more. `chance` is between 0 and 1.
    pub(super) fn next(&mut self, chance: f64) -> Duration {
        self.failures = (self.failures + 1).min(MOST_DOUBLINGS);
        let whole = self.shortest.saturating_mul(1 << self.failures);
        let half = whole.min(self.longest) / 2;
        let wait = half + half.mul_f64(chance.clamp(0.0, 1.0));
        wait.max(self.shortest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_the_shortest_to_the_longest() {
        let (shortest, longest) = (Duration::from_secs(1), Duration::from_mins(1));
        let mut backoff = Backoff::new(shortest, longest);
        let waits: Vec<u64> = (0..40).map(|_| backoff.next(1.0).as_secs()).collect();
        assert_eq!(waits[..6], [2, 4, 8, 16, 32, 60]);
        assert_eq!(waits[39], 60);
        backoff.reset();
        assert_eq!(backoff.next(0.0), shortest);
    }

    #[test]
    fn chance_takes_at_most_half() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
        for _ in 0..40 {
            backoff.next(0.5);
        }
        assert_eq!(backoff.next(0.0), Duration::from_secs(30));
        assert_eq!(backoff.next(f64::INFINITY), Duration::from_mins(1));
    }
}
