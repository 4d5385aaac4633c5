//! The client against a server that answers as Slack does, and as it should not.

pub(crate) mod server;

mod calls;
mod faults;
