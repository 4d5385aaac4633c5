//! Decisions, and nothing but: what follows from the facts that are handed in.
//!
//! Owns who may do what ([`roles`]). Leaves reading, storing and acting to others.
//! **Invariant:** pure: no I/O, no clock, no randomness; the same facts give the same decision.

pub mod roles;
