//! What one thread needs to search with an engine.
//!
//! Owns the regex caches and the buffers of a scan, so that a clean message allocates nothing and no
//! thread waits for another. **Invariant:** caches belong to exactly one engine; another engine's are
//! thrown away.

use regex_automata::meta::Cache;
use regex_automata::util::captures::Captures;

use super::candidate::Candidate;
use super::compile::{Engine, Pattern};

/// Reusable memory of one scanning thread; works with any engine, fastest with the same one.
#[derive(Debug, Default)]
pub struct Scratch {
    engine: u64,
    pub(super) patterns: Vec<Option<PatternScratch>>,
    pub(super) open: Vec<bool>,
    pub(super) candidates: Vec<Candidate>,
}

/// Caches of one pattern, made when it first runs.
#[derive(Debug)]
pub(super) struct PatternScratch {
    pub(super) cache: Cache,
    pub(super) captures: Captures,
}

impl Scratch {
    /// Empty: the first scan fills it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes it fit `engine`.
    pub(super) fn fit(&mut self, engine: &Engine) {
        if self.engine != engine.id {
            self.engine = engine.id;
            self.patterns.clear();
            self.patterns.resize_with(engine.patterns.len(), || None);
        }
        self.candidates.clear();
    }
}

impl PatternScratch {
    pub(super) fn of(pattern: &Pattern) -> Self {
        Self {
            cache: pattern.regex.create_cache(),
            captures: pattern.regex.create_captures(),
        }
    }
}
