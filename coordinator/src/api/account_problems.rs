//! What callers are told when a deed on an account is not done.
//!
//! **Invariant:** an address that nobody has and one whose password is wrong are told alike.

use super::problem::{ApiError, ErrorCode};
use crate::accounts::AccountError;
use crate::domain::accounts::Refusal;

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let told = |code, error: AccountError| Self::new(code).with_detail(error.to_string());
        match error {
            AccountError::WrongCredentials => Self::new(ErrorCode::InvalidCredentials),
            AccountError::Locked { left } => Self::new(ErrorCode::TooManyRequests)
                .with_detail("too many failures in a row: wait as long as `Retry-After` says, or reset the password")
                .with_retry_after(left),
            AccountError::Missing => Self::new(ErrorCode::NotFound),
            AccountError::Stale => super::precondition::stale(),
            AccountError::InvalidToken => Self::new(ErrorCode::InvalidToken),
            AccountError::Named => Self::unusable(vec![error.to_string()]),
            AccountError::Fault(fault) => Self::unusable(vec![fault.to_string()]),
            AccountError::Taken
            | AccountError::TooManyTokens
            | AccountError::Refused(Refusal::Oneself | Refusal::LastAdmin) => told(ErrorCode::Conflict, error),
            AccountError::Store(error) => error.into(),
            AccountError::Password(error) => Self::failed(error.class(), error),
            AccountError::Seal(error) => Self::failed(error.class(), error),
            AccountError::Randomness(error) => Self::failed(error.class(), error),
        }
    }
}
