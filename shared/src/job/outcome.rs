//! Why things fail, and whether trying again can help.

use serde::{Deserialize, Serialize};

/// Whether trying again can help. Every error type that crosses a boundary has a `class()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryClass {
    /// Yes, later.
    Transient,
    /// No: the answer will be the same.
    Permanent,
    /// No, and it may take the process with it: set it aside.
    Poison,
}

/// Why a job ended without a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The scan panicked.
    Panicked,
    /// The envelope's seal or its contents could not be read.
    Unreadable,
    /// The blob is gone.
    BlobMissing,
    /// Delivered too often without a result.
    TooManyAttempts,
    /// The detectors it names could not be compiled.
    DetectorsRejected,
    /// The file rests with somebody else than Slack, where no token of ours is sent.
    FileElsewhere,
    /// Slack does not give the file to our token.
    FileRefused,
    /// The file is gone.
    FileGone,
    /// The file is longer than is fetched.
    FileTooLarge,
}

impl FailureReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Panicked,
        Self::Unreadable,
        Self::BlobMissing,
        Self::TooManyAttempts,
        Self::DetectorsRejected,
        Self::FileElsewhere,
        Self::FileRefused,
        Self::FileGone,
        Self::FileTooLarge,
    ];

    /// The word, as written in metrics, the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Panicked => "panicked",
            Self::Unreadable => "unreadable",
            Self::BlobMissing => "blob_missing",
            Self::TooManyAttempts => "too_many_attempts",
            Self::DetectorsRejected => "detectors_rejected",
            Self::FileElsewhere => "file_elsewhere",
            Self::FileRefused => "file_refused",
            Self::FileGone => "file_gone",
            Self::FileTooLarge => "file_too_large",
        }
    }
}
