//! Why a deed on an account is not done.
//!
//! **Invariant:** no word of it holds an address, a password or a token.

use std::time::Duration;

use shared::job::RetryClass;
use shared::seal::SealError;

use super::MAX_TOKENS;
use crate::api::auth::{NoRandomness, PasswordError};
use crate::domain::accounts::Refusal;
use crate::domain::password::PasswordFault;
use crate::store::StoreError;

/// Why a deed on an account is not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Address and password do not belong together, or nobody with them may sign in.
    #[error("address or password is wrong")]
    WrongCredentials,
    /// There were too many failures for this address.
    #[error("too many failures in a row")]
    Locked {
        /// For how long nothing is tried.
        left: Duration,
    },
    /// Somebody has this address.
    #[error("somebody with this address is there already")]
    Taken,
    /// There is no such person or token.
    #[error("there is no such account")]
    Missing,
    /// It was changed since it was read.
    #[error("it has been changed meanwhile; read it again")]
    Stale,
    /// The change is not legal.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The reason of an erasure holds the address.
    #[error("`reason`: stands in the audit trail and must not name the person")]
    Named,
    /// The token to set a password is unknown, used or too old.
    #[error("the token is unknown, used or too old")]
    InvalidToken,
    /// The new password cannot be taken.
    #[error(transparent)]
    Fault(#[from] PasswordFault),
    /// Somebody has as many tokens as they may.
    #[error("there are {MAX_TOKENS} tokens already; revoke some first")]
    TooManyTokens,
    /// The password was not hashed or checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A mail was not sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A token was not made.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl AccountError {
    /// Whether trying the same again can help.
    pub fn class(&self) -> RetryClass {
        match self {
            Self::Locked { .. } => RetryClass::Transient,
            Self::Password(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Seal(error) => error.class(),
            Self::Randomness(error) => error.class(),
            _ => RetryClass::Permanent,
        }
    }
}
