//! Weir's coordinator: takes Slack events in, keeps the truth in SQL, decides, and serves the API.
//!
//! Owns everything that needs HTTP or SQL. Leaves detection and file formats to `scanner-node`, what crosses
//! a process boundary to `shared`.
//! **Invariant:** Slack gets its 200 only for events that are in the database.

pub mod accounts;
pub mod actors;
pub mod alarms;
pub mod alert_work;
pub mod api;
pub mod app;
pub mod arrivals;
pub mod backfill;
pub mod bell;
pub mod blobs;
pub mod cli;
pub mod config;
pub mod consequences;
pub mod detector_changes;
pub mod detector_cost;
pub mod detector_sets;
pub mod domain;
pub mod ended_sessions;
pub mod enforcement;
#[cfg(feature = "fake-slack")]
pub mod fake_slack;
pub mod first_start;
pub mod gaps;
#[cfg(feature = "embedded")]
pub mod heartbeats;
pub mod inbox;
pub mod installations;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod mended;
pub mod originals;
pub mod outgoing;
pub mod policies;
pub mod policy_changes;
pub mod privacy;
pub mod releases;
pub mod replays;
pub mod shared_limits;
pub mod slack;
pub mod store;
pub mod suppression_changes;
pub mod suppressions;
pub mod survey;
pub mod tickets;
pub mod trail;
pub mod webhooks;
