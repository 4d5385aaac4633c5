//! Sums that several validators need.
//!
//! Owns the arithmetic alone; what a sum says of a value is the validator's.
//! **Invariant:** pure functions that never panic.

pub(super) mod base64_any;
pub(super) mod crc32;
pub(super) mod marvin32;
