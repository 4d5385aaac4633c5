//! The ways through Weir when nothing fails, with real processes.
//!
//! **Invariant:** each flow ends with a balanced ledger and an empty queue.

mod canary;
mod detectors;
mod distributed;
mod embedded;
mod mail;
mod mail_tls;
mod trace;
