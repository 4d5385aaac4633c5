//! One method's pace in one workspace.
//!
//! Owns the arithmetic of a bucket that fills steadily, kept as one instant: when the next call would be due
//! if calls came evenly (GCRA, the generic cell rate algorithm).
//! **Invariant:** a turn that is refused takes nothing.

use std::time::{Duration, Instant};

use super::super::method::Tier;
use super::Turn;

/// Slack counts by the minute: what was taken ahead before that is forgotten.
const OWED_AT_MOST: Duration = Duration::from_mins(1);

/// When the next call is due if all came evenly; none before the first call.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace(Option<Instant>);

impl Pace {
    /// Takes a turn, unless it is further away than `at_most`.
    pub(super) fn take(&mut self, tier: Tier, now: Instant, at_most: Duration) -> Turn {
        let Some(interval) = tier.interval() else {
            return Turn::After(Duration::ZERO);
        };
        let due = self.0.map_or(now, |due| due.max(now));
        let slack = interval.saturating_mul(tier.burst().saturating_sub(1));
        let wait = due.saturating_duration_since(now).saturating_sub(slack);
        if wait > at_most {
            return Turn::NotBefore(wait);
        }
        self.0 = due.checked_add(interval);
        Turn::After(wait)
    }

    /// Takes a turn now, whoever waits: those who are paced come later for it, though not ever later.
    pub(super) fn go_ahead(&mut self, tier: Tier, now: Instant) {
        if let Some(interval) = tier.interval() {
            let due = self.0.map_or(now, |due| due.max(now));
            let latest = now.checked_add(OWED_AT_MOST);
            self.0 = due.checked_add(interval).min(latest);
        }
    }

    /// Whether a call now would be treated otherwise than the first one.
    pub(super) fn matters(&self, now: Instant) -> bool {
        self.0.is_some_and(|due| due > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: Duration = Duration::from_secs(2);

    #[test]
    fn a_burst_goes_through_and_then_calls_come_evenly() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let waits: Vec<Turn> = (0..4).map(|_| pace.take(Tier::Two, start, NEAR)).collect();
        let at_once = Turn::After(Duration::ZERO);
        let next = Turn::NotBefore(Duration::from_secs(3));
        // A turn that is refused takes nothing, so the wait does not grow.
        assert_eq!(waits, [at_once, at_once, next, next]);
        let later = start + Duration::from_secs(2);
        assert_eq!(
            pace.take(Tier::Two, later, NEAR),
            Turn::After(Duration::from_secs(1))
        );
    }

    #[test]
    fn a_long_pause_gives_one_burst_and_not_more() {
        let start = Instant::now();
        let mut pace = Pace::default();
        pace.take(Tier::Three, start, NEAR);
        let later = start + Duration::from_hours(1);
        assert!(!pace.matters(later));
        let at_once = (0..20)
            .filter(|_| {
                pace.take(Tier::Three, later, Duration::ZERO) == Turn::After(Duration::ZERO)
            })
            .count();
        assert_eq!(at_once, 5);
    }

    #[test]
    fn an_hour_of_calls_is_what_the_tier_allows() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let taken = (0..3_600 * 10)
            .filter(|tenth| {
                let now = start + Duration::from_millis(100 * tenth);
                matches!(pace.take(Tier::Three, now, Duration::ZERO), Turn::After(_))
            })
            .count();
        assert!((2_950..=3_005).contains(&taken), "{taken}");
    }
}
