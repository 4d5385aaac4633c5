//! A sequence that a text is searched for, and what it says when it is there.
//!
//! **Invariant:** equal sequences are one probe, however many patterns have them.

use std::collections::HashMap;

use super::Place;
use super::anchor::{Anchor, Lane};
use super::block::Infix;
use super::class::{EDGE, Set};
use super::cover::{Cover, Distance};
use super::sequence::Sequence;
use super::tree::Entry;

/// One sequence.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) lane: Lane,
    sequence: Sequence,
    /// Which symbol of the sequence the scan stops at.
    anchor: usize,
    pub(super) targets: Vec<Target>,
}

/// What it says.
#[derive(Debug)]
pub(super) enum Target {
    /// A pattern may match here.
    Pattern(Aim),
    /// A hotword of this gate stands here.
    Word(usize),
}

/// Where a pattern may match, seen from an anchor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    pattern: usize,
    before: Distance,
    behind: usize,
    /// The most that `before` and the anchor come to, over all probes of the pattern.
    reach: Option<usize>,
    /// The gate of hotwords without one of which the pattern does not count.
    pub(super) gate: Option<usize>,
}

/// Collects probes.
#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) all: Vec<Probe>,
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
            before,
            behind: cover.behind,
            reach: before.most.and_then(|most| most.checked_add(deepest)),
            gate,
        };
        for (sequence, anchor) in cover.sequences.into_iter().zip(anchors) {
            self.add(sequence, anchor, Target::Pattern(aim));
        }
    }

    /// Adds a sequence.
    pub(super) fn add(&mut self, sequence: Sequence, anchor: &Anchor, target: Target) {
        let key = (sequence, anchor.at, anchor.lane);
        if let Some(probe) = self.numbers.get(&key).and_then(|at| self.all.get_mut(*at)) {
            probe.targets.push(target);
            return;
        }
        self.all.push(Probe {
            lane: anchor.lane,
            sequence: key.0.clone(),
            anchor: anchor.at,
            targets: vec![target],
        });
        self.numbers.insert(key, self.all.len() - 1);
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
        self.aims()
            .any(|aim| aim.gate.is_some() == (gated == Gated::Yes))
    }

    /// What it says of patterns.
    pub(super) fn aims(&self) -> impl Iterator<Item = &Aim> {
        self.targets.iter().filter_map(|target| match target {
            Target::Pattern(aim) => Some(aim),
            Target::Word(_) => None,
        })
    }

    /// The gates that it is a hotword of.
    pub(super) fn words(&self) -> impl Iterator<Item = usize> {
        self.targets.iter().filter_map(|target| match target {
            Target::Pattern(_) => None,
            Target::Word(gate) => Some(*gate),
        })
    }

    /// Whether it is a hotword.
    pub(super) fn is_for_word(&self) -> bool {
        self.words().next().is_some()
    }

    /// Where the pattern may match, with the anchor at the byte `at`.
    pub(super) fn place(&self, aim: &Aim, at: usize) -> Place {
        let back = |distance: usize| at.saturating_sub(distance);
        let most = aim.before.most.unwrap_or(usize::MAX);
        Place {
            pattern: aim.pattern,
            at: at + 1,
            first: back(most.saturating_add(self.anchor)),
            last: (at + 1)
                .saturating_sub(aim.before.least + self.anchor)
                .saturating_add(aim.behind),
            earliest: aim.reach.map(back),
        }
    }
}

/// The symbol at a place, the edge before the text being at 0.
pub(super) fn symbol_at(text: &[u8], place: usize) -> usize {
    let byte = place.checked_sub(1).and_then(|at| text.get(at));
    byte.map_or(EDGE, |&byte| usize::from(byte))
}

/// Whether a pattern depends on a hotword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gated {
    Yes,
    No,
}
