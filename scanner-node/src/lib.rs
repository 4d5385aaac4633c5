//! Weir's scanner: what turns content into matches.
//!
//! Owns the detection engine, the extraction of text from files, and the glue between the two. Leaves
//! queues, leases and reporting to the actors, and every decision about a match to the coordinator.
//! **Invariant:** `detect` and `extract` know nothing of each other, and neither does any I/O of its own.

pub mod detect;
#[cfg(feature = "extract")]
pub mod extract;
pub mod scan;
