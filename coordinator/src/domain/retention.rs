//! How long records are kept, by kind.
//!
//! Owns the kinds and from when on a record may go. Leaves dropping them to `store::retention`, and the audit
//! trail, of which only whole beginnings go, to `trail`.
//! **Invariant:** a kind without a time is kept for ever.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// A kind of record that has its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Scans in which nothing was found, and the events they came from.
    CleanScans,
    /// Scans in which something was found, with findings, violations and what was done.
    CaughtScans,
    /// Alerts that are closed, with what people said about them.
    ClosedAlerts,
    /// Security events.
    SecurityEvents,
    /// Sessions that are over, and nodes that are gone.
    Spent,
}

/// How long each kind is kept; zero is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Of [`Kind::CleanScans`].
    pub clean_scans: Duration,
    /// Of [`Kind::CaughtScans`].
    pub caught_scans: Duration,
    /// Of [`Kind::ClosedAlerts`], from their closing on.
    pub closed_alerts: Duration,
    /// Of [`Kind::SecurityEvents`].
    pub security_events: Duration,
}

/// What is spent may be looked into for so long.
const SPENT: Duration = Duration::from_hours(7 * 24);

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::CleanScans,
        Self::CaughtScans,
        Self::ClosedAlerts,
        Self::SecurityEvents,
        Self::Spent,
    ];

    /// The word for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CleanScans => "clean_scans",
            Self::CaughtScans => "caught_scans",
            Self::ClosedAlerts => "closed_alerts",
            Self::SecurityEvents => "security_events",
            Self::Spent => "spent",
        }
    }
}

impl Retention {
    /// Records of this kind from before then may go; none if they are kept for ever.
    pub fn before(&self, kind: Kind, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let keep = match kind {
            Kind::CleanScans => self.clean_scans,
            Kind::CaughtScans => self.caught_scans,
            Kind::ClosedAlerts => self.closed_alerts,
            Kind::SecurityEvents => self.security_events,
            Kind::Spent => SPENT,
        };
        if keep.is_zero() {
            return None;
        }
        now.checked_sub_signed(TimeDelta::from_std(keep).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_kind_may_go_when_its_time_is_over_and_never_without_one() {
        let retention = Retention {
            clean_scans: DAY,
            caught_scans: Duration::ZERO,
            closed_alerts: 2 * DAY,
            security_events: Duration::MAX,
        };
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let before = Kind::ALL.map(|kind| retention.before(kind, now));
        assert_eq!(
            before,
            [
                Some(now - DAY),
                None,
                Some(now - 2 * DAY),
                None,
                Some(now - SPENT)
            ]
        );
    }
}
