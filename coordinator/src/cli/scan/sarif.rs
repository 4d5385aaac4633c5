//! A scan as SARIF 2.1.0, for code hosts and editors.
//!
//! Owns the mapping: detectors to rules, severity to level, places to regions.
//! **Invariant:** a region is exact or left out: byte offsets are given only where the file's bytes are
//! the text that was scanned.
//!
//! # Source
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::path::{Component, Path};

use serde_json::{Value, json};
use shared::detector::{DetectorSet, DetectorSpec};
use shared::finding::Severity;
use url::Url;

use super::report::{FileReport, Hit, Outcome, Report};
use super::table::reason;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The document.
pub(super) fn document(report: &Report, set: &DetectorSet) -> Value {
    let rules: Vec<Value> = set.detectors.iter().map(rule).collect();
    let results: Vec<Value> = report
        .hits()
        .map(|(file, hit)| result(file, hit, set))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "weir",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
                "properties": { "detectorSet": set.version },
            }},
            "invocations": [{
                "executionSuccessful": report.totals().unreadable == 0,
                "toolExecutionNotifications":
                    report.files.iter().filter_map(notification).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    })
}

fn rule(spec: &DetectorSpec) -> Value {
    let mut rule = json!({
        "id": spec.id,
        "name": spec.info_type,
        "shortDescription": { "text": spec.name },
        "fullDescription": { "text": spec.description },
        "help": { "text": spec.handling },
        "defaultConfiguration": { "level": level(spec.severity) },
        "properties": {
            "tags": ["security", "data-loss-prevention"],
            "security-severity": score(spec.severity),
        },
    });
    if let (Some(rule), Some(reference)) = (rule.as_object_mut(), spec.references.first()) {
        rule.insert("helpUri".to_owned(), json!(reference));
    }
    rule
}

fn result(file: &FileReport, hit: &Hit, set: &DetectorSet) -> Value {
    let index = set
        .detectors
        .iter()
        .position(|spec| spec.id == hit.detector);
    json!({
        "ruleId": hit.detector,
        "ruleIndex": index,
        "level": level(hit.severity),
        "message": { "text": format!(
            "{}: {} ({}, {})", hit.info_type, hit.preview, hit.likelihood, hit.severity
        )},
        "locations": [location(file, Some(hit))],
        "properties": {
            "infoType": hit.info_type,
            "likelihood": hit.likelihood,
            "severity": hit.severity,
            "place": hit.location,
            "explanation": hit.explanation,
        },
    })
}

fn location(file: &FileReport, hit: Option<&Hit>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(Path::new(&file.path)) } });
    let region = hit.and_then(|hit| region(file, hit));
    if let (Some(physical), Some(region)) = (physical.as_object_mut(), region) {
        physical.insert("region".to_owned(), region);
    }
    json!({ "physicalLocation": physical })
}

/// Offsets of mark-up and JSON are those of the text without escapes.
fn region(file: &FileReport, hit: &Hit) -> Option<Value> {
    let at = &hit.location;
    let exact = file.exact_offsets && at.pointer.is_none() && at.part.is_none();
    let mut region = serde_json::Map::new();
    if let Some(line) = at.line {
        region.insert("startLine".to_owned(), json!(line));
    }
    if exact {
        region.insert("byteOffset".to_owned(), json!(hit.start));
        region.insert("byteLength".to_owned(), json!(hit.end - hit.start));
    }
    (!region.is_empty()).then_some(Value::Object(region))
}

/// What was not examined, or not wholly.
fn notification(file: &FileReport) -> Option<Value> {
    let (level, text) = match &file.outcome {
        Outcome::Examined => return None,
        Outcome::Unreadable { reason } => ("error", format!("cannot be read: {reason}")),
        Outcome::Partial { gaps } | Outcome::NotExamined { gaps } => {
            let reasons: Vec<&str> = gaps.iter().map(|gap| reason(gap.reason)).collect();
            (
                "warning",
                format!("not or not wholly examined: {}", reasons.join(", ")),
            )
        }
    };
    Some(json!({
        "level": level,
        "message": { "text": text },
        "locations": [location(file, None)],
    }))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// On the scale of CVSS, which code hosts sort by.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.5",
    }
}

/// A reference: absolute for absolute paths, else relative to where the scan ran.
fn uri(path: &Path) -> String {
    if let Ok(absolute) = Url::from_file_path(path) {
        return absolute.into();
    }
    let segments: Vec<String> = path
        .components()
        .filter_map(|component| match component {
            Component::ParentDir => Some("..".to_owned()),
            Component::Normal(name) => Some(encoded(&name.to_string_lossy())),
            _ => None,
        })
        .collect();
    let relative = segments.join("/");
    // A colon in the first segment would make a scheme of what stands before it.
    match segments.first() {
        Some(first) if first.contains(':') => format!("./{relative}"),
        _ => relative,
    }
}

fn encoded(segment: &str) -> String {
    let Ok(mut url) = Url::parse("file:///") else {
        return segment.to_owned();
    };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(segment);
    }
    url.path().trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            ("a/b.txt", "a/b.txt"),
            ("./a b/ü#?%.txt", "a%20b/%C3%BC%23%3F%25.txt"),
            ("../x/../y.txt", "../x/../y.txt"),
            ("c:d.txt", "./c:d.txt"),
            ("/tmp/a b.txt", "file:///tmp/a%20b.txt"),
            ("-", "-"),
        ] {
            assert_eq!(uri(Path::new(path)), expected);
        }
    }
}
