//! When guessing passwords stops: an account is locked after some failures in a row, each time for longer.
//!
//! Owns the decision. Leaves rows to `store::lockouts`, and whose failures they are to the caller: it names
//! accounts that exist and those that do not in the same way.
//! **Invariant:** no lock lasts longer than [`LONGEST`], so that nobody is kept out for good by a stranger.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// So many failures in a row lock an account.
pub const TOLERATED: u32 = 5;
/// How long the first lock lasts; each further failure doubles it.
pub const FIRST: Duration = Duration::from_secs(30);
/// The longest lock.
pub const LONGEST: Duration = Duration::from_mins(15);
/// A row of failures that nobody went on with for so long is over.
pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(24);

/// The failures of an account since its last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last_at: DateTime<Utc>,
    /// Until when nothing is tried.
    pub locked_until: Option<DateTime<Utc>>,
}

impl Failures {
    /// How long nothing is tried any more; none if the account is open.
    pub fn locked_for(&self, now: DateTime<Utc>) -> Option<Duration> {
        let left = self
            .locked_until?
            .signed_duration_since(now)
            .to_std()
            .ok()?;
        // A clock that was set back does not make it longer.
        Some(left.min(LONGEST)).filter(|left| !left.is_zero())
    }

    /// These, and one more.
    #[must_use]
    pub fn and_one(&self, now: DateTime<Utc>) -> Self {
        let before = if self.is_over(now) { 0 } else { self.count };
        let count = before.saturating_add(1);
        Self {
            count,
            last_at: now,
            locked_until: lock_after(count).and_then(|lock| now.checked_add_signed(lock)),
        }
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        now.signed_duration_since(self.last_at)
            .to_std()
            .is_ok_and(|since| since >= FORGOTTEN_AFTER)
    }
}

fn lock_after(failures: u32) -> Option<TimeDelta> {
    let doublings = failures.checked_sub(TOLERATED)?;
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    TimeDelta::from_std(FIRST.saturating_mul(factor).min(LONGEST)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    /// The failures after so many, all at one time.
    fn failed(times: u32, now: DateTime<Utc>) -> Failures {
        (0..times).fold(Failures::default(), |failures, _| failures.and_one(now))
    }

    #[test]
    fn four_failures_lock_nothing_and_the_fifth_does() {
        assert_eq!(failed(4, at(0)).locked_for(at(0)), None);
        assert_eq!(failed(5, at(0)).locked_for(at(0)), Some(FIRST));
    }

    #[test]
    fn each_further_failure_doubles_the_lock_up_to_the_longest() {
        let locks: Vec<u64> = (5..12)
            .map(|times| failed(times, at(0)).locked_for(at(0)).unwrap().as_secs())
            .collect();
        assert_eq!(locks, [30, 60, 120, 240, 480, 900, 900]);
    }

    #[test]
    fn a_lock_opens_when_its_time_is_over() {
        let locked = failed(5, at(0));
        assert_eq!(locked.locked_for(at(29)), Some(Duration::from_secs(1)));
        assert_eq!(locked.locked_for(at(30)), None);
    }

    #[test]
    fn failures_of_yesterday_do_not_count() {
        let a_day = i64::try_from(FORGOTTEN_AFTER.as_secs()).unwrap();
        assert_eq!(failed(4, at(0)).and_one(at(a_day)).count, 1);
        assert_eq!(failed(4, at(0)).and_one(at(a_day - 1)).count, 5);
    }

    proptest! {
        #[test]
        fn no_lock_is_longer_than_the_longest_whatever_the_clock_does(
            count in any::<u32>(), last in -1_000_000_i64..1_000_000, then in -1_000_000_i64..1_000_000,
            later in -1_000_000_i64..1_000_000,
        ) {
            let before = Failures { count, last_at: at(last), locked_until: None };
            let after = before.and_one(at(then));
            prop_assert!(after.locked_for(at(later)).is_none_or(|left| left <= LONGEST));
            prop_assert!(after.count >= 1);
        }

        #[test]
        fn more_failures_never_lock_for_less(count in 0_u32..u32::MAX) {
            let lock = |count| {
                let failures = Failures { count, last_at: at(0), locked_until: None };
                failures.and_one(at(0)).locked_for(at(0)).unwrap_or_default()
            };
            prop_assert!(lock(count) <= lock(count + 1));
        }

        #[test]
        fn who_waits_as_long_as_told_finds_the_account_open(count in 0_u32..40) {
            let failures = failed(count, at(0));
            let wait = failures.locked_for(at(0)).unwrap_or_default();
            prop_assert_eq!(failures.locked_for(at(0) + wait), None);
        }
    }
}
