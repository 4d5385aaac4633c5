//! What holds whatever the input: one module per fuzz target, each a `check` that panics if it does not.
//!
//! Owns the claims. Leaves finding inputs to libFuzzer; `tests/seeds.rs` holds the claims against the seeds on
//! every change, so that what was found once stays found.
//! **Invariant:** equal bytes get equal checks: no clock, no dice.

#![allow(
    clippy::missing_panics_doc,
    reason = "to panic is how a claim is refuted"
)]

pub mod extract;
pub mod normalise;
pub mod pack;
pub mod pattern;
pub mod scan;
