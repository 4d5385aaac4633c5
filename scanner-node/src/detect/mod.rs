//! The detection engine: patterns → candidates → validators → evidence → matches.
//!
//! Owns how a text is searched and how sure a match is. Leaves files to `extract`, policy to the
//! coordinator. Pure: no clock, no I/O, no threads; an [`Engine`] is immutable and shared, a [`Scratch`]
//! belongs to one thread.
//! **Invariant:** the filter only ever skips what could not have matched.

mod candidate;
mod compile;
mod entropy;
mod error;
mod exclusion;
mod explain;
mod filter;
mod first;
mod hotword;
mod likelihood;
mod mask;
mod matcher;
mod normalise;
mod notation;
mod overlap;
pub mod packs;
mod scratch;
#[cfg(test)]
mod tests;
pub mod validators;

pub use compile::Engine;
pub use error::{CompileError, CompileErrors, Problem};
pub use mask::preview;
pub use matcher::{MAX_MATCHES_PER_UNIT, Match, Reading, Scan};
pub use packs::{PackError, builtin, builtin_specs};
pub use scratch::Scratch;
