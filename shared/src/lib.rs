//! The contract between Weir's processes, and the plumbing every process needs.
//!
//! Owns what crosses a process boundary (ids, content, findings, detectors, jobs, the queue, sealing)
//! and what each binary starts with (configuration, lifecycle, telemetry, actor supervision).
//! Leaves SQL and HTTP to `coordinator`, detection and file parsing to `scanner-node`.
//!
//! **Invariant:** nothing here depends on diesel, actix-web or a file parser.

pub mod actor;
pub mod clock;
pub mod config;
pub mod content;
pub mod detector;
pub mod failpoint;
pub mod finding;
pub mod ids;
pub mod job;
pub mod lifecycle;
pub mod queue;
pub mod seal;
pub mod secret;
pub mod telemetry;
