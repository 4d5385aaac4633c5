//! The stand-in for Slack, over HTTP: that it says what Slack says.

mod calls;
mod events;
mod failing;
mod organisations;
mod page;
mod sockets;
mod stand;
mod visits;
