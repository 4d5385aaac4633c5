//! From content to findings: extraction, detection, masking, fingerprints.
//!
//! Owns the step where a match loses its value: what leaves here holds a preview and a fingerprint.
//! **Invariant:** a value that stands in two places of one message (`text` and `blocks` say the same) is
//! reported where it stands most often, not twice.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

use shared::content::{Coverage, Gap, Location, TextUnit};
use shared::finding::{Finding, Fingerprint, InfoType};
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
            Ok(examined(summary, gaps, said_once(findings)))
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
    let detector = &located.found.detector;
    Finding {
        id: FindingId::fresh(),
        info_type: detector.info_type.clone(),
        detector: detector.id.clone(),
        likelihood: located.found.likelihood,
        severity: detector.severity,
        start: located.start,
        end: located.end,
        preview: located.preview,
        fingerprint: fingerprinter.fingerprint(&detector.info_type, &located.value),
        location: located.location,
        explanation: located.found.evidence,
    }
}

/// Keeps, of each value, the findings in the one place that has most of them.
fn said_once(findings: Vec<Finding>) -> Vec<Finding> {
    let mut counts: HashMap<(InfoType, Fingerprint), Vec<(Location, usize)>> = HashMap::new();
    for finding in &findings {
        let places = counts.entry(value_of(finding)).or_default();
        match places
            .iter_mut()
            .find(|(place, _)| *place == finding.location)
        {
            Some((_, count)) => *count += 1,
            None => places.push((finding.location.clone(), 1)),
        }
    }
    findings
        .into_iter()
        .filter(|finding| {
            let places = counts.get(&value_of(finding));
            let most = places.and_then(|places| {
                // The first of equals: `text` stands before `blocks`.
                places.iter().rev().max_by_key(|(_, count)| *count)
            });
            most.is_some_and(|(place, _)| *place == finding.location)
        })
        .collect()
}

fn value_of(finding: &Finding) -> (InfoType, Fingerprint) {
    (finding.info_type.clone(), finding.fingerprint.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(place: &str, value: &str) -> Finding {
        serde_json::from_value(serde_json::json!({
            "id": FindingId::fresh(), "info_type": "TEST", "detector": "test", "likelihood": "LIKELY",
            "severity": "LOW", "start": 0, "end": 1, "preview": "*", "fingerprint": value,
            "location": { "pointer": place }, "explanation": [],
        }))
        .unwrap()
    }

    fn places(findings: Vec<Finding>) -> Vec<(String, String)> {
        said_once(findings)
            .into_iter()
            .map(|finding| {
                let place = finding.location.pointer.unwrap();
                (place, finding.fingerprint.as_str().to_owned())
            })
            .collect()
    }

    #[test]
    fn what_text_and_blocks_both_say_is_reported_in_text() {
        let kept = places(vec![
            at("/text", "a"),
            at("/blocks/0", "a"),
            at("/blocks/0", "b"),
        ]);
        assert_eq!(
            kept,
            [
                ("/text".into(), "a".into()),
                ("/blocks/0".into(), "b".into())
            ]
        );
    }

    #[test]
    fn a_value_written_twice_in_one_place_is_two_findings() {
        let kept = places(vec![
            at("/text", "a"),
            at("/blocks/0", "a"),
            at("/blocks/0", "a"),
        ]);
        assert_eq!(
            kept,
            [
                ("/blocks/0".into(), "a".into()),
                ("/blocks/0".into(), "a".into())
            ]
        );
    }
}
