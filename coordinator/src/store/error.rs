//! What can go wrong with the database, in words that hold no data.
//!
//! Owns the translation of diesel's, r2d2's and libpq's errors. Those quote rows, hosts and users, so their
//! texts are read for their kind and then dropped.
//! **Invariant:** no bound value, row, host or password is in an error's `Display` or `Debug`.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use shared::job::RetryClass;

use super::columns::Undecodable;

/// The result of a query.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why the database did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is full, is shutting down, or did not answer in time. Transient. A write that
    /// ends so may have been committed.
    #[error("the database is unavailable: {0}")]
    Unavailable(&'static str),
    /// All connections of the lane stayed busy. Transient; nothing was done.
    #[error("the database lane is full")]
    Busy,
    /// Another transaction was in the way and nothing was done. Transient.
    #[error("a concurrent change was in the way")]
    Conflict,
    /// A row with that key is there already; names the constraint. Permanent.
    #[error("already there: {0}")]
    Duplicate(String),
    /// Another constraint said no; names it. Permanent.
    #[error("a constraint forbids it: {0}")]
    Constraint(String),
    /// What is stored is not what this version writes. Permanent.
    #[error(transparent)]
    Corrupt(#[from] Undecodable),
    /// The database refused the statement itself. Permanent: a fault in this program or its schema.
    #[error("the database refused the statement: {0}")]
    Refused(&'static str),
    /// The query panicked; its transaction is rolled back. Poison.
    #[error("a query panicked")]
    Panicked,
    /// The URL cannot be used as it is. Permanent.
    #[error("database url: {0}")]
    Url(&'static str),
    /// Another process holds the SQLite file. Permanent until it ends.
    #[error("another process already uses this sqlite database; only one can")]
    InUse,
    /// A migration failed; names it. Permanent.
    #[error("migration {0} failed")]
    Migration(String),
}

impl StoreError {
    /// Whether trying again can help.
    pub fn class(&self) -> RetryClass {
        match self {
            Self::Unavailable(_) | Self::Busy | Self::Conflict => RetryClass::Transient,
            Self::Panicked => RetryClass::Poison,
            _ => RetryClass::Permanent,
        }
    }

    /// Whether a row with that key is there already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Duplicate(_))
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, information) => of_kind(kind, information.as_ref()),
            DieselError::BrokenTransactionManager => Self::Unavailable("the connection broke"),
            DieselError::DeserializationError(cause) => Self::Corrupt(
                cause
                    .downcast_ref::<Undecodable>()
                    .copied()
                    .unwrap_or(Undecodable("row")),
            ),
            DieselError::SerializationError(_) => Self::Refused("a value cannot be written"),
            DieselError::InvalidCString(_) => Self::Refused("a NUL in a statement"),
            DieselError::NotFound => Self::Refused("no such row"),
            _ => Self::Refused("the statement cannot be built or run"),
        }
    }
}

impl From<diesel::r2d2::Error> for StoreError {
    fn from(error: diesel::r2d2::Error) -> Self {
        match error {
            diesel::r2d2::Error::ConnectionError(error) => error.into(),
            diesel::r2d2::Error::QueryError(error) => error.into(),
        }
    }
}

/// libpq gives a text only; it names hosts and users, so it is matched and dropped.
impl From<diesel::ConnectionError> for StoreError {
    fn from(error: diesel::ConnectionError) -> Self {
        match error {
            diesel::ConnectionError::BadConnection(text) => Self::Unavailable(first_hint(
                CONNECT_HINTS,
                &text,
                "no connection could be made",
            )),
            diesel::ConnectionError::InvalidConnectionUrl(_)
            | diesel::ConnectionError::InvalidCString(_) => Self::Url("not understood"),
            _ => Self::Unavailable("the connection could not be set up"),
        }
    }
}

const CONNECT_HINTS: &[(&str, &str)] = &[
    ("Connection refused", "connection refused"),
    ("password authentication failed", "the password was refused"),
    ("no password supplied", "a password is needed"),
    ("does not exist", "no such database or role"),
    ("could not translate host name", "unknown host name"),
    ("timeout expired", "connecting took too long"),
    ("too many clients", "too many connections"),
    ("starting up", "starting up"),
    ("shutting down", "shutting down"),
    ("SSL", "TLS could not be agreed on"),
    ("certificate", "the certificate was refused"),
    ("unable to open database file", "the file cannot be opened"),
];

/// diesel keeps no SQLSTATE for these, and their texts are English unless `lc_messages` says otherwise.
const PASSING_HINTS: &[(&str, &str)] = &[
    ("statement timeout", "a statement took too long"),
    ("terminating connection", "the connection was ended"),
    ("server closed the connection", "the connection was ended"),
    ("the database system is", "starting up or shutting down"),
    ("too many clients", "too many connections"),
    ("remaining connection slots", "too many connections"),
    ("No space left", "the disk is full"),
    ("disk is full", "the disk is full"),
    ("could not extend file", "the disk is full"),
    ("could not write", "the disk cannot be written"),
    ("disk I/O error", "the disk cannot be read or written"),
    ("out of memory", "out of memory"),
    ("out of shared memory", "out of memory"),
    ("no connection to the server", "the connection was ended"),
    ("could not receive data", "the connection was ended"),
    ("could not send data", "the connection was ended"),
    ("SSL ", "the connection was ended"),
    ("in a read-only transaction", "it takes no writes"),
    ("recovery", "it takes no writes"),
];

const CONFLICT_HINTS: &[&str] = &[
    "deadlock detected",
    "lock timeout",
    "database is locked",
    "database table is locked",
    "could not serialize",
    "could not obtain lock",
];

fn of_kind(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> StoreError {
    match kind {
        DatabaseErrorKind::UniqueViolation => StoreError::Duplicate(constraint(information)),
        DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation => StoreError::Constraint(constraint(information)),
        DatabaseErrorKind::SerializationFailure => StoreError::Conflict,
        DatabaseErrorKind::ReadOnlyTransaction => StoreError::Unavailable("it takes no writes"),
        DatabaseErrorKind::ClosedConnection => StoreError::Unavailable("the connection was ended"),
        DatabaseErrorKind::UnableToSendCommand => {
            StoreError::Unavailable("the statement could not be sent")
        }
        _ => of_text(information.message()),
    }
}

fn of_text(text: &str) -> StoreError {
    if CONFLICT_HINTS.iter().any(|hint| text.contains(hint)) {
        return StoreError::Conflict;
    }
    match first_hint(PASSING_HINTS, text, "") {
        "" => StoreError::Refused("unknown reason"),
        hint => StoreError::Unavailable(hint),
    }
}

fn first_hint(hints: &[(&str, &'static str)], text: &str, otherwise: &'static str) -> &'static str {
    hints
        .iter()
        .find(|(part, _)| text.contains(part))
        .map_or(otherwise, |(_, hint)| hint)
}

/// PostgreSQL names the constraint; SQLite's text ends in `table.column`. Both are words of the schema.
fn constraint(information: &dyn DatabaseErrorInformation) -> String {
    if let Some(name) = information
        .constraint_name()
        .or_else(|| information.column_name())
    {
        return name.to_owned();
    }
    let text = information.message();
    text.split_once("constraint failed: ")
        .map_or("unnamed", |(_, columns)| columns)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(kind: DatabaseErrorKind, text: &str) -> StoreError {
        DieselError::DatabaseError(kind, Box::new(text.to_owned())).into()
    }

    #[test]
    fn what_passes_by_itself_is_transient() {
        for text in [
            "canceling statement due to statement timeout",
            "could not extend file \"base/1/2\": No space left on device",
            "database is locked",
            "deadlock detected",
            "terminating connection due to administrator command",
        ] {
            let error = database_error(DatabaseErrorKind::Unknown, text);
            assert_eq!(error.class(), RetryClass::Transient, "{text}");
        }
    }

    #[test]
    fn what_stays_wrong_is_permanent() {
        let unique = database_error(
            DatabaseErrorKind::UniqueViolation,
            "UNIQUE constraint failed: users.email",
        );
        assert_eq!(unique, StoreError::Duplicate("users.email".to_owned()));
        let syntax = database_error(DatabaseErrorKind::Unknown, "syntax error at or near \"x\"");
        assert_eq!(syntax.class(), RetryClass::Permanent);
    }

    #[test]
    fn no_error_repeats_the_text_it_was_made_from() {
        let canary = "CANARY-4111";
        let from_query = database_error(
            DatabaseErrorKind::Unknown,
            &format!("invalid input syntax for type uuid: \"{canary}\""),
        );
        let from_connect: StoreError =
            diesel::ConnectionError::BadConnection(format!("host {canary} Connection refused"))
                .into();
        for error in [from_query, from_connect] {
            assert!(!format!("{error} {error:?}").contains(canary));
        }
    }
}
