//! The detection engine: patterns → candidates → validators → evidence → matches.
//!
//! Owns how a text is searched and how sure a match is. Leaves files to `extract`, policy to the
//! coordinator. Pure: no clock, no I/O, no threads; an [`Engine`] is immutable and shared, a [`Scratch`]
//! belongs to one thread.
//! **Invariant:** the filter only ever skips what could not have matched.

mod admit;
mod bitmap;
#[cfg(test)]
mod bounds;
mod candidate;
mod class;
mod compile;
mod cost;
mod documents;
mod effort;
mod ends;
mod entropy;
mod error;
mod exact;
pub mod examples;
mod exclusion;
mod explain;
mod filter;
mod first;
mod hotword;
mod keys;
mod lazy;
mod likelihood;
mod mask;
mod matcher;
mod name;
mod normalise;
mod notation;
mod overlap;
mod pack_file;
pub mod packs;
mod prints;
pub mod probe;
mod scratch;
mod terms;
#[cfg(test)]
mod tests;
pub mod validators;
mod value;

pub use admit::{admit, admit_with};
pub use compile::Engine;
pub use cost::Spent;
pub use documents::{
    DocumentDraft, DocumentIndexBuilder, DocumentKey, GUARANTEED_BYTES, MIN_DOCUMENT_BYTES,
    MIN_SEEN, QuotedDocument, Quotes, Unfit,
};
pub use error::{CompileError, CompileErrors, Problem};
pub use exact::{
    BuiltIndex, ExactIndexBuilder, ExactKey, LeftOut, MIN_OTHER_CHARS, MIN_PRIMARY_CHARS,
};
pub use keys::IndexKeys;
pub use mask::preview;
pub use matcher::{MAX_MATCHES_PER_UNIT, Match, Reading, Scan};
pub use pack_file::{PackFile, PackProblem};
pub use packs::{PackError, builtin, builtin_specs, families};
pub use scratch::Scratch;
