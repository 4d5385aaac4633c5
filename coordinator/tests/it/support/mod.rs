//! What tests stand on.
//!
//! Owns databases and rows to put in them, installations and their processes, callers of them, and the
//! servers that tests take away from them.
//! **Invariant:** what a test starts ends with the test.

pub(crate) mod api;
pub(crate) mod collector;
pub(crate) mod company;
pub(crate) mod db;
pub(crate) mod patience;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod rows;
pub(crate) mod sealed;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod slack;
pub(crate) mod smtp;
pub(crate) mod sqs;
pub(crate) mod tls;
