//! `/slack`: what Slack calls.
//!
//! Owns the way from a signed request to what is on disk. What it says is read by `slack`, what follows from it is for
//! the actors.
//! **Invariant:** 200 means: on disk, or nothing to keep. Anything else makes Slack, or whoever pressed a button, ask
//! again.

#![expect(
    clippy::missing_errors_doc,
    reason = "a handler's errors are its documented answers"
)]

pub mod commands;
pub mod events;
pub mod install;
pub mod interactivity;
mod signed;

use super::problem::{ApiError, ErrorCode};
use crate::inbox::InboxError;

pub use signed::{FormBySlack, SignedBySlack};

impl From<InboxError> for ApiError {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::NotJson => {
                Self::new(ErrorCode::Malformed).with_detail("the body is not JSON")
            }
            InboxError::Unreadable => Self::new(ErrorCode::Malformed)
                .with_detail("the body is no form that Slack would send"),
            error => Self::failed(error.class(), error),
        }
    }
}
