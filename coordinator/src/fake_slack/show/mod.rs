//! How things look in Slack's answers and events.
//!
//! Owns the JSON of messages, conversations, people and files. Leaves envelopes to `events`.
//! **Invariant:** what was deleted shows nothing of what it was.

mod conversation;
mod file;
mod message;
mod page;
mod people;

pub(super) use people::workspace;
