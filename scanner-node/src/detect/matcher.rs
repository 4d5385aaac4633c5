//! The scan: runs patterns where they may match and weighs what they hit.
//!
//! Owns the search loop, its bounds, and [`Match`]. Leaves weighing to `likelihood`, choosing between
//! detectors to `overlap`.
//! **Invariant:** spans lie on character boundaries, and a scan's work is bounded whatever the text.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use shared::content::TextUnit;
use shared::detector::DetectorSpec;
use shared::finding::{Evidence, Likelihood};

use super::candidate::Candidate;
use super::compile::{Detector, Engine, Pattern};
use super::cost::Costs;
use super::exact::Corroboration;
use super::filter::Place;
use super::likelihood::weigh;
use super::normalise::Views;
use super::scratch::{PatternScratch, Progress, Scratch};
use super::value::Value;
use super::{effort, explain, mask, overlap};

/// Most matches reported of one text unit.
pub const MAX_MATCHES_PER_UNIT: usize = 1_000;
/// Most candidates kept of one text unit, over all detectors, before overlaps are resolved.
const MAX_CANDIDATES: usize = 20_000;
/// Longest value reported; what is longer is cut.
const MAX_VALUE_BYTES: usize = 8 << 10;
/// So few places where a match may begin are tried one by one first.
const FEW_STARTS: usize = 8;
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
    /// The value as it was read, where that is not what stands at `span`: `４１１１` is read as `4111`.
    pub reading: Option<Reading>,
}

/// A value as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Reading(String);

/// Shows the length only: it is a value.
impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reading({} bytes)", self.0.len())
    }
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
    /// The value as it was read in `text`, the text it was found in.
    pub fn value<'t>(&'t self, text: &'t str) -> &'t str {
        match &self.reading {
            Some(Reading(value)) => value,
            None => text.get(self.span.clone()).unwrap_or_default(),
        }
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
        self.read(&unit.text, scratch, Look::Filtered)
    }

    /// The same as [`Engine::scan`] with every pattern run over all of the text: the reference that it is
    /// held to.
    pub fn scan_unfiltered(&self, unit: &TextUnit, scratch: &mut Scratch) -> Scan {
        self.read(&unit.text, scratch, Look::Everywhere)
    }

    /// Searches the text as sent, then every other way to read it.
    fn read(&self, text: &str, scratch: &mut Scratch, look: Look) -> Scan {
        scratch.fit(self);
        let mut views = std::mem::take(&mut scratch.views);
        let (mut truncated, is_of_note) = self.search(text, scratch, look);
        if is_of_note {
            views.read(text);
        } else {
            views.clear();
        }
        for view in 0..views.count() {
            let seen_before = scratch.candidates.len();
            truncated |= self.search(views.text(view), scratch, look).0;
            trace(&views, view, seen_before, &mut scratch.candidates);
        }
        let kept = overlap::resolve(text, &self.detectors, &mut scratch.candidates);
        truncated |= kept.len() > MAX_MATCHES_PER_UNIT;
        let kept = kept.into_iter().take(MAX_MATCHES_PER_UNIT);
        let matches = kept.filter_map(|kept| self.matched(text, &views, kept));
        let matches = matches.collect();
        scratch.views = views;
        Scan { matches, truncated }
    }

    /// Searches one text; says whether it held more than is kept, and whether it might be read in another way.
    fn search(&self, text: &str, scratch: &mut Scratch, look: Look) -> (bool, bool) {
        scratch.begin();
        effort::of_text(text);
        let mut search = Search::of(self, text, scratch);
        let is_of_note = match look {
            Look::Filtered => search.filtered(),
            Look::Everywhere => {
                search.unfiltered();
                true
            }
        };
        (search.truncated, is_of_note)
    }

    fn matched(&self, text: &str, views: &Views, kept: Candidate) -> Option<Match> {
        let spec = &self.detectors.get(kept.detector)?.spec;
        let as_sent = text.get(kept.span.clone())?;
        let changes = kept.seen.as_ref().map(|seen| seen.changes);
        let read = kept.seen.as_ref().map(|seen| views.value(seen));
        let read = read.filter(|read| *read != as_sent);
        Some(Match {
            detector: Arc::clone(spec),
            likelihood: kept.weighed.likelihood,
            evidence: explain::evidence(spec, &kept.weighed, changes.unwrap_or_default()),
            span: kept.span,
            reading: read.map(|read| Reading(read.to_owned())),
        })
    }
}

/// Moves what was found in a view to where it stands in the text; drops what is no concern of the view.
fn trace(views: &Views, view: usize, from: usize, candidates: &mut Vec<Candidate>) {
    let mut index = 0;
    candidates.retain_mut(|candidate| {
        index += 1;
        if index <= from {
            return true;
        }
        let Some((span, seen)) = views.trace(view, candidate.span.clone()) else {
            return false;
        };
        candidate.span = span;
        candidate.seen = Some(seen);
        true
    });
}

/// Where patterns are run.
#[derive(Clone, Copy)]
enum Look {
    /// Where the filter says that they may match.
    Filtered,
    Everywhere,
}

/// One search under way.
struct Search<'s> {
    engine: &'s Engine,
    text: &'s str,
    scratch: &'s mut Scratch,
    truncated: bool,
}

impl<'s> Search<'s> {
    fn of(engine: &'s Engine, text: &'s str, scratch: &'s mut Scratch) -> Self {
        Self {
            engine,
            text,
            scratch,
            truncated: false,
        }
    }

    /// Runs each pattern where it may match; says whether the text might be read in another way.
    fn filtered(&mut self) -> bool {
        let engine = self.engine;
        for &pattern in engine.filter.always() {
            self.timed(pattern, |search| search.everywhere(pattern, 0));
        }
        let text = self.text.as_bytes();
        let mut sightings = std::mem::take(&mut self.scratch.sightings);
        let is_of_note = engine.filter.each(text, &mut sightings, |place| {
            self.timed(place.pattern, |search| search.around(place));
        });
        self.scratch.sightings = sightings;
        self.terms();
        self.rows();
        is_of_note
    }

    /// Runs each pattern over all of the text.
    fn unfiltered(&mut self) {
        for pattern in 0..self.engine.patterns.len() {
            self.everywhere(pattern, 0);
        }
        self.terms();
        self.rows();
    }

    /// Lets a pattern run, and notes the time it takes if it is an admin's.
    fn timed(&mut self, pattern: usize, run: impl FnOnce(&mut Self)) {
        let timed = self.engine.timed.get(pattern).copied().unwrap_or(false);
        let began = if timed {
            self.scratch.costs.now()
        } else {
            None
        };
        run(self);
        if let Some((began, of)) = began.zip(self.engine.patterns.get(pattern)) {
            self.scratch.costs.took(of.detector, began);
        }
    }

    /// Runs a pattern over all of the text from `from` on.
    fn everywhere(&mut self, pattern: usize, from: usize) {
        let text = self.text;
        let Some(mut run) = self.run(pattern) else {
            return;
        };
        run.progress.at = run.progress.at.max(from);
        while run.step(text, run.progress.at..text.len(), Begins::By(usize::MAX)) {}
        run.progress.ended = true;
        let truncated = run.truncated;
        self.truncated |= truncated;
    }

    /// Runs a pattern over what a match that contains `place` may cover.
    fn around(&mut self, place: Place) {
        let text = self.text;
        let Some(mut run) = self.run(place.pattern) else {
            return;
        };
        if run.progress.ended || place.last < run.progress.at {
            return;
        }
        let Some((earliest, longest)) = place.earliest.zip(run.pattern.longest) else {
            return self.everywhere(place.pattern, place.earliest.unwrap_or(0));
        };
        let earliest = earliest.max(run.progress.at);
        let last = place.last.min(text.len());
        let to = last
            .saturating_add(longest)
            .min(place.until)
            .min(text.len());
        if last < earliest || run.lacks_what_it_needs(text, earliest..to) {
            return;
        }
        if last - earliest < FEW_STARTS {
            for start in earliest..=last {
                if start >= run.progress.at && run.pattern.first.may_begin(text.as_bytes(), start) {
                    run.progress.at = start;
                    run.step(text, start..to, Begins::AtOnce);
                }
            }
        } else {
            run.progress.at = earliest;
            let by = Begins::By(last);
            while run.progress.at <= last && run.step(text, run.progress.at..to, by) {}
            // All that begins up to there has been seen: the next place need not look again.
            run.progress.at = run.progress.at.max(last + 1);
        }
        let truncated = run.truncated;
        self.truncated |= truncated;
    }

    /// Looks for the words of dictionaries.
    fn terms(&mut self) {
        let (engine, text) = (self.engine, self.text);
        engine
            .terms
            .each(text, &mut |detector, span| self.hit(detector, span, None));
    }

    /// Looks for rows of tables.
    fn rows(&mut self) {
        let (engine, text) = (self.engine, self.text);
        let more = engine.exact.each(text, &mut |row| {
            self.hit(row.detector, row.span, Some(row.corroboration));
        });
        self.truncated |= more;
    }

    /// Weighs a hit of a detector that is no regex.
    fn hit(&mut self, index: usize, span: Range<usize>, row: Option<Corroboration>) {
        let scratch = &mut *self.scratch;
        let Some(detector) = self.engine.detectors.get(index) else {
            return;
        };
        let Some((of_scan, hits)) = scratch.hits.get_mut(index) else {
            return;
        };
        if *of_scan != scratch.scan {
            (*of_scan, *hits) = (scratch.scan, 0);
        }
        if *hits >= MAX_MATCHES_PER_UNIT || scratch.candidates.len() >= MAX_CANDIDATES {
            self.truncated = true;
            return;
        }
        scratch.costs.candidate(index);
        if let Some((span, weighed)) = weigh(detector, self.text, span) {
            *hits += 1;
            scratch.candidates.push(Candidate {
                detector: index,
                span: cut(self.text, span),
                weighed: match row {
                    Some(by) => weighed.corroborated(by),
                    None => weighed,
                },
                seen: None,
            });
        }
    }

    /// What a run of a pattern needs; none if there is no such pattern.
    fn run(&mut self, pattern: usize) -> Option<Run<'_>> {
        let of = self.engine.patterns.get(pattern)?;
        let detector = self.engine.detectors.get(of.detector)?;
        let Scratch {
            patterns,
            progress,
            scan,
            candidates,
            costs,
            ..
        } = &mut *self.scratch;
        let progress = progress.get_mut(pattern)?;
        if progress.scan != *scan {
            *progress = Progress {
                scan: *scan,
                ..Progress::default()
            };
        }
        let scratch = patterns.get_mut(pattern)?;
        if scratch.is_none() {
            *scratch = PatternScratch::of(of);
        }
        Some(Run {
            pattern: of,
            detector,
            scratch: scratch.as_mut()?,
            regex: of.regex.get()?,
            progress,
            candidates,
            costs,
            truncated: false,
        })
    }
}

/// Where a match has to begin.
#[derive(Clone, Copy)]
enum Begins {
    /// Where the range does.
    AtOnce,
    /// There or earlier. What begins later may reach beyond the range and be cut by it: another place is its.
    By(usize),
}

/// One pattern at work on a text.
struct Run<'r> {
    pattern: &'r Pattern,
    regex: &'r Regex,
    detector: &'r Detector,
    scratch: &'r mut PatternScratch,
    progress: &'r mut Progress,
    candidates: &'r mut Vec<Candidate>,
    costs: &'r mut Costs,
    truncated: bool,
}

impl Run<'_> {
    /// Whether a byte that each match contains is not there.
    fn lacks_what_it_needs(&self, text: &str, region: Range<usize>) -> bool {
        let region = text.as_bytes().get(region).unwrap_or_default();
        let mut needs = self.pattern.needs.into_iter().flatten();
        needs.any(|byte| memchr::memchr(byte, region).is_none())
    }

    /// Looks for the next match in `range`; false if there is none.
    fn step(&mut self, text: &str, range: Range<usize>, begins: Begins) -> bool {
        let at = self.progress.at;
        let hit = find(
            (self.pattern, self.regex),
            text,
            (range.clone(), begins),
            self.scratch,
        );
        effort::of_search(&range, hit.as_ref());
        let Some(hit) = hit else {
            return false;
        };
        if self.progress.found >= MAX_MATCHES_PER_UNIT || self.candidates.len() >= MAX_CANDIDATES {
            self.truncated = true;
            self.progress.ended = true;
            return false;
        }
        self.costs.candidate(self.pattern.detector);
        let span = widen(text, hit.clone());
        match weigh(self.detector, text, span) {
            Some((span, weighed)) => {
                self.progress.at = span.end.max(at + 1);
                self.progress.found += 1;
                self.candidates.push(Candidate {
                    detector: self.pattern.detector,
                    span: cut(text, span),
                    weighed,
                    seen: None,
                });
            }
            // What was refused may hide a shorter or later value: `12 4111 1111 1111 1111`.
            None if self.progress.second_looks < MAX_SECOND_LOOKS => {
                self.progress.second_looks += 1;
                self.progress.at = (hit.start + 1).max(at + 1);
            }
            None => self.progress.at = hit.end.max(at + 1),
        }
        true
    }
}

/// The value of the next match in the range.
fn find(
    (pattern, regex): (&Pattern, &Regex),
    text: &str,
    (range, begins): (Range<usize>, Begins),
    scratch: &mut PatternScratch,
) -> Option<Range<usize>> {
    if range.start > range.end {
        return None;
    }
    let (anchored, latest) = match begins {
        Begins::AtOnce => (Anchored::Yes, range.start),
        Begins::By(latest) => (Anchored::No, latest),
    };
    let input = Input::new(text).range(range).anchored(anchored);
    let PatternScratch { cache, captures } = scratch;
    let begins_in_time = |whole: &Range<usize>| whole.start <= latest;
    let Value::Group(group) = pattern.value else {
        let whole = regex.search_with(cache, &input)?.range();
        let whole = Some(whole).filter(begins_in_time)?;
        return pattern.value.trim(text.as_bytes(), whole);
    };
    regex.search_captures_with(cache, &input, captures);
    let whole = captures.get_match()?.range();
    let whole = Some(whole).filter(begins_in_time)?;
    let value = captures.get_group(group).map(|span| span.range());
    let value = value.filter(|value| !value.is_empty());
    Some(value.unwrap_or(whole))
}

/// Moves both ends outward to character boundaries: an ASCII class may match a part of a character.
fn widen(text: &str, span: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(span.start)..text.ceil_char_boundary(span.end)
}

fn cut(text: &str, span: Range<usize>) -> Range<usize> {
    let longest = text.floor_char_boundary(span.start.saturating_add(MAX_VALUE_BYTES));
    span.start..span.end.min(longest)
}
