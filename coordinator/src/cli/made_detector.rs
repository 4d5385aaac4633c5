//! Detectors that commands make.
//!
//! Owns the file that comes out, and where what is told of it goes.
//! **Invariant:** what is written can be used as it is: with the API as JSON, with `--detectors` as TOML.

use std::fmt::Display;
use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;
use shared::detector::DetectorSpec;

use super::output::{harmless, note};
use super::print;

#[derive(Serialize)]
struct Pack {
    detectors: [DetectorSpec; 1],
}

/// Writes a detector to a file, or on standard output if none is named, and tells what is in it.
///
/// # Errors
/// It is not sound, or cannot be written.
pub(super) fn write(
    spec: DetectorSpec,
    output: Option<&Path>,
    told: &impl Display,
) -> anyhow::Result<()> {
    if let Some(fault) = spec.faults().first() {
        anyhow::bail!("{fault}");
    }
    let Some(output) = output else {
        print(&serde_json::to_string(&spec)?)?;
        note(told);
        return Ok(());
    };
    let text = if output.extension().is_some_and(|ending| ending == "json") {
        serde_json::to_string(&spec)?
    } else {
        toml::to_string(&Pack { detectors: [spec] })?
    };
    std::fs::write(output, text + "\n")
        .with_context(|| format!("cannot write {}", output.display()))?;
    let name = harmless(&output.display().to_string());
    print(&format_args!("wrote {name}: {told}"))?;
    Ok(())
}
