//! What Weir's own messages look like.
//!
//! Owns texts that are safe to post ([`Mrkdwn`], [`Plain`]), Block Kit within Slack's limits ([`Block`],
//! [`Button`], [`Input`], [`Card`]) and taking the sting out of text that is posted again ([`defuse`]). Leaves
//! what to say to whoever says it.
//! **Invariant:** whatever a text holds, nobody is pinged by it, and no block is refused for its length.

mod block;
mod card;
mod cut;
mod defuse;
mod element;
mod text;

pub use block::Block;
pub use card::Card;
pub use defuse::defuse;
pub use element::{Button, Confirm, Input};
pub use text::{Mrkdwn, Plain, escape};

#[cfg(test)]
mod tests;
