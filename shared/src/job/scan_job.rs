//! The question: scan this with those detectors.

use serde::{Deserialize, Serialize};

use crate::content::{Gap, TextUnit};
use crate::ids::{BlobId, DetectorSetVersion, JobId, WorkspaceId};

/// One piece of content to scan. Serialised, then sealed as an envelope's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanJob {
    /// The job; results are counted once per id.
    pub id: JobId,
    /// Whose content it is.
    pub workspace: WorkspaceId,
    /// The detectors to use, exactly these.
    pub detectors: DetectorSetVersion,
    /// The content, or where to get it.
    pub payload: Payload,
}

/// The content of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payload {
    /// Text that travels with the job.
    Text {
        /// The pieces, in order.
        units: Vec<TextUnit>,
        /// What the sender already knows to be missing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gaps: Vec<Gap>,
    },
    /// A sealed blob that the node fetches from the coordinator.
    Blob {
        /// Which blob.
        blob: BlobId,
        /// Its length before sealing, in bytes.
        bytes: u64,
        /// The file's name, a hint to its type.
        name: String,
        /// The media type its sender claimed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
    },
    /// A file that Slack keeps and the node fetches from there.
    Remote(RemoteFile),
}

/// A file that Slack keeps.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteFile {
    /// Slack's id of it.
    pub id: String,
    /// Where it is, as far as it was told; else whoever fetches it has to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it is called, a hint to its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The media type, as Slack sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its length in bytes, as Slack says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Which file, and not what it is called or where it is.
impl std::fmt::Debug for RemoteFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemoteFile({})", self.id)
    }
}

/// Which stream a job travels on: a 100 MB file never delays a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobClass {
    /// Short text, scanned at once.
    Message,
    /// A file, extracted first.
    File,
}

impl JobClass {
    /// Both classes.
    pub const ALL: [Self; 2] = [Self::Message, Self::File];

    /// The word, as written in metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::File => "file",
        }
    }
}
