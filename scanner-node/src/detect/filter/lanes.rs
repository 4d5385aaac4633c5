//! The ways by which a text is entered.
//!
//! Owns one automaton for each kind of anchor. Leaves where to stop to `stops`, and what a sequence says to
//! `probe`. **Invariant:** every sequence that stands in the text is read from the stop at its anchor.

use std::collections::BTreeSet;

use super::anchor::Lane;
#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::block::{self, Infix, Infixes, Marks};
use super::kinds::Kinds;
use super::literals::{self, Literals, Window};
use super::probe::Probe;
use super::spelling::Spellings;
use super::stops::{Signs, Stop, Stops};
use super::tree::{Entry, Grain, Tree};

/// Sequences by where they are entered.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) stops: Stops,
    /// Numbers, and the kinds they begin with.
    numbers: (Kinds, Tree),
    runs: Tree,
    marks: Tree,
    infixes: Tree,
    literals: Tree,
}

/// Those of the probes that are for one purpose.
pub(super) struct Chosen<'p>(Vec<(u32, &'p Probe)>);

impl<'p> Chosen<'p> {
    pub(super) fn of(probes: &'p [Probe], is_in: impl Fn(&Probe) -> bool) -> Self {
        let numbered = (0..).zip(probes);
        Self(numbered.filter(|(_, probe)| is_in(probe)).collect())
    }

    fn each(&self) -> impl Iterator<Item = &'p Probe> {
        self.0.iter().map(|(_, probe)| *probe)
    }

    fn in_lane(&self, is_in: impl Fn(Lane) -> bool) -> Vec<Entry<'p>> {
        let chosen = self.0.iter().filter(|(_, probe)| is_in(probe.lane));
        chosen.map(|(number, probe)| probe.entry(*number)).collect()
    }

    /// Numbers, and the kinds they begin with.
    pub(super) fn numbers(&self) -> (Kinds, Tree) {
        let numbers = self.in_lane(|lane| lane == Lane::Kinds);
        (kinds_of(&numbers), Tree::of(&numbers, Grain::Shapes))
    }
}

impl Lanes {
    /// Of some probes; `others` are numbers that the pass stops at too.
    pub(super) fn of(chosen: &Chosen<'_>, others: &Chosen<'_>) -> Self {
        let literals = chosen.in_lane(|lane| matches!(lane, Lane::Foreign | Lane::Anywhere));
        let tree = |grain, is_in: fn(Lane) -> bool| Tree::of(&chosen.in_lane(is_in), grain);
        Self {
            stops: Stops {
                spellings: Spellings::of(&chosen.in_lane(|lane| lane == Lane::Spelling)),
                kinds: {
                    let mut all = chosen.in_lane(|lane| lane == Lane::Kinds);
                    all.extend(others.in_lane(|lane| lane == Lane::Kinds));
                    kinds_of(&all)
                },
                ..stops(chosen, &literals)
            },
            numbers: chosen.numbers(),
            runs: tree(Grain::Shapes, |lane| lane == Lane::Run),
            marks: tree(Grain::Letters, |lane| matches!(lane, Lane::Mark(_))),
            infixes: tree(Grain::Letters, |lane| matches!(lane, Lane::Infix(_))),
            literals: Tree::of(&literals, Grain::Letters),
        }
    }

    /// Reports which sequences may begin where the pass has stopped.
    #[inline]
    pub(super) fn read(&self, text: &[u8], stop: Stop, found: &mut impl FnMut(u32)) {
        if stop.signs.has(Signs::WORD) {
            self.stops.spellings.read(text, stop.at, found);
        }
        let lanes = [
            (Signs::RUN, &self.runs),
            (Signs::MARK, &self.marks),
            (Signs::INFIX, &self.infixes),
            (Signs::LITERAL, &self.literals),
        ];
        for (_, tree) in lanes.iter().filter(|(sign, _)| stop.signs.has(*sign)) {
            tree.read(text, stop.at, &mut *found);
        }
        let (kinds, numbers) = &self.numbers;
        if stop.number.is_some_and(|shape| kinds.may_be(shape)) {
            numbers.read(text, stop.at, found);
        }
    }
}

/// What the pass goes by, but for words and numbers.
fn stops(chosen: &Chosen<'_>, literal: &[Entry<'_>]) -> Stops {
    let windows: Vec<Window> = literal
        .iter()
        .filter_map(|literal| literal.rest.first_chunk().copied())
        .collect();
    let has = |lane| chosen.each().any(|probe| probe.lane == lane);
    let marks: BTreeSet<u8> = chosen.each().filter_map(Probe::mark).collect();
    let infixes: BTreeSet<Infix> = chosen.each().filter_map(Probe::infix).collect();
    Stops {
        spellings: Spellings::of(&[]),
        kinds: kinds_of(&[]),
        marks: Marks::of(&marks),
        infixes: (
            Infixes::of(&infixes),
            Literals::of(infixes.iter().copied().flat_map(block::spellings)),
        ),
        literals: Literals::of(windows.iter().flat_map(literals::spellings)),
        rhythm: None,
        at_leads: has(Lane::Foreign),
        anywhere: has(Lane::Anywhere),
        #[cfg(target_arch = "x86_64")]
        avx2: Avx2::detect(),
    }
}

fn kinds_of(numbers: &[Entry<'_>]) -> Kinds {
    Kinds::of(numbers.iter().map(|number| number.rest))
}
