//! The answer: what was found, and how much was seen.

use serde::{Deserialize, Serialize};

use super::FailureReason;
use crate::content::Coverage;
use crate::finding::Finding;
use crate::ids::{DetectorSetVersion, JobId, NodeId, WorkspaceId};

/// What a node says of a job. Serialised, then sealed as an envelope's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanResult {
    /// The job it answers.
    pub job_id: JobId,
    /// Whose content it was.
    pub workspace: WorkspaceId,
    /// Which node scanned.
    pub node: NodeId,
    /// With which detectors.
    pub detectors: DetectorSetVersion,
    /// How it went.
    pub outcome: ScanOutcome,
    /// Time spent scanning, in microseconds.
    pub scan_us: u64,
    /// Bytes of text scanned.
    pub scanned_bytes: u64,
}

/// How a scan went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ScanOutcome {
    /// Scanned, as far as `coverage` says.
    Completed {
        /// How much was examined.
        coverage: Coverage,
        /// In order of position.
        findings: Vec<Finding>,
    },
    /// Not scanned, and trying again will not help.
    Failed {
        /// Why.
        reason: FailureReason,
    },
}
