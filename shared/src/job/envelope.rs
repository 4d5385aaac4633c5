//! The wrapping every job and result travels in, whatever carries it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::ids::{JobId, WorkspaceId};

/// The version this build writes. It reads this one and the one before.
pub const WIRE_VERSION: u16 = 1;

/// A sealed job or result, with what carriers and tracing need in clear.
///
/// `version`, `kind`, `job_id` and `workspace` are bound into the seal of `body` as associated data: a
/// body moved to another envelope does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The version it was written in.
    pub version: u16,
    /// What the body is.
    pub kind: Kind,
    /// The job it is about.
    pub job_id: JobId,
    /// Whose content it is: the key of fairness and of sharding.
    pub workspace: WorkspaceId,
    /// How often the job was dispatched before, from 0.
    pub attempt: u32,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// Sealed JSON of a [`ScanJob`](super::ScanJob) or [`ScanResult`](super::ScanResult).
    pub body: Bytes,
}

impl Envelope {
    /// What the seal of the body is bound to.
    pub fn associated_data(
        version: u16,
        kind: Kind,
        job_id: JobId,
        workspace: &WorkspaceId,
    ) -> Vec<u8> {
        format!("weir/{version}/{}/{job_id}/{workspace}", kind.as_str()).into_bytes()
    }
}

/// What an envelope's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A [`ScanJob`](super::ScanJob).
    Job,
    /// A [`ScanResult`](super::ScanResult).
    Result,
}

impl Kind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Result => "result",
        }
    }

    /// The kind a word on the wire names.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "job" => Some(Self::Job),
            "result" => Some(Self::Result),
            _ => None,
        }
    }
}

/// W3C trace context, as its two headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    /// `traceparent`, if there is a trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// `tracestate`, if any vendor left one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<String>,
}
