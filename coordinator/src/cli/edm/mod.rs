//! `weir edm build`: from a table to a detector that knows its rows, without their values.
//!
//! Owns the arguments, and what is told of what comes out. Leaves reading tables to `table`, and hashing to
//! `scanner_node::detect`.
//! **Invariant:** no value of the table is in what is written or said: rows are hashed as they are read, and
//! errors name lines and columns.

mod table;

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use scanner_node::detect::{BuiltIndex, MIN_OTHER_CHARS, MIN_PRIMARY_CHARS};
use shared::detector::{DetectorSpec, ExactData, Kind, Origin};
use shared::finding::{InfoType, Likelihood, Severity};
use shared::ids::DetectorId;

use self::table::Wanted;
use super::keys;
use super::{Exit, Global};
use super::{made_detector, scales};
use crate::api::v1::detectors::{blank, slug};

/// What to do with tables.
#[derive(Debug, Args)]
pub(super) struct EdmArgs {
    /// File of the key ring [default: `secrets.keyring_file` of the configuration, else weir-data/keyring.json]
    #[arg(long, global = true, value_name = "FILE")]
    keyring: Option<PathBuf>,
    #[command(subcommand)]
    command: EdmCommand,
}

#[derive(Debug, Subcommand)]
enum EdmCommand {
    /// Make a detector of the rows of a CSV file; its values are hashed under the key ring and never stored
    Build(BuildArgs),
}

#[derive(Debug, Args)]
struct BuildArgs {
    /// The table: CSV in UTF-8, with the names of the columns in its first line
    file: PathBuf,
    /// The column that a finding needs a value of: a number, an address, a name that few share
    #[arg(long, value_name = "COLUMN")]
    primary: String,
    /// Columns of which values have to stand near it; up to seven
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    with: Vec<String>,
    /// How many of them have to
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    min: u8,
    /// How far from the primary value they count, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = ExactData::DEFAULT_WINDOW)]
    window: u32,
    /// Leave out primary values that are in more than this share of the rows, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    most: u8,
    /// What the detector is called
    #[arg(long, default_value = "Exact data")]
    name: String,
    /// What it finds, such as `CUSTOMER`
    #[arg(long, value_name = "INFO_TYPE", default_value = "EXACT_DATA")]
    info_type: InfoType,
    /// How sure a finding is with as many values as there have to be; each further one makes it likelier
    #[arg(
        long, value_name = "LIKELIHOOD", default_value = "LIKELY", ignore_case = true,
        value_parser = scales::likelihood(),
    )]
    likelihood: Likelihood,
    /// How bad a finding is
    #[arg(
        long, value_name = "SEVERITY", default_value = "HIGH", ignore_case = true,
        value_parser = scales::severity(),
    )]
    severity: Severity,
    /// What stands between the columns
    #[arg(long, value_name = "CHARACTER", default_value = ",")]
    delimiter: char,
    /// Write the detector here: JSON for the API if the name ends in `.json`, else TOML as for `--detectors`
    /// [default: JSON on standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
}

pub(super) fn run(args: EdmArgs, global: &Global) -> anyhow::Result<Exit> {
    let EdmCommand::Build(asked) = args.command;
    let key = crate::keys::index_keys(&keys::ring(args.keyring, global)?)?.exact;
    let wanted = Wanted {
        primary: &asked.primary,
        others: &asked.with,
        delimiter: u8::try_from(asked.delimiter)
            .ok()
            .filter(u8::is_ascii)
            .context("--delimiter takes one ASCII character")?,
    };
    let most = ExactData::MAX_COLUMNS - 1;
    let given = asked.with.len();
    ensure!(
        given <= most,
        "--with names {given} columns; up to {most} are taken"
    );
    ensure!(
        usize::from(asked.min) <= given,
        "--min {} needs as many columns; name them with --with, or lower it",
        asked.min
    );
    let builder = table::read(&asked.file, &wanted, key, asked.no_progress)
        .with_context(|| format!("cannot use {}", asked.file.display()))?;
    let built = builder.build(usize::from(asked.most));
    ensure!(
        built.rows > 0,
        "there is no row left to look for:\n{}",
        Told(&built, asked.most)
    );
    let told = Told(&built, asked.most);
    made_detector::write(detector(&asked, &built), asked.output.as_deref(), &told)?;
    Ok(Exit::Success)
}

fn detector(asked: &BuildArgs, built: &BuiltIndex) -> DetectorSpec {
    let columns = std::iter::once(&asked.primary).chain(&asked.with).cloned();
    DetectorSpec {
        id: DetectorId::new(slug(&asked.name)),
        name: asked.name.clone(),
        info_type: asked.info_type.clone(),
        description: format!(
            "Values of a table of {} rows, with {} more of the same row nearby.",
            built.rows, asked.min
        ),
        kind: Kind::ExactDataMatch,
        exact_data: Some(ExactData {
            columns: columns.collect(),
            min_corroborating: asked.min,
            window: asked.window,
            index: built.index.as_str().into(),
        }),
        likelihood: asked.likelihood,
        severity: asked.severity,
        // Who reads the file says whose it is.
        origin: Origin::Builtin,
        ..blank()
    }
}

/// What is in an index, and what is not.
struct Told<'b>(&'b BuiltIndex, u8);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(
            BuiltIndex {
                index,
                rows,
                left_out,
            },
            most,
        ) = self;
        write!(f, "{rows} rows, {} bytes of hashes in base64", index.len())?;
        let common = format!(
            "rows whose primary value is in more than {most} % of them, or in more than 64"
        );
        let short = format!(
            "rows whose primary value has fewer than {MIN_PRIMARY_CHARS} letters and digits"
        );
        let little = format!("other values with fewer than {MIN_OTHER_CHARS} letters and digits");
        for (count, what) in [
            (left_out.short_primaries, short.as_str()),
            (
                left_out.long_primaries,
                "rows whose primary value has more than 8 words, or 48 letters and digits in one",
            ),
            (left_out.common_primaries, common.as_str()),
            (left_out.doubled_rows, "rows that say the same as another"),
            (left_out.short_others, little.as_str()),
            (
                left_out.long_others,
                "other values with more than 8 words, or 48 letters and digits in one",
            ),
        ] {
            if count > 0 {
                write!(f, "\nleft out: {count} {what}")?;
            }
        }
        Ok(())
    }
}
