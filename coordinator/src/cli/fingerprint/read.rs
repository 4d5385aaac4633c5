//! Reading documents, as a scan would.
//!
//! Owns the limit, and the words for what cannot be read.
//! **Invariant:** a document is read whole or not at all; a block of it is in memory at a time.

use std::fs::File;
use std::path::Path;

use anyhow::ensure;
use scanner_node::detect::{DocumentDraft, DocumentIndexBuilder, DocumentKey};
use scanner_node::extract::{Block, Flow, Hint, Limits, extract};
use shared::content::{Gap, GapReason};

/// Longest document, in bytes of its file.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The text of a document.
///
/// # Errors
/// Why it cannot be known again, in words.
pub(super) fn document(path: &Path, key: DocumentKey) -> Result<DocumentDraft, String> {
    let mut draft = DocumentDraft::new(key);
    let gaps = blocks(path, &mut |block| {
        draft.add(&block.unit.text, block.owned);
    })?;
    if draft.is_empty() && has(&gaps, GapReason::UnsupportedType) {
        return Err(
            "it is no text that can be read here; save it as plain text or HTML".to_owned(),
        );
    }
    Ok(draft)
}

/// Lets `builder` ignore what a file says.
///
/// # Errors
/// It cannot be read.
pub(super) fn ignore(path: &Path, builder: &mut DocumentIndexBuilder) -> anyhow::Result<()> {
    let mut is_empty = true;
    let read = blocks(path, &mut |block| {
        is_empty &= block.unit.text.trim().is_empty();
        builder.ignore(&block.unit.text);
    });
    if let Err(why) = read {
        anyhow::bail!("cannot ignore {}: {why}", path.display());
    }
    ensure!(
        !is_empty,
        "cannot ignore {}: there is no text in it",
        path.display()
    );
    Ok(())
}

fn blocks(path: &Path, sink: &mut dyn FnMut(Block)) -> Result<Vec<Gap>, String> {
    let mut file = File::open(path).map_err(|error| error.kind().to_string())?;
    let hint = Hint {
        name: path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
        media_type: None,
    };
    let limits = Limits {
        total_bytes: MAX_FILE_BYTES,
        ..Limits::default()
    };
    let gaps = extract(&mut file, &hint, &limits, &mut |block| {
        sink(block);
        Flow::Continue
    });
    let gaps = gaps.map_err(|error| error.to_string())?;
    if has(&gaps, GapReason::TooLarge) {
        return Err(format!(
            "it is longer than {} MiB; split it",
            MAX_FILE_BYTES >> 20
        ));
    }
    Ok(gaps)
}

fn has(gaps: &[Gap], reason: GapReason) -> bool {
    gaps.iter().any(|gap| gap.reason == reason)
}
