//! Where a node gets what a job refers to: detector sets and blobs.
//!
//! Owns the two traits and their errors, and what a node reports of itself. In a node of its own both are the coordinator's internal API
//! (`coordinator_client`); in embedded mode the coordinator hands in its own.

use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::detector::DetectorSet;
use shared::ids::{BlobId, DetectorSetVersion, NodeId};
use shared::job::RetryClass;

/// Gives detector sets by version.
#[async_trait]
pub trait DetectorSource: Send + Sync {
    /// The set of this version or, where it is no longer known, the current one: newer rules than a job
    /// asks for are right, older ones are not.
    ///
    /// # Errors
    /// Transient if the source cannot be reached.
    async fn fetch(&self, version: &DetectorSetVersion) -> Result<Arc<DetectorSet>, SourceError>;
}

/// Gives sealed blobs.
#[async_trait]
pub trait BlobSource: Send + Sync {
    /// The sealed bytes, as a file open for reading at its start.
    ///
    /// # Errors
    /// [`SourceError::Missing`] if the blob is gone (permanent); transient otherwise.
    async fn fetch(&self, blob: BlobId) -> Result<File, SourceError>;
}

/// Why something a job refers to could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It does not exist, or no longer.
    #[error("not there any more")]
    Missing,
    /// The node's credential was refused.
    #[error("the coordinator refuses this node: check `WEIR_NODE__KEY`")]
    Refused,
    /// The source did not answer, or not in full.
    #[error("the source cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SourceError {
    /// Whether trying again can help. A refused node may be let in after its key is mended.
    pub const fn class(&self) -> RetryClass {
        match self {
            Self::Missing => RetryClass::Permanent,
            Self::Refused | Self::Unavailable(_) => RetryClass::Transient,
        }
    }
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeReport {
    /// Which node: new at each start of its process.
    pub id: NodeId,
    /// The host's or pod's name.
    pub name: String,
    /// The version of the binary.
    pub version: String,
    /// When the process started.
    pub started_at: DateTime<Utc>,
    /// Messages it scans at once, at most.
    pub message_slots: u32,
    /// Files it scans at once, at most.
    pub file_slots: u32,
    /// Jobs answered since the start.
    pub answered: u64,
    /// Jobs failed for good since the start.
    pub failed: u64,
}
