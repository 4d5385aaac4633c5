//! From patterns to a filter.
//!
//! Owns which cover of a pattern is used, and which patterns wait for a hotword.
//! **Invariant:** a pattern without a usable cover runs always.

use std::collections::HashMap;

use regex_syntax::hir::Hir;
use shared::detector::Hotwords;

use super::anchor::{self, Anchor, Lane};
use super::cover::{self, Cover};
use super::lanes::{Chosen, Lanes};
use super::probe::{Gated, Probe, Probes};
use super::rarity::Model;
use super::rhythm::Phrases;
use super::sightings::STRETCH;
use super::{Filter, shape};

/// Room for the word itself, and for the anchor inside it.
const WORD_BYTES: usize = 256;

/// A pattern that a text is to be searched for.
#[derive(Clone, Copy, Debug)]
pub(in crate::detect) struct Wanted<'h> {
    pub(in crate::detect) hir: &'h Hir,
    /// Number of its detector.
    pub(in crate::detect) detector: usize,
    /// The hotwords without one of which it does not count.
    pub(in crate::detect) hotwords: Option<&'h Hotwords>,
}

/// What has been gathered so far.
#[derive(Default)]
struct Builder {
    model: Model,
    always: Vec<usize>,
    phrases: Phrases,
    probes: Probes,
    /// The gate of each detector that requires hotwords; none if these cannot be looked for cheaply.
    gates: HashMap<usize, Option<usize>>,
}

impl Filter {
    /// Derives the filter of `patterns`.
    pub(in crate::detect) fn build<'h>(patterns: impl Iterator<Item = Wanted<'h>>) -> Self {
        let mut builder = Builder::default();
        for (pattern, wanted) in patterns.enumerate() {
            builder.add(pattern, &wanted);
        }
        let Builder {
            always,
            phrases,
            probes,
            ..
        } = builder;
        let probes = probes.finish();
        let is_gated = |probe: &Probe| probe.is_for(Gated::Yes);
        let gated = Chosen::of(&probes, |p| p.lane == Lane::Kinds && is_gated(p));
        let nothing = Chosen::of(&[], |_| false);
        // A gated number waits for a word before it is read; all else is read at once.
        let at_once = |probe: &Probe| {
            probe.is_for(Gated::No) || probe.lane != Lane::Kinds && probe.is_for(Gated::Yes)
        };
        let mut patterns = Lanes::of(&Chosen::of(&probes, at_once), &gated);
        patterns.stops.rhythm = phrases.rhythm();
        Self {
            patterns,
            gated_numbers: gated.numbers(),
            hotwords: Lanes::of(&Chosen::of(&probes, Probe::is_for_word), &nothing),
            always,
            phrases,
            probes,
        }
    }
}

impl Builder {
    fn add(&mut self, pattern: usize, wanted: &Wanted<'_>) {
        let shape = shape::cover(wanted.hir, &self.model);
        let Some(hotwords) = wanted.hotwords else {
            return self.add_cover((pattern, None), shape, wanted.hir);
        };
        let near = shape
            .as_ref()
            .is_some_and(|cover| is_near(wanted.hir, cover, hotwords));
        let longest = wanted.hir.properties().maximum_len();
        let words = cover::cover_of_words(hotwords, longest, &self.model);
        let is_cheaper = |cover: &Cover| {
            words
                .as_ref()
                .is_none_or(|words| cover.cost() < words.cost())
        };
        if near
            && shape.as_ref().is_some_and(is_cheaper)
            && let Some(gate) = self.gate(wanted.detector, hotwords)
        {
            return self.add_cover((pattern, Some(gate)), shape, wanted.hir);
        }
        self.add_cover((pattern, None), cover::rarer(shape, words), wanted.hir);
    }

    fn add_cover(
        &mut self,
        (pattern, gate): (usize, Option<usize>),
        cover: Option<Cover>,
        hir: &Hir,
    ) {
        if let Some((cover, anchors)) = cover.and_then(|cover| self.anchored(cover)) {
            self.probes.add_pattern((pattern, gate), cover, &anchors);
        } else if !self.phrases.add(pattern, hir) {
            self.always.push(pattern);
        }
    }

    /// Where each sequence is entered; none if one cannot be.
    fn anchored(&mut self, cover: Cover) -> Option<(Cover, Vec<Anchor>)> {
        let mut anchors = Vec::with_capacity(cover.sequences.len());
        for sequence in &cover.sequences {
            let anchor = anchor::best(sequence, &self.model)?;
            // The next sequence had better make do with it.
            if let Lane::Infix(infix) = anchor.lane {
                self.model.take(infix);
            }
            anchors.push(anchor);
        }
        Some((cover, anchors))
    }

    /// The gate of a detector, made when it is first asked for.
    fn gate(&mut self, detector: usize, hotwords: &Hotwords) -> Option<usize> {
        if let Some(gate) = self.gates.get(&detector) {
            return *gate;
        }
        let gate = self.gates.len();
        let words = hotwords.words.iter().map(|word| {
            let sequence = cover::sequence_of_word(word);
            let anchor = anchor::best(&sequence, &self.model)?;
            (anchor.lane != Lane::Anywhere).then_some((sequence, anchor))
        });
        let words: Option<Vec<_>> = words.collect();
        let gate = words.map(|words| {
            for (sequence, anchor) in words {
                self.probes.add_word(sequence, &anchor, gate);
            }
            gate
        });
        self.gates.insert(detector, gate);
        gate
    }
}

/// Whether a hotword that counts stands within a stretch of the anchor.
fn is_near(hir: &Hir, cover: &Cover, hotwords: &Hotwords) -> bool {
    let longest = hir.properties().maximum_len();
    let Some((longest, reach)) = longest.zip(cover.before.most) else {
        return false;
    };
    let [before, after] = [hotwords.before, hotwords.after]
        .map(|distance| usize::try_from(distance).unwrap_or(usize::MAX));
    [longest, reach, before, after, WORD_BYTES]
        .into_iter()
        .fold(0, usize::saturating_add)
        <= STRETCH
}
