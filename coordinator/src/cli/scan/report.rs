//! What a scan gave, before it is written in a format.
//!
//! Owns findings, the state of each file, and the totals.
//! **Invariant:** holds masked previews, never values.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use scanner_node::scan::Located;
use serde::Serialize;
use shared::content::{Gap, Location};
use shared::detector::DetectorSpec;
use shared::finding::{Evidence, InfoType, Likelihood, Severity};
use shared::ids::DetectorId;

use super::walk::Skipped;

/// One finding, without the id and the fingerprint that it would have online.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct Hit {
    pub(in crate::cli) info_type: InfoType,
    pub(in crate::cli) detector: DetectorId,
    pub(in crate::cli) likelihood: Likelihood,
    pub(in crate::cli) severity: Severity,
    /// First byte, in the decoded text.
    pub(in crate::cli) start: u64,
    /// One past the last byte, in the decoded text.
    pub(in crate::cli) end: u64,
    /// The value, masked.
    pub(in crate::cli) preview: String,
    pub(in crate::cli) location: Location,
    pub(in crate::cli) explanation: Vec<Evidence>,
}

impl Hit {
    /// Takes what may be shown.
    pub(in crate::cli) fn of(located: Located<'_>) -> Self {
        let spec: Arc<DetectorSpec> = located.detector;
        Self {
            info_type: spec.info_type.clone(),
            detector: spec.id.clone(),
            likelihood: located.likelihood,
            severity: spec.severity,
            start: located.start,
            end: located.end,
            preview: located.preview,
            // The file stands beside each finding, with its whole path.
            location: Location {
                file: None,
                ..located.location
            },
            explanation: located.evidence,
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Outcome {
    /// All of it was examined.
    Examined,
    /// Some of it was.
    Partial { gaps: Vec<Gap> },
    /// There is no reader for it.
    NotExamined { gaps: Vec<Gap> },
    /// It could not be opened, or not be read to its end.
    Unreadable { reason: String },
}

/// One file.
#[derive(Clone, Debug)]
pub(super) struct FileReport {
    pub(super) path: String,
    pub(super) outcome: Outcome,
    pub(super) read_bytes: u64,
    pub(super) scanned_bytes: u64,
    /// Whether offsets in the decoded text are offsets in the file.
    pub(super) exact_offsets: bool,
    pub(super) hits: Vec<Hit>,
}

/// The whole scan.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// In order of path.
    pub(super) files: Vec<FileReport>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) elapsed: Duration,
}

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    pub(super) files: usize,
    pub(super) examined: usize,
    pub(super) partial: usize,
    pub(super) not_examined: usize,
    pub(super) unreadable: usize,
    pub(super) skipped: usize,
    pub(super) read_bytes: u64,
    pub(super) scanned_bytes: u64,
    pub(super) findings: usize,
}

impl FileReport {
    pub(super) fn unreadable(path: &Path, kind: io::ErrorKind) -> Self {
        Self {
            path: path.display().to_string(),
            outcome: Outcome::Unreadable {
                reason: kind.to_string(),
            },
            read_bytes: 0,
            scanned_bytes: 0,
            exact_offsets: false,
            hits: Vec::new(),
        }
    }
}

impl Report {
    /// Puts together what was scanned and what could not be reached.
    pub(super) fn new(
        mut files: Vec<FileReport>,
        unreachable: &[(PathBuf, io::ErrorKind)],
        skipped: Vec<Skipped>,
        elapsed: Duration,
    ) -> Self {
        files.extend(
            unreachable
                .iter()
                .map(|(path, kind)| FileReport::unreadable(path, *kind)),
        );
        files.sort_by(|a, b| Path::new(&a.path).cmp(Path::new(&b.path)));
        Self {
            files,
            skipped,
            elapsed,
        }
    }

    /// All findings, each with its file.
    pub(super) fn hits(&self) -> impl Iterator<Item = (&FileReport, &Hit)> {
        self.files
            .iter()
            .flat_map(|file| file.hits.iter().map(move |hit| (file, hit)))
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            files: self.files.len(),
            skipped: self.skipped.len(),
            ..Totals::default()
        };
        for file in &self.files {
            *match file.outcome {
                Outcome::Examined => &mut totals.examined,
                Outcome::Partial { .. } => &mut totals.partial,
                Outcome::NotExamined { .. } => &mut totals.not_examined,
                Outcome::Unreadable { .. } => &mut totals.unreadable,
            } += 1;
            totals.read_bytes += file.read_bytes;
            totals.scanned_bytes += file.scanned_bytes;
            totals.findings += file.hits.len();
        }
        totals
    }
}
