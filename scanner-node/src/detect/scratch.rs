//! What one thread needs to search with an engine.
//!
//! Owns the regex caches and the buffers of a scan, so that a clean message allocates nothing and no
//! thread waits for another. **Invariant:** caches belong to exactly one engine; another engine's are
//! thrown away.

use regex_automata::meta::Cache;
use regex_automata::util::captures::Captures;

use super::candidate::Candidate;
use super::compile::{Engine, Pattern};
use super::cost::Costs;
use super::filter::Sightings;
use super::normalise::Views;

/// Reusable memory of one scanning thread; works with any engine, fastest with the same one.
#[derive(Debug, Default)]
pub struct Scratch {
    engine: u64,
    pub(super) patterns: Vec<Option<PatternScratch>>,
    /// How far each pattern is in the text at hand.
    pub(super) progress: Vec<Progress>,
    /// Number of the scan that `progress` belongs to.
    pub(super) scan: u64,
    pub(super) candidates: Vec<Candidate>,
    /// Other ways to read the text at hand.
    pub(super) views: Views,
    pub(super) sightings: Sightings,
    /// Hits of each detector that is no regex, and the scan they are of.
    pub(super) hits: Vec<(u64, usize)>,
    pub(super) costs: Costs,
}

/// How far a pattern is in a text. Of another scan, it is as good as new.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) scan: u64,
    /// Where its next match may begin.
    pub(super) at: usize,
    pub(super) found: usize,
    pub(super) second_looks: usize,
    /// It has nothing more to look for.
    pub(super) ended: bool,
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

    pub(super) fn is_of(&self, engine: &Engine) -> bool {
        self.engine == engine.id
    }

    /// Makes it fit `engine`.
    pub(super) fn fit(&mut self, engine: &Engine) {
        if self.engine != engine.id {
            self.engine = engine.id;
            self.patterns.clear();
            self.patterns.resize_with(engine.patterns.len(), || None);
            self.progress.clear();
            self.progress
                .resize(engine.patterns.len(), Progress::default());
            self.hits.clear();
            self.hits.resize(engine.detectors.len(), (0, 0));
            self.costs.fit(engine.detectors.len());
        }
        self.candidates.clear();
    }

    /// Begins a text: no pattern has looked for anything in it yet.
    pub(super) fn begin(&mut self) {
        self.scan += 1;
    }
}

impl PatternScratch {
    /// None if the pattern cannot run.
    pub(super) fn of(pattern: &Pattern) -> Option<Self> {
        let regex = pattern.regex.get()?;
        Some(Self {
            cache: regex.create_cache(),
            captures: regex.create_captures(),
        })
    }
}
