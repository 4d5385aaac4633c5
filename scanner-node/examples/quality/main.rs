//! How well the built-in detectors find what they are for, and how often they cry wolf.
//!
//! Owns the command line and the course of a run. What is judged: made-up text that needs nothing
//! (`generated`), and labelled text of a folder (`labelled`). Leaves the tables to `report`, what must not
//! get worse to `floors`.
//! **Invariant:** the figures of made-up text depend on the detectors alone, so that they can be a gate.

mod benign;
mod canon;
#[path = "../../benches/corpora/mod.rs"]
mod corpora;
mod examples;
mod floors;
mod judge;
mod labelled;
mod leaking;
mod planted;
mod report;
mod score;
mod variants;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Parser;
use floors::Floors;
use judge::Judge;
use labelled::Labelled;
use report::Generated;

/// Judges the built-in detectors and writes QUALITY.md.
#[derive(Parser)]
struct Arguments {
    /// Folder of labelled text: JSON lines of `{"text", "spans": [{"start", "end", "type"}]}`, in bytes
    #[arg(env = "WEIR_CORPORA")]
    corpora: Option<PathBuf>,
    /// Writes nothing; fails if the figures of made-up text are worse than those on record
    #[arg(long)]
    check: bool,
    /// The tables
    #[arg(long, default_value = "QUALITY.md")]
    page: PathBuf,
    /// What must not get worse
    #[arg(long, default_value = "scanner-node/examples/quality/floors.json")]
    floors: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut judge = Judge::builtin()?;
    let generated = Generated {
        examples: examples::measure(&mut judge)?,
        planted: planted::measure(&mut judge),
        leaking: leaking::measure(&mut judge),
        variants: variants::measure(&mut judge),
        benign: benign::measure(&mut judge),
    };
    let reached = Floors::reached(&generated);
    if arguments.check {
        return check(&read_floors(&arguments.floors)?, &reached);
    }
    let labelled = match &arguments.corpora {
        Some(folder) => Some(Labelled::measure(folder, &mut judge)?),
        None => None,
    };
    let before = std::fs::read_to_string(&arguments.page).unwrap_or_default();
    let page = report::page(&generated, labelled.as_ref(), &before)?;
    let written = |path: &Path| format!("cannot write {}", path.display());
    std::fs::write(&arguments.page, page).with_context(|| written(&arguments.page))?;
    std::fs::write(&arguments.floors, reached.to_json()?)
        .with_context(|| written(&arguments.floors))?;
    say(&report::summary(&generated, labelled.as_ref())?)
}

fn read_floors(path: &Path) -> anyhow::Result<Floors> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}; `make quality` writes it", path.display()))?;
    Floors::from_json(&text)
}

/// Fails if anything on record is no longer reached.
fn check(floors: &Floors, reached: &Floors) -> anyhow::Result<()> {
    let worse = floors.missed_by(reached);
    if !worse.is_empty() {
        bail!(
            "quality got worse:\n  {}\nif that is meant, record it with `make quality`",
            worse.join("\n  ")
        );
    }
    if reached == floors {
        return say("quality: as on record");
    }
    say("quality: nothing is worse; other figures changed, record them with `make quality`")
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
