//! What went wrong, in words that repeat nothing from the wire.
//!
//! Owns the reading of the SDK's errors: of a refusal only its code is kept, because its text may hold
//! queue names, accounts and parts of the request.
//! **Invariant:** no [`QueueError`] made here holds an address, a URL or an entry's content.

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::queue::QueueError;

#[derive(Debug, thiserror::Error)]
#[error("sqs: {0}")]
struct Fault(String);

/// The words for an error of the SDK or of SQS.
pub(super) fn fault<E: ProvideErrorMetadata>(error: &SdkError<E>) -> QueueError {
    match error {
        SdkError::TimeoutError(_) => unavailable("no answer in time"),
        SdkError::DispatchFailure(failure) if failure.is_user() || failure.is_other() => {
            refused("no credentials, or no region")
        }
        SdkError::DispatchFailure(_) => unavailable("cannot be reached"),
        SdkError::ResponseError(_) => unavailable("the answer cannot be read"),
        SdkError::ServiceError(refusal) => {
            let code = refusal.err().code().unwrap_or_default();
            if refusal.raw().status().is_server_error() || is_passing(code) {
                unavailable(clean(code))
            } else {
                refused(clean(code))
            }
        }
        _ => refused("the request cannot be made"),
    }
}

pub(super) fn unavailable(words: &str) -> QueueError {
    QueueError::Unavailable(Box::new(Fault(words.to_owned())))
}

pub(super) fn refused(words: &str) -> QueueError {
    QueueError::Refused(Box::new(Fault(words.to_owned())))
}

/// A code if it looks like one.
pub(super) fn clean(code: &str) -> &str {
    let is_code = (1..=80).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if is_code { code } else { "unnamed error" }
}

/// Refusals that end by themselves.
fn is_passing(code: &str) -> bool {
    ["Throttl", "OverLimit", "SlowDown", "ExpiredToken"]
        .iter()
        .any(|word| code.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_are_repeated() {
        assert_eq!(clean("AccessDenied"), "AccessDenied");
        assert_eq!(clean("queue arn:aws:sqs:eu:1:x is gone"), "unnamed error");
        assert_eq!(clean(""), "unnamed error");
    }

    #[test]
    fn throttling_passes() {
        assert!(is_passing("RequestThrottled"));
        assert!(is_passing("ThrottlingException"));
        assert!(!is_passing("AccessDenied"));
    }
}
