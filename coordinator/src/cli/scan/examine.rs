//! One file: open, read, scan, report.
//!
//! Owns what a failing file means and which findings are kept. Leaves reading formats to `scanner_node`.
//! **Invariant:** memory is bounded by a block and the findings, whatever the file's size; no value
//! outlives the callback it came in.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use scanner_node::detect::{Engine, Scratch};
use scanner_node::extract::{ExtractError, Hint, Limits};
use scanner_node::scan::{Summary, scan_reader};
use shared::content::{Coverage, Gap, GapReason};

use super::Filter;
use super::metered::Metered;
use super::progress::Progress;
use super::report::{FileReport, Hit, Outcome};
use super::walk::{Entry, STDIN};

/// What is the same for all files.
pub(super) struct Examiner<'e> {
    pub(super) engine: &'e Engine,
    pub(super) filter: Filter,
    pub(super) limits: Limits,
}

impl Examiner<'_> {
    pub(super) fn examine(
        &self,
        entry: &Entry,
        scratch: &mut Scratch,
        progress: &Progress,
    ) -> FileReport {
        let opened = open(&entry.path);
        let report = match opened {
            Ok(input) => self.read(entry, Metered::new(input, progress), scratch),
            Err(error) => FileReport::unreadable(&entry.path, error.kind()),
        };
        let expected = entry.bytes.min(self.limits.total_bytes);
        progress.finished(
            expected.saturating_sub(report.read_bytes),
            report.hits.len(),
        );
        report
    }

    fn read(
        &self,
        entry: &Entry,
        mut input: Metered<'_, Box<dyn Read>>,
        scratch: &mut Scratch,
    ) -> FileReport {
        let name = entry
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let hint = Hint {
            name,
            media_type: None,
        };
        let mut hits = Vec::new();
        let scanned = scan_reader(
            self.engine,
            scratch,
            (&mut input, &hint),
            &self.limits,
            &mut |located| {
                let spec = &located.detector;
                if self.filter.passes(&spec.info_type, located.likelihood) {
                    hits.push(Hit::of(located));
                }
            },
        );
        FileReport {
            path: entry.path.display().to_string(),
            scanned_bytes: scanned.as_ref().map_or(0, |summary| summary.scanned_bytes),
            outcome: outcome(scanned),
            read_bytes: input.read_bytes(),
            exact_offsets: input.is_plain_utf8(),
            hits,
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(if path == Path::new(STDIN) {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path)?)
    })
}

fn outcome(scanned: Result<Summary, ExtractError>) -> Outcome {
    match scanned {
        Err(ExtractError::Read(kind)) => Outcome::Unreadable {
            reason: kind.to_string(),
        },
        Ok(Summary {
            coverage: Coverage::Complete,
            ..
        }) => Outcome::Examined,
        Ok(Summary {
            coverage: Coverage::Partial { gaps },
            scanned_bytes,
            ..
        }) => {
            if scanned_bytes == 0 && gaps.contains(&Gap::whole(GapReason::UnsupportedType)) {
                Outcome::NotExamined { gaps }
            } else {
                Outcome::Partial { gaps }
            }
        }
    }
}
