//! What tests stand on.
//!
//! Owns databases and rows to put in them, processes, and the servers that tests take away from them.
//! **Invariant:** what a test starts ends with the test.

pub(crate) mod cluster;
pub(crate) mod collector;
pub(crate) mod db;
pub(crate) mod embedded;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod rows;
pub(crate) mod slack;
