//! `weir scan`: what is in these files, without a coordinator.
//!
//! Owns the command's arguments and its exit code. Which files is for `walk`, one file for `examine`,
//! all of them for `pool`, and how results are shown for `table`, `json` and `sarif`.
//! **Invariant:** no output holds a found value: previews are masked, pointers are redacted, and there are
//! no fingerprints, because there is no key.

mod examine;
mod json;
mod metered;
mod pool;
mod progress;
mod report;
mod sarif;
mod table;
mod walk;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{anyhow, bail};
use clap::builder::FalseyValueParser;
use clap::{Args, ColorChoice, ValueEnum};
use scanner_node::detect::Engine;
use scanner_node::extract::Limits;
use shared::config::{ByteSize, ConfigValue as _};
use shared::detector::DetectorSet;
use shared::finding::{InfoType, Likelihood};

use super::detectors::files::set_with;
use super::keys::index_keys_for;
use super::output::in_colour;
use super::{Exit, Global, complain, print};
use examine::Examiner;
use progress::Progress;
pub(super) use report::Hit;
use report::{Outcome, Report};

/// What to scan, what to report, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "Exits with 0 if nothing was found, 1 if something was, 2 if something \
    could not be read.\nFolders .git, target and node_modules are passed over unless named; symbolic \
    links are followed only if named."
)]
pub(super) struct ScanArgs {
    /// Files and folders to scan; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to write the findings
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Report findings that are at least this likely
    #[arg(
        long, value_name = "LIKELIHOOD", default_value = "POSSIBLE", ignore_case = true,
        value_parser = super::scales::likelihood(),
    )]
    min_likelihood: Likelihood,
    /// Report this kind of data only, such as `CREDIT_CARD_NUMBER`; may be given several times
    #[arg(long = "info-type", value_name = "INFO_TYPE")]
    info_types: Vec<InfoType>,
    /// Look for what the detectors of this file find, too; may be given several times
    #[arg(long, value_name = "FILE")]
    detectors: Vec<PathBuf>,
    /// Read this much of a file; the rest is reported as not examined
    #[arg(long, value_name = "SIZE", default_value = "256 MiB", value_parser = byte_size)]
    max_file_size: ByteSize,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
    /// When to colour the table
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
    /// The convention of <https://no-color.org>; `--color always` goes before it
    #[arg(long, hide = true, env = "NO_COLOR", value_parser = FalseyValueParser::new())]
    no_color: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

/// Which findings are reported.
struct Filter {
    min_likelihood: Likelihood,
    /// Empty: all of them.
    info_types: Vec<InfoType>,
}

impl Filter {
    fn passes(&self, info_type: &InfoType, likelihood: Likelihood) -> bool {
        likelihood >= self.min_likelihood
            && (self.info_types.is_empty() || self.info_types.contains(info_type))
    }
}

pub(super) fn run(args: &ScanArgs, global: &Global) -> anyhow::Result<Exit> {
    let set = set_with(&args.detectors, global)?;
    refuse_unknown(&args.info_types, &set)?;
    let keys = index_keys_for(&set.detectors, global)?;
    let engine = Engine::compile_with(&set, keys.as_ref())?;
    let report = scan(args, &engine)?;
    show(args, &report, &set)?;
    for (path, reason) in report.unreadable() {
        complain(&anyhow!("{reason}").context(format!("cannot read {path}")));
    }
    let totals = report.totals();
    Ok(match (totals.unreadable, totals.findings) {
        (0, 0) => Exit::Success,
        (0, _) => Exit::Found,
        _ => Exit::Incomplete,
    })
}

fn scan(args: &ScanArgs, engine: &Engine) -> anyhow::Result<Report> {
    let started = Instant::now();
    let walk = walk::walk(&args.paths);
    let examiner = Examiner {
        engine,
        filter: Filter {
            min_likelihood: args.min_likelihood,
            info_types: args.info_types.clone(),
        },
        limits: Limits {
            total_bytes: args.max_file_size.0,
            ..Limits::default()
        },
    };
    let progress = Progress::start(&walk.entries, args.max_file_size.0, args.no_progress)?;
    let files = pool::examine_all(&examiner, &walk.entries, &progress)?;
    progress.clear();
    Ok(Report::new(
        files,
        &walk.unreadable,
        walk.skipped,
        started.elapsed(),
    ))
}

fn show(args: &ScanArgs, report: &Report, set: &DetectorSet) -> anyhow::Result<()> {
    let quiet = args.no_color && args.color == ColorChoice::Auto;
    match args.format {
        Format::Table => print(&table::Table {
            report,
            colour: !quiet && in_colour(args.color),
        })?,
        Format::Json => print(&format_args!("{:#}", json::document(report, set)))?,
        Format::Sarif => print(&format_args!("{:#}", sarif::document(report, set)))?,
    }
    Ok(())
}

/// A misspelt kind of data would find nothing and look like a clean folder.
fn refuse_unknown(asked: &[InfoType], set: &DetectorSet) -> anyhow::Result<()> {
    let known = |asked: &InfoType| set.detectors.iter().any(|spec| spec.info_type == *asked);
    match asked.iter().find(|asked| !known(asked)) {
        Some(unknown) => {
            bail!("no detector finds {unknown}; `weir detectors list` shows the info types")
        }
        None => Ok(()),
    }
}

fn byte_size(text: &str) -> Result<ByteSize, String> {
    ByteSize::parse(text)
        .filter(|size| size.0 > 0)
        .ok_or_else(|| format!("expected {}, more than zero", ByteSize::EXPECTS))
}

impl Report {
    /// Files that could not be read, or not to their end, and why.
    fn unreadable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|file| match &file.outcome {
            Outcome::Unreadable { reason } => Some((file.path.as_str(), reason.as_str())),
            _ => None,
        })
    }
}
