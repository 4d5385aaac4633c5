//! What a larger set costs: the built-in detectors and made-up ones of vendors.
//!
//! Owns the made-up detectors, which are what secret scanners mostly consist of: a vendor's prefix and
//! random characters. Each size is measured in a process of its own, so that memory is that size's.
//! **Invariant:** the same number of rules is the same set on every run.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, ensure};
use scanner_node::detect::{Engine, Scratch, builtin_specs};
use serde_json::json;
use shared::content::TextUnit;
use shared::detector::{DetectorSet, DetectorSpec};

use crate::corpora::Kind;
use crate::measure::{Speed, processor_time, resident_megabytes, seconds_since};
use crate::{Corpus, SEED, corpora, same_matches, say};

/// The plain loop takes its time for every rule: the more rules, the less text is held against it.
const CHECKED_BYTES_TIMES_RULES: usize = 500_000_000;
/// A small set is timed on more text than a large one; nobody takes longer than this.
const SECONDS: f64 = 3.0;

/// Prints a row for each number of rules.
pub(crate) fn table(sizes: &[usize], megabytes: f64) -> anyhow::Result<()> {
    let kinds = Kind::ALL.map(Kind::name).join(", ");
    say(&format!(
        "\n{:>7} {:>9} {:>11} {:>10} {:>12}   MB per processor second: {kinds}",
        "rules", "patterns", "compile ms", "engine MB", "+ thread MB"
    ))?;
    for size in sizes {
        let output = Command::new(std::env::current_exe()?)
            .args(["--grow", &size.to_string(), "--mb", &megabytes.to_string()])
            .output()?;
        ensure!(
            output.status.success(),
            "{size} rules: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        say(String::from_utf8_lossy(&output.stdout).trim_end())?;
    }
    Ok(())
}

/// One row: what `rules` rules cost.
pub(crate) fn row(rules: usize, corpora: &[Corpus]) -> anyhow::Result<String> {
    let set = DetectorSet::of(grown(rules)?)?;
    let patterns: usize = set.detectors.iter().map(|spec| spec.patterns.len()).sum();
    let count = set.detectors.len();
    let before = resident_megabytes();
    let started = processor_time();
    let engine = Engine::compile(&set)?;
    let compiled = seconds_since(started) * 1e3;
    let after = resident_megabytes();
    let mut scratch = Scratch::new();
    let mut speeds = String::new();
    // Regexes are built when they first run.
    for unit in corpora.iter().flat_map(|corpus| &corpus.units) {
        engine.scan(unit, &mut scratch);
    }
    for corpus in corpora {
        let hits = |unit: &TextUnit| engine.scan(unit, &mut scratch).matches.len();
        let speed = Speed::of(&corpus.units, SECONDS, hits);
        write!(speeds, "{speed:>8}")?;
    }
    let scanned = resident_megabytes();
    for corpus in corpora {
        let part = start_of(&corpus.units, CHECKED_BYTES_TIMES_RULES / count.max(1));
        same_matches(&engine, part, corpus.kind.name())?;
    }
    let grew = |from: Option<f64>, to: Option<f64>| {
        from.zip(to)
            .map_or_else(|| "-".to_owned(), |(from, to)| format!("{:.1}", to - from))
    };
    Ok(format!(
        "{count:>7} {patterns:>9} {compiled:>11.0} {:>10} {:>12}   {speeds}",
        grew(before, after),
        grew(after, scanned)
    ))
}

/// The first units that make up so many bytes, at least one.
fn start_of(units: &[TextUnit], bytes: usize) -> &[TextUnit] {
    let mut seen = 0;
    let enough = units.iter().position(|unit| {
        seen += unit.text.len();
        seen >= bytes
    });
    let end = enough.map_or(units.len(), |at| at + 1);
    units.get(..end).unwrap_or(units)
}

/// The built-in detectors and as many of vendors as are lacking.
fn grown(rules: usize) -> anyhow::Result<Vec<DetectorSpec>> {
    let mut specs = builtin_specs()?;
    specs.retain(|spec| spec.enabled);
    let lacking = rules.saturating_sub(specs.len());
    let names = corpora::filled("{noun}{l3}", lacking, SEED);
    for (at, name) in names.iter().enumerate() {
        specs.push(vendor(at, name)?);
    }
    Ok(specs)
}

/// A detector of a vendor's keys; one in twenty is a number that only its name tells from others.
fn vendor(at: usize, name: &str) -> anyhow::Result<DetectorSpec> {
    let upper = name.to_ascii_uppercase();
    let (pattern, hotwords) = match at % 20 {
        0..=5 => (
            format!(r"\b(?<value>{name}_(?:live|test)_[0-9A-Za-z]{{24,40}})\b"),
            None,
        ),
        6..=9 => (format!(r"\b(?<value>{name}-[0-9a-f]{{32}})\b"), None),
        10..=12 => (format!(r"\b(?<value>{upper}[A-Z0-9]{{16,20}})\b"), None),
        13..=15 => (
            format!(r"\b(?<value>{name}\.[A-Za-z0-9_-]{{22}}\.[A-Za-z0-9_-]{{43}})\b"),
            None,
        ),
        16..=18 => (
            format!(
                r#"(?i)\b{name}[_ -]?(?:api|access)?[_ -]?(?:key|token|secret)["']?\s{{0,3}}[:=]\s{{0,3}}["']?(?<value>[0-9a-z_-]{{20,64}})\b"#
            ),
            None,
        ),
        _ => (
            r"\b(?<value>[A-Z]{2}\d{7})\b".to_owned(),
            Some(json!({"words": [name], "required": true})),
        ),
    };
    let mut spec = json!({
        "id": format!("vendor-{at}"), "name": name, "info_type": "VENDOR_KEY", "patterns": [pattern],
        "likelihood": "LIKELY", "severity": "HIGH",
    });
    if let Some(fields) = spec.as_object_mut() {
        fields.extend(hotwords.map(|hotwords| ("hotwords".to_owned(), hotwords)));
    }
    serde_json::from_value(spec).context("a made-up detector is malformed")
}
