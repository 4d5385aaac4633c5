//! What looking for registered documents costs, on text in which there is none.
//!
//! Owns the made-up documents: letters in no order, so that nothing of them is in any corpus.
//! **Invariant:** there is no other detector, so that all that is measured above the row without fingerprints
//! is the look for them.

use std::fmt::Write as _;

use anyhow::Context as _;
use scanner_node::detect::{
    DocumentDraft, DocumentIndexBuilder, DocumentKey, Engine, ExactKey, IndexKeys, Quotes, Scratch,
};
use serde_json::json;
use shared::detector::{DetectorSet, DetectorSpec};

use crate::corpora::Kind;
use crate::measure::Speed;
use crate::{Corpus, say};

/// Letters of the documents of each row.
const LETTERS: [usize; 4] = [0, 10_000, 1_000_000, 20_000_000];
const DOCUMENTS: usize = 1_000;
/// Shorter documents could not be known again.
const SHORTEST: usize = 10_000;
const SECONDS: f64 = 3.0;

/// Prints a row for each size.
pub(crate) fn table(corpora: &[Corpus]) -> anyhow::Result<()> {
    let kinds = Kind::ALL.map(Kind::name).join(", ");
    say(&format!(
        "\n{:>12} {:>9}   registered documents, ns per byte: {kinds}",
        "fingerprints", "documents"
    ))?;
    for letters in LETTERS {
        say(&row(letters, corpora)?)?;
    }
    Ok(())
}

fn row(letters: usize, corpora: &[Corpus]) -> anyhow::Result<String> {
    let keys = IndexKeys {
        exact: ExactKey::new(&[1; 32]),
        documents: DocumentKey::new(&[2; 32], &[3; 32]),
    };
    let documents = (letters / SHORTEST).min(DOCUMENTS);
    let (set, prints) = registered(&keys.documents, letters, documents)?;
    let engine = Engine::compile_with(&set, Some(&keys))?;
    let mut scratch = Scratch::new();
    let mut costs = String::new();
    for corpus in corpora {
        let speed = Speed::of(&corpus.units, SECONDS, |unit| {
            let mut quotes = Quotes::default();
            let own = 0..unit.text.len();
            let scan = engine.scan_part(unit, own, &mut scratch, &mut quotes);
            scan.matches.len() + engine.quoted(&quotes).len()
        });
        write!(costs, "{:>7.2}", 1e3 / speed.rate)?;
    }
    Ok(format!("{prints:>12} {documents:>9}   {costs}"))
}

/// A detector of so many documents, and how many fingerprints they have.
fn registered(
    key: &DocumentKey,
    letters: usize,
    documents: usize,
) -> anyhow::Result<(DetectorSet, usize)> {
    if documents == 0 {
        return Ok((DetectorSet::of([])?, 0));
    }
    let mut builder = DocumentIndexBuilder::new(key.clone());
    let (mut prints, mut dice) = (0, 0x5EED_u64);
    for _ in 0..documents {
        let mut text = String::new();
        for _ in 0..letters / documents {
            dice = dice.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            let letter = u8::try_from((dice >> 59) % 26).unwrap_or(0);
            text.push(char::from(b'a' + letter));
        }
        let mut draft = DocumentDraft::new(key.clone());
        draft.add(&text, 0..text.len());
        prints += builder.add(draft)?;
    }
    let names: Vec<String> = (0..documents)
        .map(|number| format!("{number}.txt"))
        .collect();
    let spec: DetectorSpec = serde_json::from_value(json!({
        "id": "documents", "name": "Documents", "info_type": "DOCUMENT", "kind": "document_fingerprint",
        "fingerprints": {"documents": names, "index": builder.build()?},
        "likelihood": "LIKELY", "severity": "HIGH",
    }))
    .context("a made-up detector is malformed")?;
    Ok((DetectorSet::of([spec])?, prints))
}
