//! Decisions: what follows from what was found, and who may do what.
//!
//! Owns policies, alerts, the audit chain, roles, accounts, turns between workspaces and the pace of commits,
//! as pure functions of their arguments. Leaves reading and writing to `store`, acting to `actors`, asking to `api`.
//! **Invariant:** no I/O, no clock, no randomness in here.

pub mod accounts;
pub mod address;
pub mod alert;
pub mod backfill;
pub mod block;
pub mod capability;
pub mod chain;
pub mod due_times;
pub mod events;
pub mod forwarded;
pub mod lockout;
pub mod notice;
pub mod pace;
pub mod password;
pub mod policy;
pub mod promise;
pub mod retention;
pub mod roles;
pub mod storm;
pub mod suppression;
pub mod turns;
