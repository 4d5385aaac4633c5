//! The documents that a fingerprint detector looks for, as data.
//!
//! Owns the limits, and what can be seen to be wrong without opening the index. Leaves the index itself to
//! the engine.
//! **Invariant:** no text of a document is in here: its name, and hashes sealed under a key that is not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::SpecFault;

/// Of a `document_fingerprint`: documents, and how much of one has to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprints {
    /// The names of the documents, in the order of the index. Findings show them.
    pub documents: Vec<String>,
    /// How much of a document's fingerprints have to be seen, in percent.
    #[serde(default = "threshold")]
    pub threshold_percent: u8,
    /// The fingerprints, sealed, in base64, as `weir fingerprint build` writes them.
    pub index: Arc<str>,
}

fn threshold() -> u8 {
    Fingerprints::DEFAULT_THRESHOLD_PERCENT
}

impl Fingerprints {
    /// Most documents.
    pub const MAX_DOCUMENTS: usize = 1_000;
    /// Longest name of a document, in bytes.
    pub const MAX_NAME_BYTES: usize = 200;
    /// Most fingerprints of all documents together: of some twenty million letters.
    pub const MAX_FINGERPRINTS: usize = 1_000_000;
    /// How much of a document has to be seen unless it is said, in percent.
    pub const DEFAULT_THRESHOLD_PERCENT: u8 = 30;
    /// Longest index in base64: a million fingerprints and a thousand documents take 10 672 000 bytes and a
    /// head.
    pub const MAX_INDEX_BYTES: usize = 10_672_256;

    pub(super) fn check(&self, faults: &mut Vec<SpecFault>) {
        let (count, max) = (self.documents.len(), Self::MAX_DOCUMENTS);
        if count == 0 || count > max {
            faults.push(SpecFault::Documents { count, max });
        }
        for (number, name) in (1..=max).zip(&self.documents) {
            if name.len() > Self::MAX_NAME_BYTES {
                faults.push(SpecFault::EntryTooLong {
                    field: "documents",
                    number,
                    max: Self::MAX_NAME_BYTES,
                });
            } else if name.trim().is_empty() || name.contains(char::is_control) {
                faults.push(SpecFault::BadDocumentName { number });
            }
        }
        if !(1..=100).contains(&self.threshold_percent) {
            faults.push(SpecFault::Threshold);
        }
        if self.index.len() > Self::MAX_INDEX_BYTES {
            faults.push(SpecFault::TooLong {
                field: "index",
                max: Self::MAX_INDEX_BYTES,
            });
        }
    }
}
