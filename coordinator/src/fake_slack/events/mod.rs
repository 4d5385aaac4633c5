//! What the app is told, and how it gets there.
//!
//! Owns events and their envelopes (`telling`, `envelope`), and bringing them by HTTP or web socket with the
//! retries that Slack makes (`courier`).
//! **Invariant:** an event is told once for each thing that happened, whatever number of times it is delivered.

mod courier;
mod envelope;
mod log;
mod post;
mod telling;

pub use courier::{Answered, Delivering, Order};
pub(super) use courier::{Courier, Errand};
pub(super) use log::Deliveries;
pub use log::{Attempt, Delivery, Settled};
pub use post::Failure;
