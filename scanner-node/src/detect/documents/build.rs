//! From texts to an index.
//!
//! Owns when a document can be known again, and leaving out what is to be ignored. Leaves reading files to the
//! caller.
//! **Invariant:** of a text nothing is kept but hashes; the same documents have the same fingerprints, in
//! whatever pieces they are read.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::detector::Fingerprints;
use shared::job::RetryClass;

use super::shingle::{DocumentKey, letters_of};
use super::winnow::Winnow;
use super::{MIN_SEEN, index};

/// Letters and digits that a document needs, as bytes: they have some twenty fingerprints, and nine at least.
pub const MIN_DOCUMENT_BYTES: usize = 400;

/// Why a document or an index of them cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is too little text; permanent.
    #[error(
        "it has {letters} letters and digits, and needs {MIN_DOCUMENT_BYTES} to be known again (those of other scripts count for two or three)"
    )]
    Short {
        /// How many there are.
        letters: usize,
    },
    /// It repeats itself, or little of it is left; permanent.
    #[error(
        "it says too little that is its own: {kept} fingerprints, and {MIN_SEEN} are needed; it repeats itself, or most of it is ignored"
    )]
    Alike {
        /// How many fingerprints are left.
        kept: usize,
    },
    /// There are too many fingerprints; permanent.
    #[error(
        "with it there are more than {max} fingerprints; make several detectors",
        max = Fingerprints::MAX_FINGERPRINTS
    )]
    TooLong,
    /// There is no randomness; transient.
    #[error("the fingerprints cannot be sealed")]
    Seal,
}

impl Unfit {
    /// Permanent until the documents are others, but for a failure of the library.
    pub fn class(&self) -> RetryClass {
        match self {
            Self::Short { .. } | Self::Alike { .. } | Self::TooLong => RetryClass::Permanent,
            Self::Seal => RetryClass::Transient,
        }
    }
}

/// A document that is being read.
#[derive(Debug)]
pub struct DocumentDraft {
    key: DocumentKey,
    kept: HashSet<u64>,
    letters: usize,
}

impl DocumentDraft {
    /// Nothing yet.
    pub fn new(key: DocumentKey) -> Self {
        Self {
            key,
            kept: HashSet::new(),
            letters: 0,
        }
    }

    /// Adds a piece of the document. Of what is not `own`, another piece has told or will tell.
    pub fn add(&mut self, text: &str, own: Range<usize>) {
        self.letters += letters_of(text.get(own).unwrap_or_default());
        // What is beyond the limit is refused; it need not be held until then.
        if self.kept.len() > Fingerprints::MAX_FINGERPRINTS {
            return;
        }
        let mut winnow = Winnow::default();
        self.key.each(text, |hash, _| {
            self.kept.extend(winnow.push(hash));
        });
        self.kept.extend(winnow.end());
    }

    /// Whether there is any letter or digit in it.
    pub fn is_empty(&self) -> bool {
        self.letters == 0
    }
}

/// Takes documents.
#[derive(Debug)]
pub struct DocumentIndexBuilder {
    key: DocumentKey,
    ignored: HashSet<u64>,
    documents: Vec<Vec<u64>>,
    fingerprints: usize,
}

impl DocumentIndexBuilder {
    /// Nothing yet.
    pub fn new(key: DocumentKey) -> Self {
        Self {
            key,
            ignored: HashSet::new(),
            documents: Vec::new(),
            fingerprints: 0,
        }
    }

    /// What this text says tells nothing of a document that says it, too. Of documents added later.
    pub fn ignore(&mut self, text: &str) {
        self.key.each(text, |hash, _| {
            self.ignored.insert(hash);
        });
    }

    /// Adds a document; gives how many fingerprints it has.
    ///
    /// # Errors
    /// It cannot be known again; permanent.
    pub fn add(&mut self, draft: DocumentDraft) -> Result<usize, Unfit> {
        let letters = draft.letters;
        if letters < MIN_DOCUMENT_BYTES {
            return Err(Unfit::Short { letters });
        }
        let kept = draft.kept.into_iter();
        let mut kept: Vec<u64> = kept.filter(|hash| !self.ignored.contains(hash)).collect();
        if kept.len() < MIN_SEEN {
            return Err(Unfit::Alike { kept: kept.len() });
        }
        if self.fingerprints + kept.len() > Fingerprints::MAX_FINGERPRINTS {
            return Err(Unfit::TooLong);
        }
        kept.sort_unstable();
        let count = kept.len();
        self.fingerprints += count;
        self.documents.push(kept);
        Ok(count)
    }

    /// Makes the index, in base64.
    ///
    /// # Errors
    /// [`Unfit::Seal`]; transient.
    pub fn build(&self) -> Result<String, Unfit> {
        let bytes = index::seal(&self.key, &self.documents).or(Err(Unfit::Seal))?;
        Ok(STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{first_letters, key, prose};
    use super::*;

    fn draft(text: &str) -> DocumentDraft {
        let mut draft = DocumentDraft::new(key());
        draft.add(text, 0..text.len());
        draft
    }

    #[test]
    fn what_is_too_short_or_repeats_itself_is_refused_with_what_it_needs() {
        let mut builder = DocumentIndexBuilder::new(key());
        assert_eq!(builder.add(draft("")), Err(Unfit::Short { letters: 0 }));
        assert_eq!(
            builder
                .add(draft("Hello, world! -- 2026"))
                .unwrap_err()
                .to_string(),
            "it has 14 letters and digits, and needs 400 to be known again (those of other scripts count for two or three)"
        );
        let again = "all work and no play ".repeat(40);
        assert_eq!(
            builder.add(draft(&again)).unwrap_err().to_string(),
            "it says too little that is its own: 1 fingerprints, and 8 are needed; it repeats itself, or most of it is ignored"
        );
        assert_eq!(Unfit::TooLong.class(), RetryClass::Permanent);
    }

    #[test]
    fn the_shortest_document_has_fingerprints_enough() {
        for seed in 0..200 {
            let text: String = prose(seed, 200);
            let least = first_letters(&text, MIN_DOCUMENT_BYTES);
            let count = DocumentIndexBuilder::new(key()).add(draft(least));
            assert!(count.unwrap() > MIN_SEEN, "{count:?}");
        }
    }

    #[test]
    fn what_is_ignored_has_no_fingerprint() {
        let (letter, footer) = (prose(1, 300), prose(2, 300));
        let all = format!("{letter}\n{footer}");
        let mut builder = DocumentIndexBuilder::new(key());
        let (with, alone) = (builder.add(draft(&all)), builder.add(draft(&letter)));
        builder.ignore(&footer.to_uppercase());
        let without = builder.add(draft(&all));
        let (with, alone, without) = (with.unwrap(), alone.unwrap(), without.unwrap());
        assert!(
            without < with - 50 && without <= alone + 5,
            "{with} {alone} {without}"
        );
        assert!(matches!(
            builder.add(draft(&footer)),
            Err(Unfit::Alike { kept: 0 })
        ));
    }

    #[test]
    fn pieces_that_overlap_have_the_fingerprints_of_the_whole() {
        let text = prose(3, 900);
        let middle = text.len() / 2;
        let mut pieces = DocumentDraft::new(key());
        pieces.add(text.get(..middle + 200).unwrap(), 0..middle);
        pieces.add(
            text.get(middle - 200..).unwrap(),
            200..text.len() - middle + 200,
        );
        let whole = draft(&text);
        assert_eq!((pieces.letters, pieces.kept), (whole.letters, whole.kept));
    }
}
