//! Asking without knowing who answers.
//!
//! Owns the erased handle that modules keep instead of an actor's type, so that tests can put a function in
//! its place.
//! **Invariant:** an ask ends: with the answer or with an [`ActorError`].

use std::sync::Arc;

use actix::dev::ToEnvelope;
use actix::{Actor, Handler, Message};
use async_trait::async_trait;

use super::{ActorError, Guarded};

/// Answers messages of one type.
#[async_trait]
pub trait Ask<M>: Send + Sync
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// As [`Guarded::send`]; transient.
    async fn ask(&self, message: M) -> Result<M::Result, ActorError>;
}

/// Whoever answers messages of one type.
pub type Asked<M> = Arc<dyn Ask<M>>;

/// A function that answers, in place of an actor.
pub fn answer_with<M, F>(answer: F) -> Asked<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
    F: Fn(M) -> Result<M::Result, ActorError> + Send + Sync + 'static,
{
    Arc::new(Answering(answer))
}

struct Answering<F>(F);

#[async_trait]
impl<M, F> Ask<M> for Answering<F>
where
    M: Message + Send + 'static,
    M::Result: Send,
    F: Fn(M) -> Result<M::Result, ActorError> + Send + Sync,
{
    async fn ask(&self, message: M) -> Result<M::Result, ActorError> {
        (self.0)(message)
    }
}

#[async_trait]
impl<A, M> Ask<M> for Guarded<A>
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    async fn ask(&self, message: M) -> Result<M::Result, ActorError> {
        self.send(message).await
    }
}
