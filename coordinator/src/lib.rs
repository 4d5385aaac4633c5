//! Weir's coordinator: takes Slack events in, keeps the truth in SQL, decides, and serves the API.
//!
//! Owns everything that needs HTTP or SQL. Leaves detection and file formats to `scanner-node`, what crosses
//! a process boundary to `shared`.
//! **Invariant:** Slack gets its 200 only for events that are in the database.

pub mod api;
pub mod domain;
pub mod slack;
pub mod store;
