//! Weir's scanner: what turns content into matches.
//!
//! Owns the detection engine, the extraction of text from files, the glue between the two, fetching files, and
//! the actors that pull jobs, scan and report. Leaves every decision about a match to the coordinator.
//! **Invariant:** `detect` and `extract` know nothing of each other, and neither does any I/O of its own.

#[cfg(feature = "worker")]
pub mod actors;
#[cfg(feature = "worker")]
pub mod config;
#[cfg(feature = "worker")]
pub mod coordinator_client;
pub mod detect;
#[cfg(feature = "extract")]
pub mod extract;
#[cfg(feature = "fetch")]
pub mod fetch;
#[cfg(feature = "worker")]
pub mod health;
pub mod index_keys;
#[cfg(feature = "worker")]
pub mod limits;
#[cfg(feature = "worker")]
pub mod metrics;
#[cfg(feature = "worker")]
pub mod node;
pub mod scan;
pub mod source;
