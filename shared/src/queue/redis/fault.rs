//! What went wrong, in words that repeat nothing from the wire.
//!
//! Owns the reading of errors. A server's error text may quote the command it refuses, so only its code
//! (its first word) is kept.
//! **Invariant:** no [`QueueError`] made here holds a key, an address, a URL or an entry's content.

use deadpool_redis::PoolError;
use deadpool_redis::redis::{ErrorKind, RedisError};

use crate::queue::QueueError;

/// What is left of an error once its text is taken away.
#[derive(Debug, thiserror::Error)]
#[error("redis: {0}")]
struct Fault(String);

/// Codes that say "not now".
const NOT_NOW: [&str; 14] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MOVED",
    "ASK",
    "MISCONF",
    "NOREPLICAS",
    "BUSY",
    "EXECABORT",
    "NOGROUP",
    "UNBLOCKED",
    "UNKILLABLE",
];

/// The words for an error of the client or the server.
pub(super) fn fault(error: &RedisError) -> QueueError {
    let Some(code) = code(error) else {
        let words = words(error);
        return match error.kind() {
            ErrorKind::InvalidClientConfig | ErrorKind::AuthenticationFailed => refused(&words),
            _ => unavailable(&words),
        };
    };
    if code == "OOM" {
        QueueError::Full
    } else if NOT_NOW.contains(&code.as_str()) {
        unavailable(&code)
    } else {
        refused(&code)
    }
}

/// The words for a pool that gave no connection.
pub(super) fn pool_fault(error: PoolError) -> QueueError {
    match error {
        PoolError::Backend(error) => fault(&error),
        PoolError::Timeout(_) => unavailable("no connection in time"),
        _ => unavailable("the pool is closed"),
    }
}

/// Whether the group (or its stream) is gone.
pub(super) fn is_group_lost(error: &RedisError) -> bool {
    code(error).is_some_and(|code| code == "NOGROUP" || code == "UNBLOCKED")
}

/// An answer that is none of those the command can give.
pub(super) fn unexpected(command: &str) -> QueueError {
    unavailable(&format!("unexpected answer to {command}"))
}

pub(super) fn unavailable(words: &str) -> QueueError {
    QueueError::Unavailable(Box::new(Fault(words.to_owned())))
}

pub(super) fn refused(words: &str) -> QueueError {
    QueueError::Refused(Box::new(Fault(words.to_owned())))
}

/// The code of the first refusal by the server, if it was the server that refused. In a pipeline or a
/// transaction, `EXECABORT` only says that another command was refused.
fn code(error: &RedisError) -> Option<String> {
    let codes: Vec<String> = match error.clone().into_server_errors() {
        Some(errors) => errors
            .iter()
            .map(|(_, error)| error.code().to_owned())
            .collect(),
        None => error.code().map(str::to_owned).into_iter().collect(),
    };
    let first = codes
        .iter()
        .find(|code| *code != "EXECABORT")
        .or(codes.first())?;
    let is_word = first.len() <= 24 && first.bytes().all(|byte| byte.is_ascii_uppercase());
    Some(if is_word { first.as_str() } else { "ERR" }.to_owned())
}

fn words(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if error.is_connection_refusal() {
        return "connection refused".to_owned();
    }
    if error.is_connection_dropped() {
        return "connection lost".to_owned();
    }
    error.category().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::job::RetryClass;

    #[test]
    fn a_client_error_loses_its_text() {
        let secret = "xoxb-1234".to_owned();
        let error = fault(&(ErrorKind::InvalidClientConfig, "bad url", secret).into());
        assert_eq!(error.class(), RetryClass::Permanent);
        assert!(!format!("{error} {error:?}").contains("xoxb"));
    }

    #[test]
    fn a_lost_connection_is_worth_another_try() {
        for kind in [
            io::ErrorKind::TimedOut,
            io::ErrorKind::ConnectionRefused,
            io::ErrorKind::BrokenPipe,
        ] {
            let error = fault(&io::Error::from(kind).into());
            assert_eq!(error.class(), RetryClass::Transient, "{kind}");
        }
    }
}
