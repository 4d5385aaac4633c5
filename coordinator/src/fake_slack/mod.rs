//! A stand-in for Slack, in this process's memory.
//!
//! Owns enough of Slack to try Weir against: the Web API with its refusals, events with their retries, Socket
//! Mode, buttons, files, several workspaces and organisations, and accidents on purpose. Tests start it and
//! ask it through [`FakeSlack`]; `weir fake-slack` shows it as a page. It knows nothing of the rest of Weir
//! but how requests are signed.
//! **Invariant:** it refuses what Slack refuses. Where Slack is not known to refuse or to allow something, it
//! refuses.

mod blocks;
mod deeds;
mod events;
mod faults;
mod handle;
mod limits;
pub mod model;
mod refusal;
pub mod seed;
mod show;
mod sockets;
mod stage;
mod start;
mod visits;
mod web;

pub use deeds::{Draft, InstallPlan, Tokens};
pub use events::{Answered, Attempt, Delivering, Delivery, Failure, Order, Settled};
pub use faults::{Fault, Faults, Odds};
pub use limits::{Limits, Tier};
pub use refusal::{Outcome, Refusal};
pub use stage::Call;
pub use start::{FakeSlack, Options, StartError};
pub use web::Consent;
