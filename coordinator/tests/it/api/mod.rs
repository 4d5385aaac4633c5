//! The API against a running `weir`: one folder a resource, one file a verb.
//!
//! Owns the claims that hold for all routes. What the API does to one actor or table is claimed beside it.

mod alerts;
mod audit;
mod auth;
mod detectors;
mod events;
mod examples;
mod groups;
mod lists;
mod mail;
mod messages;
mod permissions;
mod policies;
mod privacy;
mod problems;
mod scans;
mod service;
mod slack_events;
mod stats;
mod suppressions;
mod tokens;
mod users;
mod webhooks;
