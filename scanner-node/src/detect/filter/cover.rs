//! Sequences that cover a pattern, and which of several covers makes the least work.
//!
//! **Invariant:** each match of the pattern has one of the sequences in it, as far after its start as `before`
//! says.

use regex_syntax::hir::{Hir, HirKind, Repetition};
use shared::detector::Hotwords;

use super::anchor;
use super::rarity::Model;
use super::sequence::{LONGEST, Sequence};
use crate::detect::class::{ALNUM, Set};

/// Sequences, one of which each match contains.
#[derive(Clone, Debug)]
pub(super) struct Cover {
    pub(super) sequences: Vec<Sequence>,
    /// How far after the start of the match a sequence begins. A symbol for what stands beside a match takes
    /// no room in it, so the match may begin one byte later.
    pub(super) before: Distance,
    /// How far after the start of the sequence the match may begin: a hotword may stand in front of it.
    pub(super) behind: usize,
    /// Looking closer wherever a window shows, running the pattern wherever a sequence does.
    pub(super) work: f64,
}

/// Bytes between two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Distance {
    pub(super) least: usize,
    /// None: no limit.
    pub(super) most: Option<usize>,
}

impl Distance {
    pub(super) const NONE: Self = Self {
        least: 0,
        most: Some(0),
    };

    pub(super) fn is_one(self) -> bool {
        (self.least, self.most) == (1, Some(1))
    }

    pub(super) fn then(self, next: Self) -> Self {
        Self {
            least: self.least.saturating_add(next.least),
            most: self.most.and_then(|most| most.checked_add(next.most?)),
        }
    }

    pub(super) fn times(self, repetition: &Repetition) -> Self {
        let times = |count: u32, length: usize| {
            length.saturating_mul(usize::try_from(count).unwrap_or(usize::MAX))
        };
        Self {
            least: times(repetition.min, self.least),
            most: repetition.max.and_then(|max| Some(times(max, self.most?))),
        }
    }

    /// From the least to the most of all.
    pub(super) fn around(all: impl Iterator<Item = Self>) -> Self {
        all.reduce(|a, b| Self {
            least: a.least.min(b.least),
            most: a.most.zip(b.most).map(|(a, b)| a.max(b)),
        })
        .unwrap_or(Self::NONE)
    }
}

impl Cover {
    /// A cover of these sequences, unless one of them says nothing.
    pub(super) fn of(sequences: Vec<Sequence>, before: Distance, model: &Model) -> Option<Self> {
        const LOOK: f64 = 1.0;
        const RUN: f64 = 20.0;
        let mut work = 0.0;
        for sequence in &sequences {
            work += model.work_of(sequence, || {
                let look = anchor::best(sequence, model)?.odds;
                Some(LOOK * look + RUN * model.odds(sequence))
            })?;
        }
        (!sequences.is_empty()).then_some(Self {
            sequences,
            before,
            behind: 0,
            work,
        })
    }

    /// What it costs: where the match may begin anywhere, a text is searched as a whole.
    pub(super) fn cost(&self) -> f64 {
        const UNBOUNDED: f64 = 20.0;
        /// Up to so many places each is tried, which is far faster than searching.
        const FEW: usize = 4;
        let few = |most: usize| most - self.before.least.min(most) <= FEW;
        if self.before.most.is_some_and(few) {
            self.work
        } else {
            self.work * UNBOUNDED
        }
    }
}

/// The one that makes less work.
pub(super) fn rarer(a: Option<Cover>, b: Option<Cover>) -> Option<Cover> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.cost() < a.cost() { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// A hotword as a sequence: a whole word where it begins or ends with a letter or digit.
pub(super) fn sequence_of_word(word: &str) -> Sequence {
    let either_case = |byte: u8| {
        Set::byte(byte.to_ascii_lowercase()).union(&Set::byte(byte.to_ascii_uppercase()))
    };
    let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let beside = || ALNUM.complement();
    let mut sequence = Sequence::new();
    if is_word(word.bytes().next()) {
        sequence.push(beside());
    }
    sequence.extend(word.bytes().map(either_case));
    if is_word(word.bytes().next_back()) {
        sequence.push(beside());
    }
    sequence.truncate(LONGEST);
    sequence
}

/// Hotwords of which a detector requires one, as a cover of a pattern whose matches are at most so long.
pub(super) fn cover_of_words(
    hotwords: &Hotwords,
    longest: Option<usize>,
    model: &Model,
) -> Option<Cover> {
    /// What stands beside the word, and the rest of a character at the end of a distance.
    const SPARE: usize = 8;
    let sequences = hotwords.words.iter().map(|word| sequence_of_word(word));
    let [before, after] = [hotwords.before, hotwords.after].map(|distance| {
        usize::try_from(distance)
            .unwrap_or(usize::MAX)
            .saturating_add(SPARE)
    });
    let around = Distance {
        least: 0,
        most: longest.and_then(|longest| longest.checked_add(after)),
    };
    let cover = Cover::of(sequences.collect(), around, model)?;
    Some(Cover {
        behind: before,
        ..cover
    })
}

/// The two rarest bytes that every match contains, as far as there are any. Where one of them is what the scan
/// stops at, the other still says something.
pub(in crate::detect) fn needed(hir: &Hir) -> [Option<u8>; 2] {
    let needed = all_needed(hir);
    let model = Model::default();
    let odds = |byte: &u8| model.odds(&[Set::byte(*byte)]);
    let rarest = |but: Option<u8>| {
        (0..128)
            .filter(|byte| needed >> byte & 1 == 1 && but != Some(*byte))
            .min_by(|a, b| odds(a).total_cmp(&odds(b)))
    };
    let first = rarest(None);
    [first, first.and_then(|first| rarest(Some(first)))]
}

/// The ASCII bytes that every match contains, a bit each.
fn all_needed(hir: &Hir) -> u128 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 0,
        HirKind::Literal(literal) => literal
            .0
            .iter()
            .filter(|byte| byte.is_ascii())
            .fold(0, |all, byte| all | 1 << byte),
        HirKind::Repetition(repetition) if repetition.min == 0 => 0,
        HirKind::Repetition(repetition) => all_needed(&repetition.sub),
        HirKind::Capture(capture) => all_needed(&capture.sub),
        HirKind::Concat(parts) => parts.iter().fold(0, |all, part| all | all_needed(part)),
        HirKind::Alternation(parts) => parts
            .iter()
            .map(all_needed)
            .reduce(|a, b| a & b)
            .unwrap_or(0),
    }
}
