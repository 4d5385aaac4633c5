//! Actors that come back, and work that is bounded.
//!
//! Owns the supervisor actix lacks ([`Guardian`]: an actix actor whose handler panics is gone for good), the
//! handle by which others ask ([`Ask`]), and the permits that bound concurrency ([`Permits`]).
//! **Invariant:** nothing here panics because an actor did.

mod ask;
mod guardian;
mod permits;

pub use ask::{Ask, Asked, answer_with};
pub use guardian::{GuardOptions, Guarded, Guardian};
pub use permits::{Drain, Permit, Permits};

use actix::Message;

use crate::job::RetryClass;

/// Asks an actor whether it still takes messages. Every guarded actor answers it: see
/// [`answers_ping`](crate::answers_ping).
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Ping;

/// Lets an actor answer [`Ping`](crate::actor::Ping).
#[macro_export]
macro_rules! answers_ping {
    ($actor:ty) => {
        impl ::actix::Handler<$crate::actor::Ping> for $actor {
            type Result = ();

            fn handle(&mut self, _: $crate::actor::Ping, _: &mut Self::Context) {}
        }
    };
}

/// Why an actor gave no answer. The message may or may not have been worked on, except if it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActorError {
    /// The actor died over the message, or is given up.
    #[error("the actor {0} is gone")]
    Gone(&'static str),
    /// No answer in time.
    #[error("the actor {0} did not answer in time")]
    TimedOut(&'static str),
    /// Its mailbox is full.
    #[error("the mailbox of the actor {0} is full")]
    Refused(&'static str),
}

impl ActorError {
    /// Whether trying again can help: always, since an actor comes back or the process does.
    pub const fn class(self) -> RetryClass {
        match self {
            Self::Gone(_) | Self::TimedOut(_) | Self::Refused(_) => RetryClass::Transient,
        }
    }
}
