//! Where a node gets what a job refers to: detector sets, blobs, and what it takes to fetch a file.
//!
//! Owns the traits and their errors, and what a node reports of itself. In a node of its own both are the coordinator's internal API
//! (`coordinator_client`); in embedded mode the coordinator hands in its own.

use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use shared::detector::DetectorSet;
use shared::ids::{BlobId, DetectorSetVersion, NodeId, WorkspaceId};
use shared::job::{FailureReason, RemoteFile, RetryClass};
use shared::secret::{ExposeSecret, SecretString};

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

/// Says where a file that Slack keeps is, and with which token it is fetched.
#[async_trait]
pub trait TicketSource: Send + Sync {
    /// What it takes to fetch the file; good for a few minutes.
    ///
    /// # Errors
    /// [`TicketError`].
    async fn ticket(
        &self,
        workspace: &WorkspaceId,
        file: &RemoteFile,
    ) -> Result<FileTicket, TicketError>;
}

/// What it takes to fetch a file from Slack.
#[derive(Clone, Serialize, Deserialize)]
pub struct FileTicket {
    /// Where it is.
    pub url: String,
    /// What is shown there, and nowhere else.
    #[serde(serialize_with = "shown_to_nodes")]
    pub token: SecretString,
    /// What it is called.
    #[serde(default)]
    pub name: Option<String>,
    /// The media type, as Slack sees it.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Its length in bytes, as Slack says.
    #[serde(default)]
    pub bytes: Option<u64>,
}

/// Over the internal API, which only nodes may call.
fn shown_to_nodes<S: Serializer>(token: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(token.expose_secret())
}

/// Neither address nor token.
impl std::fmt::Debug for FileTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileTicket").finish_non_exhaustive()
    }
}

/// Why there is no ticket for a file.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// It rests with somebody else than Slack. Permanent.
    #[error("the file is not kept by slack")]
    Elsewhere,
    /// Our token may not have it. Permanent.
    #[error("slack does not give the file to this installation")]
    Refused,
    /// It does not exist, or no longer. Permanent.
    #[error("the file is gone")]
    Gone,
    /// Nobody answered, or not now. Transient.
    #[error(transparent)]
    Unavailable(#[from] SourceError),
}

/// Why there never will be a ticket for a file, as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketRefusal {
    /// It rests with somebody else than Slack.
    Elsewhere,
    /// Our token may not have it.
    Refused,
    /// It does not exist, or no longer.
    Gone,
}

impl From<TicketRefusal> for TicketError {
    fn from(refusal: TicketRefusal) -> Self {
        match refusal {
            TicketRefusal::Elsewhere => Self::Elsewhere,
            TicketRefusal::Refused => Self::Refused,
            TicketRefusal::Gone => Self::Gone,
        }
    }
}

impl TicketError {
    /// The refusal it is, if it is one.
    ///
    /// # Errors
    /// What may be another time.
    pub fn refusal(self) -> Result<TicketRefusal, SourceError> {
        match self {
            Self::Elsewhere => Ok(TicketRefusal::Elsewhere),
            Self::Refused => Ok(TicketRefusal::Refused),
            Self::Gone => Ok(TicketRefusal::Gone),
            Self::Unavailable(error) => Err(error),
        }
    }

    /// Why a job about the file failed; none if it is worth trying again.
    pub const fn reason(&self) -> Option<FailureReason> {
        match self {
            Self::Elsewhere => Some(FailureReason::FileElsewhere),
            Self::Refused => Some(FailureReason::FileRefused),
            Self::Gone => Some(FailureReason::FileGone),
            Self::Unavailable(_) => None,
        }
    }

    /// Whether trying again can help.
    pub const fn class(&self) -> RetryClass {
        match self {
            Self::Unavailable(error) => error.class(),
            Self::Elsewhere | Self::Refused | Self::Gone => RetryClass::Permanent,
        }
    }
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
