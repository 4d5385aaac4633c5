//! What a coordinator asks of a scanner node, and what it answers.
//!
//! Owns [`ScanJob`], [`ScanResult`] and the versioned [`Envelope`] both travel in. How an envelope's body
//! is sealed is for `seal`; how it travels is for `queue`.
//! **Invariant:** what stands in clear on an envelope is ids, numbers and trace context.

mod envelope;
mod outcome;
mod scan_job;
mod scan_result;

pub use envelope::{Envelope, Kind, TraceContext, WIRE_VERSION};
pub use outcome::{FailureReason, RetryClass};
pub use scan_job::{JobClass, Payload, RemoteFile, ScanJob};
pub use scan_result::{ScanOutcome, ScanResult};
