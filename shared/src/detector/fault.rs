//! The words for what is wrong with a detector.
//!
//! Leaves finding it out to `check`. **Invariant:** a fault says what to do and quotes nothing.

use crate::ids::DetectorId;

use super::{DetectorSpec, Kind};

/// Detectors that do not make a set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// One cannot be used as written.
    #[error("detector `{detector}`: {fault}")]
    Unusable {
        /// Which.
        detector: DetectorId,
        /// The first thing that is wrong with it.
        fault: SpecFault,
    },
    /// Two detectors of one id.
    #[error("two detectors are called `{0}`; give one another id")]
    DuplicateId(DetectorId),
}

/// Why a detector cannot be used as written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecFault {
    /// The id has other characters, or is too long.
    #[error(
        "the id is not usable; give 1 to {max} lower-case letters, digits, hyphens and underscores, beginning with a letter or digit",
        max = DetectorSpec::MAX_ID_BYTES
    )]
    BadId,
    /// Nobody could tell it from others in a list.
    #[error("there is no name; say in a few words what it finds")]
    NoName,
    /// A regex without a pattern.
    #[error("there is no pattern; give at least one, or choose another `kind`")]
    NoPattern,
    /// A dictionary without words.
    #[error("there are no words; give at least one, or choose another `kind`")]
    NoWords,
    /// An exact data match without rows.
    #[error("there is no `exact_data`; make it with `weir edm build`, or choose another `kind`")]
    NoExactData,
    /// Too few or too many columns.
    #[error("there are {count} columns; 1 to {max} are taken, the primary one first")]
    Columns {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// More values are asked for than a row has.
    #[error(
        "`min_corroborating` is more than the {others} columns besides the primary one; lower it"
    )]
    TooManyCorroborating {
        /// How many there are.
        others: usize,
    },
    /// Corroborating values count from too far away.
    #[error("other values count up to {max} bytes from the primary one; lower `window`", max = super::ExactData::MAX_WINDOW)]
    FarCorroborating,
    /// A document fingerprint without documents.
    #[error(
        "there are no `fingerprints`; make them with `weir fingerprint build`, or choose another `kind`"
    )]
    NoFingerprints,
    /// Too few or too many documents.
    #[error("there are {count} documents; 1 to {max} are taken")]
    Documents {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A document's name cannot be shown.
    #[error("document {number} has no name, or control characters in it; give it another")]
    BadDocumentName {
        /// Which document, from 1.
        number: usize,
    },
    /// The threshold is no share.
    #[error("`threshold_percent` is not between 1 and 100; 30 is usual")]
    Threshold,
    /// What weighs a value, where there is none.
    #[error("`{field}` weighs a value, and a document is none; take it out")]
    NoValue {
        /// The field.
        field: &'static str,
    },
    /// A field that this kind does not have.
    #[error("`{field}` belongs to kind `{owner}`, this one is `{kind}`; take it out or change the `kind`", owner = owner.as_str(), kind = kind.as_str())]
    Foreign {
        /// The field.
        field: &'static str,
        /// Whose it is.
        owner: Kind,
        /// What the detector is.
        kind: Kind,
    },
    /// A list has more entries than it may.
    #[error("`{field}` has {count} entries; at most {max} are taken")]
    TooMany {
        /// The list.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A text is longer than it may be.
    #[error("`{field}` is longer than {max} bytes; shorten it")]
    TooLong {
        /// The text.
        field: &'static str,
        /// How long it may be.
        max: usize,
    },
    /// An entry of a list is longer than it may be.
    #[error("entry {number} of `{field}` is longer than {max} bytes; shorten or split it")]
    EntryTooLong {
        /// The list.
        field: &'static str,
        /// Which entry, from 1.
        number: usize,
        /// How long it may be.
        max: usize,
    },
    /// A word in which there is nothing to look for.
    #[error("word {number} has no letter or digit; take it out, or use kind `regex`")]
    BareWord {
        /// Which word, from 1.
        number: usize,
    },
    /// A phrase of too many words.
    #[error("phrase {number} has more than {max} words; keep its most telling ones", max = DetectorSpec::MAX_PHRASE_WORDS)]
    LongPhrase {
        /// Which phrase, from 1.
        number: usize,
    },
    /// Hotwords count from too far away.
    #[error("hotwords count up to {max} bytes from the value; lower `before` and `after`", max = DetectorSpec::MAX_HOTWORD_REACH)]
    FarHotwords,
    /// A word in front of a value would hide it.
    #[error(
        "exclusion {number} goes by what a value is named and has no `lower`; give the steps, since a word must not hide a value"
    )]
    HidingName {
        /// Which exclusion, from 1.
        number: usize,
    },
}
