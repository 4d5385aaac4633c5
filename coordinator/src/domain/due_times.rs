//! How long people have to close an alert.
//!
//! Owns the times by severity. When they begin is for whoever raises or reopens an alert.
//! **Invariant:** a time of zero is none: such an alert is never overdue.

use std::time::Duration;

use shared::finding::Severity;

/// How long people have, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueTimes {
    /// For `CRITICAL`.
    pub critical: Duration,
    /// For `HIGH`.
    pub high: Duration,
    /// For `MEDIUM`.
    pub medium: Duration,
    /// For `LOW`.
    pub low: Duration,
    /// For `INFO`.
    pub info: Duration,
}

impl DueTimes {
    /// How long people have for an alert that bad; none if there is no hurry.
    pub const fn of(&self, severity: Severity) -> Option<Duration> {
        let time = match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        };
        if time.is_zero() { None } else { Some(time) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_severity_has_its_own_time() {
        let times = DueTimes {
            critical: Duration::from_secs(5),
            high: Duration::from_secs(4),
            medium: Duration::from_secs(3),
            low: Duration::from_secs(2),
            info: Duration::from_secs(1),
        };
        let of_all: Vec<u64> = Severity::ALL
            .iter()
            .filter_map(|severity| times.of(*severity))
            .map(|time| time.as_secs())
            .collect();
        assert_eq!(of_all, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_time_of_zero_is_none() {
        assert!(
            Severity::ALL
                .iter()
                .all(|severity| DueTimes::default().of(*severity).is_none())
        );
    }
}
