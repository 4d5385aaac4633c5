//! From patterns to a filter.
//!
//! Owns which cover of a pattern is used, and which patterns wait for a hotword.
//! **Invariant:** a pattern without a usable cover runs always.

use std::collections::{BTreeSet, HashMap};

use regex_syntax::hir::Hir;
use shared::detector::Hotwords;

use super::anchor::{self, Lane};
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::block::Pairs;
use super::class::Set;
use super::cover::{self, Cover};
use super::kinds::Kinds;
use super::literals::{Literals, Window};
use super::probe::{Gated, Probe, Probes, Target};
use super::rarity::Model;
use super::sightings::STRETCH;
use super::spelling::Spellings;
use super::stops::Stops;
use super::tree::{Grain, Tree};
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
            probes: Probes { all: probes, .. },
            ..
        } = builder;
        let in_lanes = |is_in: &dyn Fn(&Probe) -> bool| -> Vec<(u32, &[Set])> {
            let numbered = (0..).zip(&probes).filter(|(_, probe)| is_in(probe));
            numbered
                .map(|(number, probe)| (number, probe.rest()))
                .collect()
        };
        let of = |lane: Lane| in_lanes(&move |probe| probe.lane == lane);
        let numbers =
            |gated| in_lanes(&move |probe| probe.lane == Lane::Kinds && probe.is_for(gated));
        let (open, gated) = (numbers(Gated::No), numbers(Gated::Yes));
        let literal = in_lanes(&|probe| matches!(probe.lane, Lane::Foreign | Lane::Anywhere));
        let words = of(Lane::Spelling);
        let paired = in_lanes(&|probe| matches!(probe.lane, Lane::Pair(_)));
        let marked = in_lanes(&|probe| matches!(probe.lane, Lane::Mark(_)));
        let windows: Vec<Window> = literal
            .iter()
            .filter_map(|(_, rest)| rest.first_chunk().copied())
            .collect();
        let kinds = |all: &[(u32, &[Set])]| Kinds::of(all.iter().map(|(_, rest)| *rest));
        let has = |lane| probes.iter().any(|probe| probe.lane == lane);
        let marks: BTreeSet<u8> = probes.iter().filter_map(Probe::mark).collect();
        let pairs: BTreeSet<[u8; 2]> = probes.iter().filter_map(Probe::pair).collect();
        Self {
            stops: Stops {
                spellings: Spellings::of(words.iter().map(|(_, rest)| *rest)),
                kinds: kinds(&of(Lane::Kinds)),
                marks: marks.into_iter().collect(),
                pairs: Pairs::of(&pairs),
                literals: Literals::of(windows.iter()),
                at_leads: has(Lane::Foreign),
                anywhere: has(Lane::Anywhere),
                #[cfg(target_arch = "x86_64")]
                avx2: Avx2::detect(),
            },
            words: Tree::of(&words, Grain::Letters),
            numbers: (kinds(&open), Tree::of(&open, Grain::Shapes)),
            gated_numbers: (kinds(&gated), Tree::of(&gated, Grain::Shapes)),
            runs: Tree::of(&of(Lane::Run), Grain::Shapes),
            marks: Tree::of(&marked, Grain::Letters),
            pairs: Tree::of(&paired, Grain::Letters),
            literals: Tree::of(&literal, Grain::Letters),
            always,
            probes,
        }
    }
}

impl Builder {
    fn add(&mut self, pattern: usize, wanted: &Wanted<'_>) {
        let shape = shape::cover(wanted.hir, &self.model);
        let Some(hotwords) = wanted.hotwords else {
            return self.add_cover((pattern, None), shape);
        };
        let near = shape
            .as_ref()
            .is_some_and(|cover| is_near(wanted.hir, cover, hotwords));
        let words = cover::cover_of_words(&hotwords.words, &self.model);
        let is_cheaper = |cover: &Cover| {
            words
                .as_ref()
                .is_none_or(|words| cover.cost() < words.cost())
        };
        if near
            && shape.as_ref().is_some_and(is_cheaper)
            && let Some(gate) = self.gate(wanted.detector, hotwords)
        {
            return self.add_cover((pattern, Some(gate)), shape);
        }
        self.add_cover((pattern, None), cover::rarer(shape, words));
    }

    fn add_cover(&mut self, (pattern, gate): (usize, Option<usize>), cover: Option<Cover>) {
        let Some(cover) = cover else {
            self.always.push(pattern);
            return;
        };
        let mut anchors = Vec::with_capacity(cover.sequences.len());
        for sequence in &cover.sequences {
            let Some(anchor) = anchor::best(sequence, &self.model) else {
                self.always.push(pattern);
                return;
            };
            // The next sequence had better make do with it.
            if let Lane::Pair(pair) = anchor.lane {
                self.model.take(pair);
            }
            anchors.push(anchor);
        }
        self.probes.add_pattern((pattern, gate), cover, &anchors);
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
                self.probes.add(sequence, &anchor, Target::Word(gate));
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
