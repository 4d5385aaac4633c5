//! `weir detectors`: what is looked for, tried on a text, and checked against its own examples.
//!
//! Owns how detectors and explanations are shown. Leaves detection to `scanner_node::detect`.
//! **Invariant:** previews are masked; a failed check names the example by number, not by text.

use std::fmt::{self, Write as _};
use std::io::Read as _;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand, ValueEnum};
use scanner_node::detect::{Engine, Scratch, builtin, builtin_specs};
use shared::content::TextUnit;
use shared::detector::{DetectorSet, DetectorSpec};

use super::output::harmless;
use super::scan::Hit;
use super::{Exit, print};

/// Longest text that is tried; longer ones are for `weir scan`.
const LONGEST_TEXT: u64 = 1 << 20;

/// What to do with the detectors.
#[derive(Debug, Args)]
pub(super) struct DetectorsArgs {
    #[command(subcommand)]
    command: DetectorsCommand,
}

#[derive(Debug, Subcommand)]
enum DetectorsCommand {
    /// List the built-in detectors
    List {
        /// How to write them
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Try the built-in detectors on a text; exits with 1 if they find something
    Test {
        /// The text; `-` reads it from standard input, which keeps it out of the shell's history
        text: String,
        /// How to write the findings
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Run every built-in detector on its examples and counter-examples; exits with 1 if one fails
    Check,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

pub(super) fn run(args: DetectorsArgs) -> anyhow::Result<Exit> {
    match args.command {
        DetectorsCommand::List { format } => list(format),
        DetectorsCommand::Test { text, format } => test(text, format),
        DetectorsCommand::Check => check(),
    }
}

fn list(format: Format) -> anyhow::Result<Exit> {
    let specs = builtin_specs()?;
    match format {
        Format::Table => print(&table(&specs))?,
        Format::Json => print(&serde_json::to_string_pretty(&specs)?)?,
    }
    Ok(Exit::Success)
}

fn table(specs: &[DetectorSpec]) -> String {
    let width = |column: fn(&DetectorSpec) -> &str| {
        specs
            .iter()
            .map(|spec| column(spec).len())
            .max()
            .unwrap_or(0)
    };
    let id = width(|spec| spec.id.as_str());
    let info_type = width(|spec| spec.info_type.as_str());
    let mut text = format!(
        "{:id$}  {:info_type$}  {:8}  NAME",
        "ID", "INFO TYPE", "SEVERITY"
    );
    for spec in specs {
        let off = if spec.enabled { "" } else { " (off)" };
        // Writing to a string cannot fail.
        write!(
            text,
            "\n{:id$}  {:info_type$}  {:8}  {}{off}",
            spec.id.as_str(),
            spec.info_type.as_str(),
            spec.severity.as_str(),
            spec.name
        )
        .ok();
    }
    text
}

fn test(text: String, format: Format) -> anyhow::Result<Exit> {
    let text = if text == "-" { from_stdin()? } else { text };
    let engine = Engine::compile(&builtin()?)?;
    let mut hits = Vec::new();
    let summary = scanner_node::scan::scan_units(
        &engine,
        &mut Scratch::new(),
        &[TextUnit::plain(text)],
        &mut |located| hits.push(Hit::of(located)),
    );
    match format {
        Format::Table if hits.is_empty() => print(&"nothing found")?,
        Format::Table => print(&Explained(&hits))?,
        Format::Json => {
            let document = serde_json::json!({ "findings": hits, "coverage": summary.coverage });
            print(&format_args!("{document:#}"))?;
        }
    }
    Ok(if hits.is_empty() {
        Exit::Success
    } else {
        Exit::Found
    })
}

fn from_stdin() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_TEXT + 1)
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    ensure!(
        u64::try_from(bytes.len()).is_ok_and(|length| length <= LONGEST_TEXT),
        "the text is longer than {LONGEST_TEXT} bytes; use `weir scan -`"
    );
    // The conversion's own error holds the bytes.
    String::from_utf8(bytes)
        .ok()
        .context("the text is not UTF-8; use `weir scan -`, which knows other encodings")
}

/// Findings with the reasons for each.
struct Explained<'a>(&'a [Hit]);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, hit) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{end}{} at {}..{}, {}, {}: {}",
                hit.info_type,
                hit.start,
                hit.end,
                hit.likelihood,
                hit.severity,
                harmless(&hit.preview)
            )?;
            for evidence in &hit.explanation {
                match evidence.effect {
                    0 => write!(f, "\n      {}", evidence.reason)?,
                    effect => write!(f, "\n  {effect:+}  {}", evidence.reason)?,
                }
            }
        }
        Ok(())
    }
}

fn check() -> anyhow::Result<Exit> {
    let specs = builtin_specs()?;
    let failures = failures(&specs)?;
    let examples: usize = specs.iter().map(|spec| spec.examples.len()).sum();
    let counter: usize = specs.iter().map(|spec| spec.counter_examples.len()).sum();
    let mut text = failures.join("\n");
    // Writing to a string cannot fail.
    write!(
        text,
        "{}{} detectors, {examples} examples, {counter} counter-examples: {} failed",
        if failures.is_empty() { "" } else { "\n" },
        specs.len(),
        failures.len()
    )
    .ok();
    print(&text)?;
    Ok(if failures.is_empty() {
        Exit::Success
    } else {
        Exit::Found
    })
}

/// What the detectors do otherwise than they declare. Those that are on are run together, as in service;
/// one that is off is run alone.
fn failures(specs: &[DetectorSpec]) -> anyhow::Result<Vec<String>> {
    let together = Engine::compile(&DetectorSet::of(specs.iter().cloned())?)?;
    let mut scratch = Scratch::new();
    let mut failures = Vec::new();
    for spec in specs {
        let alone = (!spec.enabled).then(|| alone(spec)).transpose()?;
        let engine = alone.as_ref().unwrap_or(&together);
        for (number, example) in (1..).zip(&spec.examples) {
            if !fired(engine, &mut scratch, example).contains(&spec.id.to_string()) {
                failures.push(format!(
                    "{}: does not fire in its example {number}",
                    spec.id
                ));
            }
        }
        for (number, example) in (1..).zip(&spec.counter_examples) {
            for id in fired(engine, &mut scratch, example) {
                failures.push(format!(
                    "{}: `{id}` fires in its counter-example {number}",
                    spec.id
                ));
            }
        }
    }
    Ok(failures)
}

fn alone(spec: &DetectorSpec) -> anyhow::Result<Engine> {
    let mut spec = spec.clone();
    spec.enabled = true;
    Ok(Engine::compile(&DetectorSet::of([spec])?)?)
}

fn fired(engine: &Engine, scratch: &mut Scratch, text: &str) -> Vec<String> {
    let scan = engine.scan(&TextUnit::plain(text), scratch);
    scan.matches
        .iter()
        .map(|found| found.detector.id.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(patch: &serde_json::Value) -> DetectorSpec {
        let mut spec = serde_json::json!({
            "id": "badge", "name": "Badge", "info_type": "BADGE", "patterns": ["BDG-[0-9]{4}"],
            "likelihood": "LIKELY", "severity": "LOW",
            "examples": ["my BDG-1234"], "counter_examples": ["my BDG-123"],
        });
        let patched = spec.as_object_mut().unwrap();
        patched.extend(patch.as_object().unwrap().clone());
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_detector_that_does_as_it_declares_passes_on_or_off() {
        for enabled in [true, false] {
            let spec = detector(&serde_json::json!({ "enabled": enabled }));
            assert_eq!(failures(&[spec]).unwrap(), [""; 0]);
        }
    }

    #[test]
    fn a_silent_example_and_a_loud_counter_example_are_named_by_number() {
        let spec = detector(&serde_json::json!({
            "examples": ["BDG-1234", "BDG-12"], "counter_examples": ["none", "BDG-9999"],
        }));
        assert_eq!(
            failures(&[spec]).unwrap(),
            [
                "badge: does not fire in its example 2",
                "badge: `badge` fires in its counter-example 2"
            ]
        );
    }
}
