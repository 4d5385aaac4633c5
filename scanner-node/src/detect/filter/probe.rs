//! A sequence that a text is searched for, and what it says when it is there.
//!
//! **Invariant:** equal sequences are one probe, however many patterns have them.

use std::collections::HashMap;

use super::Place;
use super::anchor::{Anchor, Lane};
use super::block::Infix;
use super::cover::Cover;
use super::sequence::Sequence;
use super::sightings::Sightings;
use super::tree::Entry;
use crate::detect::class::{Set, symbol_at};

/// One sequence.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) lane: Lane,
    sequence: Sequence,
    /// Which symbol of the sequence the scan stops at.
    anchor: usize,
    /// Patterns that may match where it stands, in the order of their gates, those without one first.
    aims: Vec<Aim>,
    /// Gates that it is a hotword of.
    pub(super) gates: Vec<usize>,
}

/// Where a pattern may match, seen from an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    pattern: usize,
    /// How far after the start of the match the sequence begins, at least.
    before: usize,
    /// How far after the start of the sequence the match may begin.
    behind: usize,
    /// The most that the first and the anchor come to, over all probes of the pattern.
    reach: Option<usize>,
    /// The gate of hotwords without one of which the pattern does not count.
    gate: Option<usize>,
}

/// Collects probes.
#[derive(Debug, Default)]
pub(super) struct Probes {
    all: Vec<Probe>,
    numbers: HashMap<(Sequence, usize, Lane), usize>,
}

impl Probes {
    /// Adds the sequences of a pattern, each with its anchor.
    pub(super) fn add_pattern(
        &mut self,
        (pattern, gate): (usize, Option<usize>),
        cover: Cover,
        anchors: &[Anchor],
    ) {
        let deepest = anchors.iter().map(|anchor| anchor.at).max().unwrap_or(0);
        let before = cover.before;
        let aim = Aim {
            pattern,
            before: before.least,
            behind: cover.behind,
            reach: before.most.and_then(|most| most.checked_add(deepest)),
            gate,
        };
        for (sequence, anchor) in cover.sequences.into_iter().zip(anchors) {
            if let Some(probe) = self.probe(sequence, anchor) {
                probe.aims.push(aim);
            }
        }
    }

    /// Adds a hotword of a gate.
    pub(super) fn add_word(&mut self, sequence: Sequence, anchor: &Anchor, gate: usize) {
        if let Some(probe) = self.probe(sequence, anchor) {
            probe.gates.push(gate);
        }
    }

    /// The probe of a sequence.
    fn probe(&mut self, sequence: Sequence, anchor: &Anchor) -> Option<&mut Probe> {
        let key = (sequence, anchor.at, anchor.lane);
        let all = &mut self.all;
        let number = *self
            .numbers
            .entry(key)
            .or_insert_with_key(|(sequence, ..)| {
                all.push(Probe {
                    lane: anchor.lane,
                    sequence: sequence.clone(),
                    anchor: anchor.at,
                    aims: Vec::new(),
                    gates: Vec::new(),
                });
                all.len() - 1
            });
        self.all.get_mut(number)
    }

    /// All of them, ready to be asked.
    pub(super) fn finish(self) -> Vec<Probe> {
        let mut all = self.all;
        for probe in &mut all {
            probe.aims.sort_by_key(|aim| aim.gate);
        }
        all
    }
}

impl Probe {
    /// The sequence as it is entered, to be reported by this number.
    pub(super) fn entry(&self, number: u32) -> Entry<'_> {
        let before = self.anchor.checked_sub(1);
        let before = before.and_then(|before| self.sequence.get(before));
        Entry {
            number,
            before: before.copied().unwrap_or_else(Set::any),
            rest: self.sequence.get(self.anchor..).unwrap_or_default(),
        }
    }

    /// Whether the sequence stands there with its anchor at the byte `at`.
    pub(super) fn stands(&self, text: &[u8], at: usize) -> bool {
        (at + 1).checked_sub(self.anchor).is_some_and(|from| {
            let mut pairs = (from..).zip(&self.sequence);
            from + self.sequence.len() <= text.len() + 2
                && pairs.all(|(place, set)| set.has(symbol_at(text, place)))
        })
    }

    /// The sign that the scan stops at, if it is one.
    pub(super) fn mark(&self) -> Option<u8> {
        match self.lane {
            Lane::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    /// The infix that the scan stops at, if it is one.
    pub(super) fn infix(&self) -> Option<Infix> {
        match self.lane {
            Lane::Infix(infix) => Some(infix),
            _ => None,
        }
    }

    /// Whether it is for a pattern that depends on a hotword, or for one that does not.
    pub(super) fn is_for(&self, gated: Gated) -> bool {
        match gated {
            Gated::Yes => self.aims.last().is_some_and(|aim| aim.gate.is_some()),
            Gated::No => self.aims.first().is_some_and(|aim| aim.gate.is_none()),
        }
    }

    /// Whether it is a hotword.
    pub(super) fn is_for_word(&self) -> bool {
        !self.gates.is_empty()
    }

    /// Patterns that need no hotword.
    pub(super) fn open(&self) -> &[Aim] {
        let open = self.aims.partition_point(|aim| aim.gate.is_none());
        self.aims.get(..open).unwrap_or_default()
    }

    /// Tells the patterns that need a hotword and have one near. A sequence may be for thousands, where few
    /// words have been seen, or for few, where a text is full of hotwords: the fewer are gone through.
    pub(super) fn each_gated<'p>(&'p self, seen: &Sightings, mut found: impl FnMut(&'p Aim)) {
        /// Going by the gates takes a search for each.
        const FEW: usize = 16;
        let open = self.aims.partition_point(|aim| aim.gate.is_none());
        let gated = self.aims.get(open..).unwrap_or_default();
        if gated.len() <= FEW {
            let is_open = |aim: &&Aim| aim.gate.is_some_and(|gate| seen.is_open(gate));
            return gated.iter().filter(is_open).for_each(found);
        }
        for gate in seen.open() {
            let from = gated.partition_point(|aim| aim.gate < Some(gate));
            let of_gate = gated.iter().skip(from);
            of_gate
                .take_while(|aim| aim.gate == Some(gate))
                .for_each(&mut found);
        }
    }

    /// Where the pattern may match, with the anchor at the byte `at`.
    pub(super) fn place(&self, aim: &Aim, at: usize) -> Place {
        let back = |distance: usize| at.saturating_sub(distance);
        Place {
            pattern: aim.pattern,
            at: at + 1,
            last: (at + 1)
                .saturating_sub(aim.before + self.anchor)
                .saturating_add(aim.behind),
            earliest: aim.reach.map(back),
            until: usize::MAX,
        }
    }
}

/// Whether a pattern depends on a hotword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gated {
    Yes,
    No,
}
