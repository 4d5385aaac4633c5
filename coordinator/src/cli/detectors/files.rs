//! Detectors in files of one's own.
//!
//! Owns reading them for commands that want to use them. Saying all that is wrong is for `check`.
//! **Invariant:** a file of which one detector cannot be used is not used at all.

use std::path::Path;

use anyhow::{Context as _, bail};
use scanner_node::detect::{PackFile, admit_with, builtin_specs};
use shared::detector::{DetectorSet, DetectorSpec};

use crate::cli::Global;
use crate::cli::keys::index_keys_for;

/// Longest file of detectors, in bytes.
const LONGEST_FILE: u64 = 64 << 20;

/// The text of a file of detectors.
pub(super) fn text_of(path: &Path) -> anyhow::Result<String> {
    let read = || -> std::io::Result<String> {
        if std::fs::metadata(path)?.len() > LONGEST_FILE {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        std::fs::read_to_string(path)
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// The detectors of a file, ready to use.
pub(in crate::cli) fn read(path: &Path, global: &Global) -> anyhow::Result<Vec<DetectorSpec>> {
    let file = PackFile::read(&text_of(path)?);
    let mut problems: Vec<String> = file.problems.iter().map(ToString::to_string).collect();
    let keys = index_keys_for(file.detectors.iter().map(|(_, spec)| spec), global)?;
    for (line, spec) in &file.detectors {
        if let Err(errors) = admit_with(spec, keys.as_ref()) {
            problems.extend(errors.0.iter().map(|error| format!("{line}: {error}")));
        }
    }
    if !problems.is_empty() {
        bail!(
            "{} cannot be used; `weir detectors check` says more:\n  {}",
            path.display(),
            problems.join("\n  ")
        );
    }
    Ok(file.detectors.into_iter().map(|(_, spec)| spec).collect())
}

/// The built-in detectors with those of files; one with a built-in one's id takes its place.
pub(in crate::cli) fn set_with(
    files: &[impl AsRef<Path>],
    global: &Global,
) -> anyhow::Result<DetectorSet> {
    let mut all = builtin_specs()?;
    for file in files {
        let own = read(file.as_ref(), global)?;
        all.retain(|spec| own.iter().all(|other| other.id != spec.id));
        all.extend(own);
    }
    Ok(DetectorSet::of(all)?)
}
