//! Socket Mode: events, clicks and commands over connections that Weir opens itself.
//!
//! Owns the connections ([`Sockets`]), the frames on them and when each is acknowledged. Leaves what an envelope
//! says to `event` and `interaction`, and keeping it to the [`EnvelopeSink`].
//! **Invariant:** an envelope is acknowledged after it was taken, and not otherwise: Slack sends it again.

mod backoff;
mod connection;
mod frame;
mod presence;
mod sockets;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

pub use connection::Ended;
pub use frame::{Envelope, EnvelopeKind};
pub use sockets::{Patience, Sockets};

/// Takes what comes over the sockets.
#[async_trait]
pub trait EnvelopeSink: Send + Sync {
    /// Takes an envelope, for good: with `Some` Slack forgets it, with `None` it sends it again. Slack waits
    /// three seconds. Up to 64 of one connection are under way at once; when the connection breaks they are
    /// dropped where they are.
    async fn take(&self, envelope: Envelope) -> Option<Ack>;

    /// Between these times no connection was open. The time before the first one is not told.
    async fn gap(&self, from: DateTime<Utc>, to: DateTime<Utc>);

    /// A frame came that cannot be understood: worth counting.
    fn unknown(&self) {}
}

/// What Slack is answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ack {
    /// What a command answers at once, if Slack takes it.
    pub payload: Option<Value>,
}

#[cfg(test)]
mod tests;
