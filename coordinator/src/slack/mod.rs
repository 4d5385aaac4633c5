//! What comes from Slack: is it genuine, what does it say, and which of it is text; and what is said to it.
//!
//! Owns the request signature ([`signature`]), the tolerant views of events ([`event`]) and of what people
//! click and type ([`interaction`]), the walk that finds every string ([`text`]), the Web API ([`client`]),
//! the blocks of our own messages ([`blocks`]) and connections for Socket Mode ([`socket`]). Leaves answering
//! HTTP to `api`, storing to `store`, deciding to `domain`.
//! **Invariant:** what is not understood is scanned as raw strings and counted, never dropped.

pub mod blocks;
pub mod client;
pub mod event;
pub mod interaction;
pub mod signature;
pub mod socket;
pub mod text;
