//! Why a call brought nothing.
//!
//! Owns the error of the client and what it means for whoever called. Leaves the codes to `codes`.
//! **Invariant:** an error holds a code, a status or a time, and never a URL, a token or what was said.

use std::time::Duration;

use shared::job::RetryClass;

use super::codes::{self, Sense};

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Too many calls: Slack said so, or would. Transient.
    #[error("slack asks to wait")]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Slack understood and refused.
    #[error("slack refused: {}", .0.code)]
    Refused(Refusal),
    /// The request cannot be sent as it is: the token fits no header. Permanent.
    #[error("the request cannot be made")]
    Unsendable,
    /// No connection came about: nothing was sent. Transient.
    #[error("slack cannot be reached")]
    Unreachable,
    /// It was sent, and no whole answer came in time. Transient.
    #[error("slack did not answer in time")]
    TimedOut,
    /// It was sent, and the connection broke. Transient.
    #[error("the connection to slack broke")]
    Interrupted,
    /// Slack has a fault of its own. Transient.
    #[error("slack answered with status {status}")]
    Failed {
        /// The HTTP status, from 500.
        status: u16,
    },
    /// What answered is not Slack's API, or not whole: a page to sign in, half a document. Transient.
    #[error("the answer, of status {status}, is not one of slack's")]
    Unreadable {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than is listened to. Permanent.
    #[error("the answer is too long")]
    TooLong,
}

/// A refusal, as far as it is worth repeating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(super) code: Box<str>,
    pub(super) needed: Option<String>,
}

/// What to do about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// What was to be gone is gone, what was to be there is there. For who deletes, a success.
    AlreadyDone,
    /// Try again after this time.
    Wait(Duration),
    /// Try again, later each time.
    Again,
    /// This token may not: fall back to another way, or ask a person.
    Forbidden,
    /// The channel or the person cannot be seen or reached from here.
    NotAMember,
    /// The app or the request is wrong; somebody has to change something.
    Misconfigured {
        /// The scopes that are missing, if Slack says which.
        needed: Option<String>,
    },
    /// The token is dead: the app has to be installed again.
    AuthDead,
    /// The token is over: refresh it once and try again.
    TokenExpired,
    /// A code that is not known here.
    Unknown,
}

/// How long to wait where Slack does not say.
pub(super) const WAIT_BY_DEFAULT: Duration = Duration::from_secs(30);

impl SlackError {
    /// An error by a code alone.
    pub(super) fn refused(code: Option<&str>, needed: Option<&str>) -> Self {
        Self::Refused(Refusal {
            code: codes::sanitised(code).into(),
            needed: codes::scopes(needed),
        })
    }

    /// The word for it: Slack's own, or ours for what Slack has none for.
    pub fn code(&self) -> &str {
        match self {
            Self::RateLimited { .. } => "ratelimited",
            Self::Refused(refusal) => &refusal.code,
            Self::Unsendable => "unsendable",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::Failed { .. } => "failed",
            Self::Unreadable { .. } => "unreadable",
            Self::TooLong => "too_long",
        }
    }

    /// What to do about it.
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::RateLimited { retry_after } => Meaning::Wait(*retry_after),
            Self::Refused(refusal) => refusal.meaning(),
            Self::Unsendable => Meaning::AuthDead,
            Self::Unreachable
            | Self::TimedOut
            | Self::Interrupted
            | Self::Failed { .. }
            | Self::Unreadable { .. } => Meaning::Again,
            Self::TooLong => Meaning::Unknown,
        }
    }

    /// Whether trying again can help.
    pub fn class(&self) -> RetryClass {
        match self.meaning() {
            Meaning::Wait(_) | Meaning::Again | Meaning::TokenExpired => RetryClass::Transient,
            Meaning::AlreadyDone
            | Meaning::Forbidden
            | Meaning::NotAMember
            | Meaning::Misconfigured { .. }
            | Meaning::AuthDead
            | Meaning::Unknown => RetryClass::Permanent,
        }
    }

    /// Whether what was asked for may have been done all the same. Who posts looks before posting again.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Refused(refusal) => codes::sense(&refusal.code) == Some(Sense::Halfway),
            Self::TimedOut | Self::Interrupted | Self::Failed { .. } | Self::TooLong => true,
            // Whoever answers with 4xx or a redirect has passed nothing on.
            Self::Unreadable { status } => (200..300).contains(status),
            Self::RateLimited { .. } | Self::Unsendable | Self::Unreachable => false,
        }
    }
}

impl Refusal {
    fn meaning(&self) -> Meaning {
        match codes::sense(&self.code) {
            Some(Sense::AlreadyDone) => Meaning::AlreadyDone,
            Some(Sense::Wait) => Meaning::Wait(WAIT_BY_DEFAULT),
            Some(Sense::Again | Sense::Halfway) => Meaning::Again,
            Some(Sense::Forbidden) => Meaning::Forbidden,
            Some(Sense::NotAMember) => Meaning::NotAMember,
            Some(Sense::Misconfigured) => Meaning::Misconfigured {
                needed: self.needed.clone(),
            },
            Some(Sense::AuthDead) => Meaning::AuthDead,
            Some(Sense::TokenExpired) => Meaning::TokenExpired,
            None => Meaning::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> SlackError {
        SlackError::refused(Some(code), None)
    }

    #[test]
    fn each_kind_of_code_has_its_meaning_and_class() {
        use RetryClass::{Permanent, Transient};
        for (code, meaning, class) in [
            ("message_not_found", Meaning::AlreadyDone, Permanent),
            ("file_deleted", Meaning::AlreadyDone, Permanent),
            ("ratelimited", Meaning::Wait(WAIT_BY_DEFAULT), Transient),
            ("team_added_to_org", Meaning::Again, Transient),
            ("fatal_error", Meaning::Again, Transient),
            ("cant_delete_message", Meaning::Forbidden, Permanent),
            ("restricted_action_read_only", Meaning::Forbidden, Permanent),
            ("not_in_channel", Meaning::NotAMember, Permanent),
            (
                "invalid_blocks",
                Meaning::Misconfigured { needed: None },
                Permanent,
            ),
            ("token_revoked", Meaning::AuthDead, Permanent),
            ("token_expired", Meaning::TokenExpired, Transient),
            ("invented_tomorrow", Meaning::Unknown, Permanent),
        ] {
            let error = refused(code);
            assert_eq!(
                (error.code(), error.meaning(), error.class()),
                (code, meaning, class)
            );
        }
    }

    #[test]
    fn a_missing_scope_names_what_is_needed() {
        let error = SlackError::refused(Some("missing_scope"), Some("files:write"));
        let needed = Some("files:write".to_owned());
        assert_eq!(error.meaning(), Meaning::Misconfigured { needed });
    }

    #[test]
    fn only_what_was_sent_may_have_happened() {
        for happened in [
            refused("fatal_error"),
            refused("internal_error"),
            SlackError::TimedOut,
            SlackError::Interrupted,
            SlackError::Failed { status: 503 },
            SlackError::Unreadable { status: 200 },
        ] {
            assert!(happened.may_have_happened(), "{happened}");
        }
        for not in [
            refused("cant_delete_message"),
            refused("invented_tomorrow"),
            SlackError::Unreachable,
            SlackError::Unreadable { status: 302 },
            SlackError::RateLimited {
                retry_after: Duration::ZERO,
            },
        ] {
            assert!(!not.may_have_happened(), "{not}");
        }
    }

    #[test]
    fn what_stands_in_the_place_of_a_code_is_not_repeated() {
        let error = refused("my card is 4111 1111 1111 1111");
        assert_eq!(error.code(), "unknown_error");
        assert!(!format!("{error} {error:?}").contains("4111"));
    }
}
