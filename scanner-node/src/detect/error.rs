//! What can be wrong with a detector, said so that its author can put it right.
//!
//! Owns the words of compile errors. Leaves finding them to `compile`.
//! **Invariant:** an error names the detector and the remedy, and quotes no more of a pattern than a
//! group's name.

use std::fmt;

use shared::detector::SpecFault;
use shared::ids::DetectorId;
use shared::job::RetryClass;

/// Everything that is wrong with a detector set; at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileErrors(pub Vec<CompileError>);

/// One thing that is wrong with one detector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("detector `{detector}`: {problem}")]
pub struct CompileError {
    /// Which detector.
    pub detector: DetectorId,
    /// What is wrong and what to do.
    pub problem: Problem,
}

/// What is wrong with a detector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A pattern is no regular expression.
    #[error("pattern {number} is not a regular expression: {what}; correct the pattern")]
    BadPattern {
        /// Which pattern, from 1.
        number: usize,
        /// What the parser says, with the position.
        what: String,
    },
    /// A pattern matches the empty text.
    #[error("pattern {number} matches empty text; make at least one character mandatory")]
    EmptyMatch {
        /// Which pattern, from 1.
        number: usize,
    },
    /// A pattern matches nothing at all.
    #[error("pattern {number} can never match; remove it or correct its character classes")]
    NeverMatches {
        /// Which pattern, from 1.
        number: usize,
    },
    /// A pattern needs too large an automaton.
    #[error("pattern {number} is too large once compiled; use smaller repetition counts")]
    TooLarge {
        /// Which pattern, from 1.
        number: usize,
    },
    /// A repetition of an admin's pattern counts too far.
    #[error(
        "pattern {number}: the repetition at byte {at} counts to {count}; count to {max} at most, or use `+`",
        max = super::admit::MAX_REPEAT
    )]
    LongRepeat {
        /// Which pattern, from 1.
        number: usize,
        /// Where in the pattern, in bytes.
        at: usize,
        /// How far it counts.
        count: u32,
    },
    /// It does not have the form of its kind, or something in it is too long.
    #[error(transparent)]
    Fault(#[from] SpecFault),
    /// A pattern names groups, but none of them is `value`.
    #[error(
        "pattern {number} names the group `{group}` but none `value`; call the group around the finding `value`"
    )]
    NoValueGroup {
        /// Which pattern, from 1.
        number: usize,
        /// The first group that is named.
        group: String,
    },
    /// A pattern names a group twice.
    #[error("pattern {number} names a group twice; keep one group called `value`")]
    DoubledGroup {
        /// Which pattern, from 1.
        number: usize,
    },
    /// No validator has this name.
    #[error("there is no validator `{name}`; use one of {known}")]
    UnknownValidator {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// An exclusion's pattern is bad.
    #[error("exclusion {number} is not usable: {what}; correct its pattern")]
    BadExclusion {
        /// Which exclusion, from 1.
        number: usize,
        /// What the parser says.
        what: String,
    },
    /// Of rows or documents, without the key of their hashes.
    #[error(
        "it is hashed under a key that is not at hand; say where the key ring is (`secrets.keyring_file`)"
    )]
    NoKey,
    /// Of an exact data match, with another key than that of its hashes.
    #[error(
        "its values were hashed under another key ring; make it anew with `weir edm build` and the key ring in use"
    )]
    OtherKey,
    /// The index of an exact data match is none.
    #[error("the index is damaged; make it anew with `weir edm build`")]
    BadIndex,
    /// Of a document fingerprint, with another key than that of its index.
    #[error(
        "its documents were sealed under another key ring; make it anew with `weir fingerprint build` and the key ring in use"
    )]
    OtherFingerprintKey,
    /// The index of a document fingerprint is none, or not of its documents.
    #[error("the fingerprints are damaged; make them anew with `weir fingerprint build`")]
    BadFingerprints,
    /// The hotword list is empty, or has an empty word in it.
    #[error("a hotword is empty, or there is none; give whole words or leave hotwords out")]
    BadHotwords,
}

impl CompileErrors {
    /// Permanent: the same set fails the same way.
    pub fn class(&self) -> RetryClass {
        RetryClass::Permanent
    }
}

impl fmt::Display for CompileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileErrors {}
