//! A scan as one JSON document.
//!
//! Owns its shape. **Invariant:** two scans of the same files give the same document: nothing in it
//! depends on time or threads.

use serde::Serialize;
use serde_json::{Value, json};
use shared::detector::DetectorSet;

use super::report::{FileReport, Hit, Outcome, Report};

/// A finding and its file.
#[derive(Serialize)]
struct Finding<'r> {
    path: &'r str,
    #[serde(flatten)]
    hit: &'r Hit,
}

/// How much of a file was examined.
#[derive(Serialize)]
struct File<'r> {
    path: &'r str,
    #[serde(flatten)]
    outcome: &'r Outcome,
    read_bytes: u64,
    findings: usize,
}

/// The document.
pub(super) fn document(report: &Report, set: &DetectorSet) -> Value {
    let finding = |(file, hit): (&FileReport, &Hit)| {
        let path = file.path.as_str();
        json!(Finding { path, hit })
    };
    let file = |file: &FileReport| {
        json!(File {
            path: &file.path,
            outcome: &file.outcome,
            read_bytes: file.read_bytes,
            findings: file.hits.len(),
        })
    };
    json!({
        "weir": env!("CARGO_PKG_VERSION"),
        "detector_set": set.version,
        "findings": report.hits().map(finding).collect::<Vec<_>>(),
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
        "skipped": report.skipped,
        "totals": report.totals(),
    })
}
