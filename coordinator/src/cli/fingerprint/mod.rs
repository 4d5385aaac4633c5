//! `weir fingerprint build`: from documents to a detector that knows them again, without their text.
//!
//! Owns the arguments, and what is told of what comes out. Leaves reading documents to `read`, and fingerprints
//! to `scanner_node::detect`.
//! **Invariant:** no text of a document is in what is written or said: names, sizes and counts.

mod read;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::{Args, Subcommand};
use scanner_node::detect::DocumentIndexBuilder;
use shared::detector::{DetectorSpec, Fingerprints, Kind, Origin};
use shared::finding::{InfoType, Likelihood, Severity};
use shared::ids::DetectorId;

use super::output::harmless;
use super::{Exit, Global, keys};
use super::{made_detector, scales};
use crate::api::v1::detectors::{blank, slug};

/// What to do with documents.
#[derive(Debug, Args)]
pub(super) struct FingerprintArgs {
    /// File of the key ring [default: `secrets.keyring_file` of the configuration, else weir-data/keyring.json]
    #[arg(long, global = true, value_name = "FILE")]
    keyring: Option<PathBuf>,
    #[command(subcommand)]
    command: FingerprintCommand,
}

#[derive(Debug, Subcommand)]
enum FingerprintCommand {
    /// Make a detector of documents; fingerprints of their text are sealed under the key ring, the text is not stored
    Build(BuildArgs),
}

#[derive(Debug, Args)]
struct BuildArgs {
    /// The documents: plain text, CSV, JSON, HTML and whatever else `weir scan` reads; up to a thousand
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the detector is called
    #[arg(long, default_value = "Registered documents")]
    name: String,
    /// What it finds, such as `CONTRACT`
    #[arg(long, value_name = "INFO_TYPE", default_value = "REGISTERED_DOCUMENT")]
    info_type: InfoType,
    /// How much of a document has to be there, from 0.01 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.3", value_parser = percent)]
    threshold: u8,
    /// A file whose text tells nothing of a document: a footer, an empty form. Can be given again
    #[arg(long, value_name = "FILE")]
    ignore: Vec<PathBuf>,
    /// How sure a finding is with a quarter to three fifths of a document; less or more moves it by one step
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
    /// Write the detector here: JSON for the API if the name ends in `.json`, else TOML as for `--detectors`
    /// [default: JSON on standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A share as percent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is checked to be between 1 and 100"
)]
fn percent(share: &str) -> Result<u8, &'static str> {
    let percent = share
        .parse::<f64>()
        .map_or(0.0, |share| (share * 100.0).round());
    if (1.0..=100.0).contains(&percent) {
        Ok(percent as u8)
    } else {
        Err("give a share from 0.01 to 1, such as 0.3")
    }
}

/// A document in the index.
struct Taken {
    name: String,
    fingerprints: usize,
}

pub(super) fn run(args: FingerprintArgs, global: &Global) -> anyhow::Result<Exit> {
    let FingerprintCommand::Build(asked) = args.command;
    let (given, most) = (asked.files.len(), Fingerprints::MAX_DOCUMENTS);
    ensure!(
        given <= most,
        "{given} documents are given; up to {most} are taken, make several detectors"
    );
    let key = crate::keys::index_keys(&keys::ring(args.keyring, global)?)?.documents;
    let mut builder = DocumentIndexBuilder::new(key.clone());
    for path in &asked.ignore {
        read::ignore(path, &mut builder)?;
    }
    let (mut taken, mut faults) = (Vec::new(), Vec::new());
    for (path, name) in asked.files.iter().zip(names(&asked.files)) {
        let added = read::document(path, key.clone())
            .and_then(|draft| builder.add(draft).map_err(|unfit| unfit.to_string()));
        match added {
            Ok(fingerprints) => taken.push(Taken { name, fingerprints }),
            Err(why) => faults.push(format!("{}: {why}", path.display())),
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    let spec = detector(&asked, &taken, builder.build()?);
    made_detector::write(spec, asked.output.as_deref(), &Told(&taken))?;
    Ok(Exit::Success)
}

/// What each document is called: as its file, or as it was given where two files are called the same.
fn names(files: &[PathBuf]) -> Vec<String> {
    let short = |path: &Path| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        harmless(&name.to_string_lossy())
    };
    let all: Vec<String> = files.iter().map(|path| short(path)).collect();
    let is_single = |name: &String| all.iter().filter(|other| *other == name).count() == 1;
    let pairs = files.iter().zip(&all);
    pairs
        .map(|(path, name)| {
            if is_single(name) {
                name.clone()
            } else {
                harmless(&path.display().to_string())
            }
        })
        .collect()
}

fn detector(asked: &BuildArgs, taken: &[Taken], index: String) -> DetectorSpec {
    DetectorSpec {
        id: DetectorId::new(slug(&asked.name)),
        name: asked.name.clone(),
        info_type: asked.info_type.clone(),
        description: format!(
            "At least {} % of one of {} registered documents.",
            asked.threshold,
            taken.len()
        ),
        kind: Kind::DocumentFingerprint,
        fingerprints: Some(Fingerprints {
            documents: taken.iter().map(|document| document.name.clone()).collect(),
            threshold_percent: asked.threshold,
            index: index.into(),
        }),
        likelihood: asked.likelihood,
        severity: asked.severity,
        // Who reads the file says whose it is.
        origin: Origin::Builtin,
        ..blank()
    }
}

/// What is in an index.
struct Told<'t>(&'t [Taken]);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.0.iter().map(|document| document.fingerprints).sum();
        write!(f, "{} documents, {all} fingerprints", self.0.len())?;
        for document in self.0 {
            write!(f, "\n{}: {}", document.name, document.fingerprints)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_taken_as_percent_and_no_other_number() {
        assert_eq!(
            ["0.3", "1", "0.01", "0.295"].map(percent),
            [Ok(30), Ok(100), Ok(1), Ok(30)]
        );
        for other in ["0", "1.5", "30", "-1", "x", "NaN"] {
            assert!(percent(other).is_err(), "{other}");
        }
    }

    #[test]
    fn documents_are_called_as_their_files_unless_two_are_called_the_same() {
        let files = ["a/x.txt", "b/x.txt", "b/y\u{1b}.txt"].map(PathBuf::from);
        assert_eq!(names(&files), ["a/x.txt", "b/x.txt", "y\u{fffd}.txt"]);
    }
}
