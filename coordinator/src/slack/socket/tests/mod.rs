//! Connections against a server that speaks as Slack does, and as it should not.

mod keeping;
mod one;
mod stage;
