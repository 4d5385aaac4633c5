//! `weir detectors`: what is looked for, tried on a text, and checked against its own examples.
//!
//! Owns how detectors and explanations are shown. Leaves detection to `scanner_node::detect`, checking to
//! `check`, and detectors in files to `files`.
//! **Invariant:** previews are masked; a failed check names the example by number, not by text.

mod check;
pub(super) mod files;

use std::fmt::{self, Write as _};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand, ValueEnum};
use scanner_node::detect::{Engine, Scratch, builtin, builtin_specs};
use shared::content::TextUnit;
use shared::detector::{DetectorSet, DetectorSpec};

use super::keys::index_keys_for;
use super::output::harmless;
use super::scan::Hit;
use super::{Exit, Global, print};

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
    /// Try the built-in detectors, or those of a file, on a text; exits with 1 if they find something
    Test {
        /// Try the detectors of this file instead of the built-in ones
        #[arg(long = "detector", value_name = "FILE")]
        file: Option<PathBuf>,
        /// The text; `-` reads it from standard input, which keeps it out of the shell's history
        text: String,
        /// How to write the findings
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Say everything that is wrong with the detectors in these files, or with the built-in ones; exits with
    /// 1 if something is
    Check {
        /// Files of detectors, as TOML; none: the built-in ones are run on their examples
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

pub(super) fn run(args: DetectorsArgs, global: &Global) -> anyhow::Result<Exit> {
    match args.command {
        DetectorsCommand::List { format } => list(format),
        DetectorsCommand::Test { file, text, format } => {
            test(file.as_deref(), text, format, global)
        }
        DetectorsCommand::Check { files } if files.is_empty() => check::builtin(),
        DetectorsCommand::Check { files } => check::files(&files, global),
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

fn test(
    file: Option<&Path>,
    text: String,
    format: Format,
    global: &Global,
) -> anyhow::Result<Exit> {
    let text = if text == "-" { from_stdin()? } else { text };
    let set = match file {
        None => builtin()?,
        // One that is switched off is tried, too.
        Some(file) => DetectorSet::of(files::read(file, global)?.into_iter().map(|mut spec| {
            spec.enabled = true;
            spec
        }))?,
    };
    let keys = index_keys_for(&set.detectors, global)?;
    let engine = Engine::compile_with(&set, keys.as_ref())?;
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
