//! The orders in which alerts are listed.
//!
//! Owns what a list can be ordered by, an alert's place in it, and how both are written in SQL.
//! **Invariant:** columns and directions come from enumerations; nothing that a caller gives becomes part of a
//! statement.

use super::Alert;
use crate::store::columns::signed;
use crate::store::page::Position;

/// By what alerts are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlertKey {
    /// When the leak was seen first.
    #[default]
    CreatedAt,
    /// When it was seen last.
    LastSeenAt,
    /// How bad it is.
    Severity,
    /// When it is to be closed; those without a time come last.
    DueAt,
    /// How often it was seen.
    Occurrences,
}

/// From which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    #[default]
    Descending,
}

/// An order of alerts; the id tells equal ones apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlertOrdering {
    /// By what.
    pub key: AlertKey,
    /// From which end.
    pub direction: Direction,
}

/// Stands for "never due" in a position.
pub(super) const NEVER_DUE: i64 = i64::MAX;

impl AlertKey {
    /// Every key.
    pub const ALL: [Self; 5] = [
        Self::CreatedAt,
        Self::LastSeenAt,
        Self::Severity,
        Self::DueAt,
        Self::Occurrences,
    ];

    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::LastSeenAt => "last_seen_at",
            Self::Severity => "severity",
            Self::DueAt => "due_at",
            Self::Occurrences => "occurrences",
        }
    }

    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "alerts.first_seen_at",
            Self::LastSeenAt => "alerts.last_seen_at",
            Self::Severity => "alerts.severity",
            Self::DueAt => "alerts.due_at",
            Self::Occurrences => "alerts.occurrences",
        }
    }

    pub(super) const fn is_a_time(self) -> bool {
        matches!(self, Self::CreatedAt | Self::LastSeenAt | Self::DueAt)
    }
}

impl AlertOrdering {
    /// The order that a word names: a key, with `-` in front for the greatest first.
    pub fn parse(word: &str) -> Option<Self> {
        let (name, direction) = match word.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (word, Direction::Ascending),
        };
        let key = AlertKey::ALL.into_iter().find(|key| key.as_str() == name)?;
        Some(Self { key, direction })
    }

    /// `ORDER BY` this, as no index is in order.
    pub(super) fn sorting_clause(self) -> String {
        let (column, direction) = (self.key.column(), self.direction.as_sql());
        let nothing = if self.key.is_a_time() {
            "INTERVAL '0'"
        } else {
            "0"
        };
        format!("{column} + {nothing} {direction}, alerts.id {direction}")
    }

    /// The beginning of a comparison with a place that comes before the row: `(key, id) < (`.
    pub(super) fn behind(self) -> String {
        let (column, sign) = (self.key.column(), self.direction.sign());
        format!("({column}, alerts.id) {sign} (")
    }

    /// The beginning of a comparison with a place that is the row's or comes after it: `(key, id) >= (`.
    pub(super) fn up_to(self) -> String {
        let (column, sign) = (self.key.column(), self.direction.opposite().sign());
        format!("({column}, alerts.id) {sign}= (")
    }
}

impl Direction {
    pub(super) const fn opposite(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    pub(super) const fn as_sql(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Ascending => ">",
            Self::Descending => "<",
        }
    }
}

/// The place of an alert in a list of that order.
pub fn place(ordering: AlertOrdering, alert: &Alert) -> Position {
    let key = match ordering.key {
        AlertKey::CreatedAt => alert.first_seen_at.timestamp_micros(),
        AlertKey::LastSeenAt => alert.last_seen_at.timestamp_micros(),
        AlertKey::Severity => alert.severity.as_number().into(),
        AlertKey::DueAt => alert.due_at.map_or(NEVER_DUE, |due| due.timestamp_micros()),
        AlertKey::Occurrences => signed(alert.occurrences),
    };
    let id = alert.id.as_uuid();
    Position { key, id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_names_an_order_and_nothing_else_does() {
        for key in AlertKey::ALL {
            for (sign, direction) in [("", Direction::Ascending), ("-", Direction::Descending)] {
                let word = format!("{sign}{}", key.as_str());
                assert_eq!(
                    AlertOrdering::parse(&word),
                    Some(AlertOrdering { key, direction })
                );
            }
        }
        for word in [
            "",
            "-",
            "id",
            "--severity",
            "severity desc",
            "SEVERITY",
            "created_at;--",
            "alerts.id",
        ] {
            assert_eq!(AlertOrdering::parse(word), None, "{word}");
        }
        assert_eq!(
            AlertOrdering::parse("-created_at"),
            Some(AlertOrdering::default())
        );
    }
}
