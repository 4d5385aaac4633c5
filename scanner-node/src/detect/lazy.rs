//! Regular expressions that are built when they first run.
//!
//! Owns the limits of what is built. Of the hundreds of patterns in an engine most never run, because the filter
//! knows better: an engine without them is ready sooner and takes a fraction of the memory.
//! **Invariant:** a regular expression runs in time linear in the text.

use std::sync::OnceLock;

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::Hir;

use super::compile::parse;

/// Largest automaton of one pattern, in bytes.
const NFA_BYTES: usize = 1 << 20;
/// Lazy-automaton cache per pattern and thread, in bytes.
const CACHE_BYTES: usize = 1 << 20;

/// A regular expression that may not have been built yet.
#[derive(Debug)]
pub(super) struct LazyRegex {
    source: String,
    /// The groups that a search may be asked for.
    captures: WhichCaptures,
    regex: OnceLock<Option<Regex>>,
}

/// Why a pattern that can be parsed cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    TooLarge,
    Unsupported,
}

impl LazyRegex {
    /// Of a pattern that can be parsed.
    pub(super) fn new(source: &str, captures: WhichCaptures) -> Self {
        Self {
            source: source.to_owned(),
            captures,
            regex: OnceLock::new(),
        }
    }

    /// Builds it now, from what it was parsed to.
    ///
    /// # Errors
    /// It is larger than the limit.
    pub(super) fn build(&self, hir: &Hir) -> Result<(), Refused> {
        let regex = build(hir, self.captures)?;
        self.regex.get_or_init(|| Some(regex));
        Ok(())
    }

    /// The regular expression, built if need be; none if it cannot be.
    pub(super) fn get(&self) -> Option<&Regex> {
        let built = self
            .regex
            .get_or_init(|| build(&parse(&self.source).ok()?, self.captures).ok());
        built.as_ref()
    }
}

fn build(hir: &Hir, captures: WhichCaptures) -> Result<Regex, Refused> {
    Regex::builder()
        .configure(
            Config::new()
                .nfa_size_limit(Some(NFA_BYTES))
                .hybrid_cache_capacity(CACHE_BYTES)
                .which_captures(captures)
                .utf8_empty(false),
        )
        .build_from_hir(hir)
        .map_err(|error| match error.size_limit() {
            Some(_) => Refused::TooLarge,
            None => Refused::Unsupported,
        })
}
