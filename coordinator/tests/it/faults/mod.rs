//! What fails, and what must happen: real processes, killed, cut off and emptied under load.
//!
//! **Invariant:** each test ends with the ledger: every event that got a 200 has exactly one result.

mod cluster;
mod embedded;
