//! Alerts: one for each leak, and what people may make of it.
//!
//! Owns the statuses, the steps between them, and what seeing a leak again means. Leaves rows to
//! `store::alerts` and who may take a step to the API.
//! **Invariant:** a closed alert says how it ended; a leak that was resolved and is seen again is open.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far people are with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AlertStatus {
    /// Nobody has looked at it.
    Open,
    /// Somebody has taken it on.
    Acknowledged,
    /// What had to be done is done.
    Resolved,
    /// There was nothing to be done.
    Dismissed,
}

/// The word names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such status")]
pub struct UnknownStatus;

impl AlertStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::Acknowledged,
        Self::Resolved,
        Self::Dismissed,
    ];

    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Resolved => "RESOLVED",
            Self::Dismissed => "DISMISSED",
        }
    }

    /// The number, as stored.
    pub const fn as_number(self) -> i16 {
        match self {
            Self::Open => 1,
            Self::Acknowledged => 2,
            Self::Resolved => 3,
            Self::Dismissed => 4,
        }
    }

    /// The status with that number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_number() == number)
    }

    /// Whether nobody has to do anything any more.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Resolved | Self::Dismissed)
    }

    /// What an alert is once its leak is seen again: what was resolved has come back, what was dismissed was
    /// judged not to matter.
    #[must_use]
    pub const fn seen_again(self) -> Self {
        match self {
            Self::Resolved => Self::Open,
            other => other,
        }
    }
}

impl fmt::Display for AlertStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for AlertStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownStatus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_read_back() {
        for status in AlertStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(AlertStatus::from_number(status.as_number()), Some(status));
        }
        assert_eq!("open".parse::<AlertStatus>(), Err(UnknownStatus));
    }

    #[test]
    fn only_what_was_resolved_is_opened_by_being_seen_again() {
        let again = AlertStatus::ALL.map(AlertStatus::seen_again);
        assert_eq!(
            again,
            [
                AlertStatus::Open,
                AlertStatus::Acknowledged,
                AlertStatus::Open,
                AlertStatus::Dismissed
            ]
        );
    }
}
