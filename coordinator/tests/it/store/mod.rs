//! The store's conformance suite: every claim holds on SQLite and on PostgreSQL.
//!
//! Owns the claims about rows. Leaves what callers do with them to their own tests.
//! **Invariant:** a claim is written once and run on both.

mod alerts;
mod audit;
mod connection;
mod consequences;
mod detectors;
mod events;
mod idempotency;
mod intake;
mod jobs;
mod notices;
mod people;
mod results;
mod schema;
mod settings;
mod webhooks;
