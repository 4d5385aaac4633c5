//! What tests stand on.
//!
//! Owns databases and rows to put in them.
//! **Invariant:** what a test starts ends with the test.

pub(crate) mod db;
pub(crate) mod rows;
