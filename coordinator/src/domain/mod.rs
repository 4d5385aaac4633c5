//! Decisions: what follows from what was found, and who may do what.
//!
//! Owns policies, alerts, the audit chain, roles, turns between workspaces and the pace of commits, as pure
//! functions of their arguments. Leaves reading and writing to `store`, acting to `actors`, asking to `api`.
//! **Invariant:** no I/O, no clock, no randomness in here.

pub mod alert;
pub mod chain;
pub mod events;
pub mod notice;
pub mod pace;
pub mod policy;
pub mod roles;
pub mod turns;
