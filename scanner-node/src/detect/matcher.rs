//! The scan: runs the open patterns over a text and weighs what they hit.
//!
//! Owns the search loop, its bounds, and [`Match`]. Leaves weighing to `likelihood`, choosing between
//! detectors to `overlap`.
//! **Invariant:** spans lie on character boundaries, and a scan's work is bounded whatever the text.

use std::ops::Range;
use std::sync::Arc;

use regex_automata::Input;
use shared::content::TextUnit;
use shared::detector::DetectorSpec;
use shared::finding::{Evidence, Likelihood};

use super::candidate::Candidate;
use super::compile::{Detector, Engine, Pattern};
use super::likelihood::weigh;
use super::scratch::{PatternScratch, Scratch};
use super::{explain, mask, overlap};

/// Most matches reported of one text unit.
pub const MAX_MATCHES_PER_UNIT: usize = 1_000;
/// Most candidates kept of one text unit, over all detectors, before overlaps are resolved.
const MAX_CANDIDATES: usize = 20_000;
/// Longest value reported; what is longer is cut.
const MAX_VALUE_BYTES: usize = 8 << 10;
/// How often one pattern may look again inside a hit that its validator refused.
const MAX_SECOND_LOOKS: usize = 1_024;

/// One hit of one detector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The detector, as it was compiled: info type, severity, mask and handling are there.
    pub detector: Arc<DetectorSpec>,
    /// Byte offsets into `TextUnit::text`, half-open, on character boundaries.
    pub span: Range<usize>,
    /// How sure.
    pub likelihood: Likelihood,
    /// Why, in the order it was weighed. Never the value.
    pub evidence: Vec<Evidence>,
}

/// What a scan of one unit gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// In order of position; no two overlap.
    pub matches: Vec<Match>,
    /// There were more: the caller reports `GapReason::TooManyFindings`.
    pub truncated: bool,
}

impl Match {
    /// The value in `text`, the text it was found in.
    pub fn value<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.span.clone()).unwrap_or_default()
    }

    /// The value as it may be shown.
    pub fn preview(&self, text: &str) -> String {
        mask::preview(self.value(text), self.detector.mask)
    }
}

impl Engine {
    /// Finds everything the detectors know in `unit`. Cannot fail; a clean text allocates nothing once
    /// `scratch` has been used with this engine.
    pub fn scan(&self, unit: &TextUnit, scratch: &mut Scratch) -> Scan {
        scratch.fit(self);
        self.prefilter.open(unit.text.as_bytes(), &mut scratch.open);
        self.scan_open(&unit.text, scratch)
    }

    /// The same as [`Engine::scan`] with the prefilter left out: the reference that it is held to.
    pub fn scan_unfiltered(&self, unit: &TextUnit, scratch: &mut Scratch) -> Scan {
        scratch.fit(self);
        scratch.open.clear();
        scratch.open.resize(self.patterns.len(), true);
        self.scan_open(&unit.text, scratch)
    }

    fn scan_open(&self, text: &str, scratch: &mut Scratch) -> Scan {
        let Scratch {
            patterns,
            open,
            candidates,
            ..
        } = scratch;
        let mut truncated = false;
        for ((pattern, slot), _) in self
            .patterns
            .iter()
            .zip(patterns)
            .zip(&*open)
            .filter(|(_, open)| **open)
        {
            let Some(detector) = self.detectors.get(pattern.detector) else {
                continue;
            };
            let scratch = slot.get_or_insert_with(|| PatternScratch::of(pattern));
            truncated |= search(pattern, detector, text, scratch, candidates);
        }
        if candidates.is_empty() {
            return Scan {
                matches: Vec::new(),
                truncated,
            };
        }
        let kept = overlap::resolve(text, &self.detectors, candidates);
        truncated |= kept.len() > MAX_MATCHES_PER_UNIT;
        let matches = kept
            .into_iter()
            .take(MAX_MATCHES_PER_UNIT)
            .filter_map(|candidate| {
                let detector = self.detectors.get(candidate.detector)?;
                Some(Match {
                    detector: Arc::clone(&detector.spec),
                    likelihood: candidate.weighed.likelihood,
                    evidence: explain::evidence(&detector.spec, &candidate.weighed),
                    span: candidate.span,
                })
            })
            .collect();
        Scan { matches, truncated }
    }
}

/// Adds the candidates of one pattern; true if it stopped before the end of the text.
fn search(
    pattern: &Pattern,
    detector: &Detector,
    text: &str,
    scratch: &mut PatternScratch,
    candidates: &mut Vec<Candidate>,
) -> bool {
    let mut at = 0;
    let mut second_looks = 0;
    let mut found = 0;
    while let Some(hit) = find(pattern, text, at, scratch) {
        if found >= MAX_MATCHES_PER_UNIT || candidates.len() >= MAX_CANDIDATES {
            return true;
        }
        let span = widen(text, hit.clone());
        match weigh(detector, text, span) {
            Some((span, weighed)) => {
                at = span.end.max(at + 1);
                found += 1;
                let span = cut(text, span);
                candidates.push(Candidate {
                    detector: pattern.detector,
                    span,
                    weighed,
                });
            }
            // What was refused may hide a shorter or later value: `12 4111 1111 1111 1111`.
            None if second_looks < MAX_SECOND_LOOKS => {
                second_looks += 1;
                at = (hit.start + 1).max(at + 1);
            }
            None => at = hit.end.max(at + 1),
        }
    }
    false
}

/// The value of the next hit at or after `at`.
fn find(
    pattern: &Pattern,
    text: &str,
    at: usize,
    scratch: &mut PatternScratch,
) -> Option<Range<usize>> {
    if at > text.len() {
        return None;
    }
    let input = Input::new(text).range(at..);
    let Some(group) = pattern.value_group else {
        return pattern
            .regex
            .search_with(&mut scratch.cache, &input)
            .map(|hit| hit.range());
    };
    let PatternScratch { cache, captures } = scratch;
    pattern.regex.search_captures_with(cache, &input, captures);
    let whole = captures.get_match()?.range();
    let value = captures.get_group(group).map(|span| span.range());
    Some(value.filter(|value| !value.is_empty()).unwrap_or(whole))
}

/// Moves both ends outward to character boundaries: an ASCII class may match a part of a character.
fn widen(text: &str, span: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(span.start)..text.ceil_char_boundary(span.end)
}

fn cut(text: &str, span: Range<usize>) -> Range<usize> {
    let longest = text.floor_char_boundary(span.start.saturating_add(MAX_VALUE_BYTES));
    span.start..span.end.min(longest)
}
