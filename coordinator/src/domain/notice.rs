//! Notices: what people and other systems are told, when, and how often it is tried.
//!
//! Owns which subscription wants which news, when a digest goes out, the pause between attempts, and when an
//! endpoint counts as dead. Leaves rows to `store`, sending to `mail` and `webhooks`.
//! **Invariant:** whatever is tried again is given up at some time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use shared::finding::Severity;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A leak or an event that is new.
    #[serde(rename = "alert.opened")]
    AlertOpened,
    /// One that was resolved and came back.
    #[serde(rename = "alert.reopened")]
    AlertReopened,
    /// Nothing: somebody wants to see whether it arrives.
    #[serde(rename = "ping")]
    Ping,
}

/// The word names no kind of notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such event")]
pub struct UnknownNotice;

/// What somebody wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Only what is at least so bad.
    pub min_severity: Severity,
    /// Only of these kinds.
    pub kinds: Vec<NoticeKind>,
}

/// How often something is tried, and how long between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The pause after the first attempt; it doubles with each.
    pub first: Duration,
}

/// How an endpoint fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures since it last took something.
    pub failures: u32,
    /// Since when.
    pub failing_since: Option<DateTime<Utc>>,
}

impl NoticeKind {
    /// Kinds that can be subscribed to.
    pub const NEWS: [Self; 2] = [Self::AlertOpened, Self::AlertReopened];

    /// The word, as written in the API and in what is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlertOpened => "alert.opened",
            Self::AlertReopened => "alert.reopened",
            Self::Ping => "ping",
        }
    }

    /// The news that an alert is which came back so often.
    pub const fn of_alert(reopened: i32) -> Self {
        if reopened == 0 {
            Self::AlertOpened
        } else {
            Self::AlertReopened
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for NoticeKind {
    type Err = UnknownNotice;

    fn from_str(text: &str) -> Result<Self, UnknownNotice> {
        let mut all = Self::NEWS.into_iter().chain([Self::Ping]);
        all.find(|kind| kind.as_str() == text).ok_or(UnknownNotice)
    }
}

impl Subscription {
    /// Whether news of this kind and severity is wanted.
    pub fn wants(&self, kind: NoticeKind, severity: Severity) -> bool {
        severity >= self.min_severity && self.kinds.contains(&kind)
    }
}

/// When the next digest goes out: at a whole multiple of `every` since 1970, so that all coordinators agree.
/// Without a period, at once.
pub fn digest_due(now: DateTime<Utc>, every: Option<Duration>) -> DateTime<Utc> {
    let period = every.map_or(0, |every| {
        i64::try_from(every.as_secs()).unwrap_or(i64::MAX)
    });
    let Some(since) = now.timestamp().checked_rem_euclid(period) else {
        return now;
    };
    DateTime::from_timestamp(now.timestamp().saturating_add(period - since), 0).unwrap_or(now)
}

impl Retry {
    /// Attempts at most: with an hour between them at last, most of a day.
    pub const ATTEMPTS: u32 = 24;
    /// The longest pause.
    pub const LONGEST: Duration = Duration::from_hours(1);

    /// How long to wait after attempt number `attempt` failed; none if that was the last. `dice` is 0 to 1 and
    /// spreads those apart who failed together, by a quarter to either side.
    pub fn pause_after(self, attempt: u32, dice: f64) -> Option<Duration> {
        if attempt >= Self::ATTEMPTS {
            return None;
        }
        let doubled = self
            .first
            .saturating_mul(1 << attempt.saturating_sub(1).min(20));
        let spread = 0.75 + 0.5 * dice.clamp(0.0, 1.0);
        Some(
            doubled
                .min(Self::LONGEST)
                .mul_f64(spread)
                .min(Self::LONGEST),
        )
    }
}

impl Health {
    /// Failures that an endpoint has at least before it counts as dead, however long ago the first was.
    pub const LEAST_FAILURES: u32 = 10;

    /// How it fares after another failure.
    #[must_use]
    pub fn after_failure(self, now: DateTime<Utc>) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            failing_since: self.failing_since.or(Some(now)),
        }
    }

    /// Whether it has failed often enough, for `limit` at least.
    pub fn is_dead(self, now: DateTime<Utc>, limit: Duration) -> bool {
        let limit = TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
        let long = self.failing_since.is_some_and(|since| now - since >= limit);
        long && self.failures >= Self::LEAST_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn kinds_read_back_and_ping_cannot_be_subscribed_to() {
        for kind in [
            NoticeKind::AlertOpened,
            NoticeKind::AlertReopened,
            NoticeKind::Ping,
        ] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert!(!NoticeKind::NEWS.contains(&NoticeKind::Ping));
        assert_eq!("alert".parse::<NoticeKind>(), Err(UnknownNotice));
    }

    #[test]
    fn a_subscription_wants_its_kinds_from_its_severity_up() {
        let subscription = Subscription {
            min_severity: Severity::High,
            kinds: vec![NoticeKind::AlertOpened],
        };
        assert!(subscription.wants(NoticeKind::AlertOpened, Severity::High));
        assert!(subscription.wants(NoticeKind::AlertOpened, Severity::Critical));
        assert!(!subscription.wants(NoticeKind::AlertOpened, Severity::Medium));
        assert!(!subscription.wants(NoticeKind::AlertReopened, Severity::Critical));
    }

    #[test]
    fn an_alert_that_never_came_back_was_opened() {
        assert_eq!(NoticeKind::of_alert(0), NoticeKind::AlertOpened);
        assert_eq!(NoticeKind::of_alert(3), NoticeKind::AlertReopened);
    }

    #[test]
    fn digests_go_out_at_whole_hours() {
        let hour = Some(Duration::from_hours(1));
        assert_eq!(digest_due(at(3_601), hour), at(7_200));
        assert_eq!(digest_due(at(7_200), hour), at(10_800));
        assert_eq!(digest_due(at(5), None), at(5));
        assert_eq!(digest_due(at(5), Some(Duration::ZERO)), at(5));
    }

    #[test]
    fn an_endpoint_is_dead_after_ten_failures_over_long_enough() {
        let day = Duration::from_hours(24);
        let mut health = Health::default();
        for failure in 0..10 {
            health = health.after_failure(at(failure));
        }
        assert_eq!(health.failing_since, Some(at(0)));
        assert!(!health.is_dead(at(86_399), day));
        assert!(health.is_dead(at(86_400), day));
        let nine = Health {
            failures: 9,
            ..health
        };
        assert!(!nine.is_dead(at(1_000_000), day));
        assert!(!Health::default().is_dead(at(0), Duration::ZERO));
    }

    #[test]
    fn all_attempts_together_take_most_of_a_day() {
        let retry = Retry {
            first: Duration::from_secs(10),
        };
        let pauses = (1..=Retry::ATTEMPTS).filter_map(|attempt| retry.pause_after(attempt, 0.5));
        let all: Duration = pauses.sum();
        assert!(
            (Duration::from_hours(12)..Duration::from_hours(24)).contains(&all),
            "{all:?}"
        );
    }

    proptest! {
        #[test]
        fn a_pause_is_within_a_quarter_of_its_double_and_ends(attempt: u32, dice in 0.0..=1.0_f64) {
            let retry = Retry { first: Duration::from_secs(10) };
            match retry.pause_after(attempt, dice) {
                None => prop_assert!(attempt >= Retry::ATTEMPTS),
                Some(pause) => {
                    prop_assert!(pause >= Duration::from_millis(7_500) && pause <= Retry::LONGEST);
                    prop_assert!(attempt < Retry::ATTEMPTS);
                }
            }
        }

        #[test]
        fn a_digest_is_in_the_future_and_no_further_than_its_period(now in 0_i64..4_000_000_000, every in 1_u64..10_000_000) {
            let due = digest_due(at(now), Some(Duration::from_secs(every)));
            let wait = due.timestamp() - now;
            prop_assert!(wait > 0 && wait <= i64::try_from(every).unwrap());
        }
    }
}
