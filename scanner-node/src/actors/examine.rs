//! From content to findings: extraction, detection, masking, fingerprints.
//!
//! Owns the step where a match loses its value. Leaves to `scan` what is found and how often it is said.
//! **Invariant:** what leaves here holds a preview and a fingerprint, never a value.

use std::fs::File;
use std::io::Read;

use shared::content::{Coverage, Gap, TextUnit};
use shared::finding::Finding;
use shared::ids::{BlobId, FindingId};
use shared::job::FailureReason;
use shared::seal::{Fingerprinter, OpenReader, blob_associated_data};

use super::NodeParts;
use crate::detect::{Engine, Scratch};
use crate::extract::{ExtractError, Hint, Limits};
use crate::scan::{self, Located, Summary};

/// What is to be examined.
pub(super) enum Content {
    /// Text that came with the job.
    Text {
        units: Vec<TextUnit>,
        gaps: Vec<Gap>,
    },
    /// A file.
    File(Box<SealedFile>),
}

/// A file as it rests: sealed.
pub(super) struct SealedFile {
    pub(super) sealed: File,
    pub(super) blob: BlobId,
    pub(super) name: String,
    pub(super) media_type: Option<String>,
}

/// What was found.
pub(super) struct Examined {
    pub(super) coverage: Coverage,
    pub(super) findings: Vec<Finding>,
    pub(super) bytes: u64,
}

/// Scans `content`.
///
/// # Errors
/// [`FailureReason::Unreadable`] if a file's seal is broken or its end is missing.
pub(super) fn examine(
    parts: &NodeParts,
    engine: &Engine,
    content: Content,
    scratch: &mut Scratch,
) -> Result<Examined, FailureReason> {
    let mut findings = Vec::new();
    let mut keep = |located: Located<'_>| findings.push(finding(&parts.fingerprinter, located));
    match content {
        Content::Text { units, gaps } => {
            let summary = scan::scan_units(engine, scratch, &units, &mut keep);
            Ok(examined(summary, gaps, findings))
        }
        Content::File(file) => {
            let aad = blob_associated_data(file.blob);
            let mut plain = OpenReader::new(&parts.blob_sealer, &aad, file.sealed);
            let hint = Hint {
                name: Some(file.name),
                media_type: file.media_type,
            };
            let limits = Limits {
                total_bytes: parts.limits.max_file_bytes,
                ..Limits::default()
            };
            let source = (&mut plain as &mut dyn Read, &hint);
            let summary = scan::scan_reader(engine, scratch, source, &limits, &mut keep)
                .map_err(|ExtractError::Read(error)| unreadable(error))?;
            Ok(examined(summary, Vec::new(), findings))
        }
    }
}

fn unreadable(kind: std::io::ErrorKind) -> FailureReason {
    tracing::warn!(?kind, "file cannot be read");
    FailureReason::Unreadable
}

fn examined(summary: Summary, mut gaps: Vec<Gap>, findings: Vec<Finding>) -> Examined {
    if let Coverage::Partial { gaps: more } = summary.coverage {
        gaps.extend(more);
    }
    Examined {
        coverage: Coverage::from_gaps(gaps),
        findings,
        bytes: summary.scanned_bytes,
    }
}

/// The match, less its value.
fn finding(fingerprinter: &Fingerprinter, located: Located<'_>) -> Finding {
    let detector = &located.detector;
    Finding {
        id: FindingId::fresh(),
        info_type: detector.info_type.clone(),
        detector: detector.id.clone(),
        likelihood: located.likelihood,
        severity: detector.severity,
        start: located.start,
        end: located.end,
        preview: located.preview,
        fingerprint: fingerprinter.fingerprint(&detector.info_type, &located.value),
        location: located.location,
        explanation: located.evidence,
    }
}
