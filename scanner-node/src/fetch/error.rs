//! Why a file was not fetched.
//!
//! **Invariant:** an error holds a status, a length or a time, and never an address or a token.

use std::time::Duration;

use shared::job::RetryClass;

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none of the list's hosts, or none at all. Permanent.
    #[error("the file is not where files are fetched from")]
    ForeignHost,
    /// One address led to the next too often. Permanent.
    #[error("too many redirects")]
    TooManyRedirects,
    /// The token fits no header. Permanent.
    #[error("the request cannot be made")]
    Unsendable,
    /// A page to sign in came in the file's place: the token lacks `files:read`, or is dead. Permanent.
    #[error("a page to sign in came in the place of the file")]
    LoginPage,
    /// The file may not be had. Permanent.
    #[error("the file is refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The file is longer than may be fetched. Permanent.
    #[error("the file is longer than may be fetched")]
    TooLong,
    /// The file is not there, or empty: Slack may still be at work on it. Transient.
    #[error("the file is not there yet")]
    NotReady,
    /// The file is shorter than it should be. Transient.
    #[error("{got} bytes came of {expected}")]
    Truncated {
        /// How many bytes came.
        got: u64,
        /// How many should have.
        expected: u64,
    },
    /// Too many files. Transient.
    #[error("slack asks to wait")]
    RateLimited(Duration),
    /// Slack has a fault of its own. Transient.
    #[error("slack answered with status {status}")]
    Failed {
        /// The HTTP status, from 500.
        status: u16,
    },
    /// No connection came about. Transient.
    #[error("the file's host cannot be reached")]
    Unreachable,
    /// It took too long. Transient.
    #[error("the file did not come in time")]
    TimedOut,
    /// The connection broke. Transient.
    #[error("the connection broke")]
    Interrupted,
    /// The bytes could not be put where they should go. Transient.
    #[error("the file could not be written")]
    Unwritable(#[source] std::io::Error),
}

/// The client cannot be built. Permanent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client for files cannot be set up")]
pub struct FetcherSetupError;

impl FetchError {
    /// Whether trying again can help.
    pub const fn class(&self) -> RetryClass {
        match self {
            Self::ForeignHost
            | Self::TooManyRedirects
            | Self::Unsendable
            | Self::LoginPage
            | Self::Refused { .. }
            | Self::TooLong => RetryClass::Permanent,
            Self::NotReady
            | Self::Truncated { .. }
            | Self::RateLimited(_)
            | Self::Failed { .. }
            | Self::Unreachable
            | Self::TimedOut
            | Self::Interrupted
            | Self::Unwritable(_) => RetryClass::Transient,
        }
    }

    /// The word for metrics and lists.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ForeignHost => "foreign_host",
            Self::TooManyRedirects => "too_many_redirects",
            Self::Unsendable => "unsendable",
            Self::LoginPage => "slack_login_page",
            Self::Refused { .. } => "refused",
            Self::TooLong => "too_long",
            Self::NotReady => "not_ready",
            Self::Truncated { .. } => "truncated",
            Self::RateLimited(_) => "ratelimited",
            Self::Failed { .. } => "failed",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::Unwritable(_) => "unwritable",
        }
    }
}

impl FetcherSetupError {
    /// Permanent: the machine has to change.
    pub const fn class(self) -> RetryClass {
        RetryClass::Permanent
    }
}

/// The error itself names the URL: its kind stays.
pub(super) fn fault_of(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        FetchError::TimedOut
    } else if error.is_connect() {
        FetchError::Unreachable
    } else {
        FetchError::Interrupted
    }
}
