//! The store's conformance suite: every claim holds on SQLite and on PostgreSQL.
//!
//! Owns the claims about rows. Leaves what callers do with them to their own tests.
//! **Invariant:** a claim is written once and run on both.

mod alert_lists;
mod alert_work;
mod alerts;
mod audit;
mod backfills;
mod connection;
mod consequences;
mod detectors;
mod events;
mod groups;
mod idempotency;
mod intake;
mod jobs;
mod long_lists;
mod notices;
mod originals;
mod people;
mod policies;
mod results;
mod retention;
pub(crate) mod schema;
mod settings;
mod suppressions;
mod trail;
mod webhooks;
