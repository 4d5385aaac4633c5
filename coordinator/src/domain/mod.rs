//! Decisions: what follows from what was found, and who may do what.
//!
//! Owns policies and roles, as pure functions of their arguments. Leaves reading and writing to `store`,
//! acting to `actors`, asking to `api`.
//! **Invariant:** no I/O, no clock, no randomness in here.

pub mod policy;
pub mod roles;
