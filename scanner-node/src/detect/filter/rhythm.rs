//! Words side by side of which none is too short or too long.
//!
//! Owns reading that off a pattern without anything rare in it, and finding such words. Half of what people write
//! are words of one or two letters, or of many: ten others in a row are seldom met, but a recovery phrase of a
//! wallet is made of them. **Invariant:** each match of such a pattern has so many of these words in a row.

use std::ops::Range;
use std::sync::LazyLock;

use regex_syntax::hir::{Hir, HirKind};

use super::Place;
use super::bits::{bits, in_a_row, lowest};
use super::cover::Distance;
use crate::detect::class::{self, Set};
use crate::detect::ends::{End, at_end_of, bytes_in};

/// Fewer words in a row are met too often.
const FEWEST: u32 = 6;
/// Longer words are not told apart.
const LONGEST: u32 = 32;

/// Words in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// How many.
    words: u32,
    /// Letters of each, at least and at most.
    least: u32,
    most: u32,
}

/// Patterns whose matches have a rhythm.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    /// That of all.
    rhythm: Option<Rhythm>,
    /// Each with how far before such words a match may begin, and how far behind them it may end.
    patterns: Vec<(usize, [usize; 2])>,
}

/// The words so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Streak {
    words: u32,
    /// Where the first begins.
    from: usize,
}

impl Phrases {
    /// Adds a pattern, if it has a rhythm.
    pub(super) fn add(&mut self, pattern: usize, hir: &Hir) -> bool {
        let Some((rhythm, [before, after])) = of(hir) else {
            return false;
        };
        let Some((before, after)) = before.most.zip(after.most) else {
            return false;
        };
        self.rhythm = Some(self.rhythm.map_or(rhythm, |other| other.or(rhythm)));
        self.patterns.push((pattern, [before, after]));
        true
    }

    pub(super) fn rhythm(&self) -> Option<Rhythm> {
        self.rhythm
    }

    /// Where the patterns may match, given where words in a row stand.
    pub(super) fn places(&self, words: Range<usize>) -> impl Iterator<Item = Place> {
        self.patterns
            .iter()
            .map(move |&(pattern, [before, after])| Place {
                pattern,
                at: words.end + 1,
                last: words.end,
                earliest: Some(words.start.saturating_sub(before)),
                until: words.end.saturating_add(after),
            })
    }
}

/// The rhythm of all matches of a pattern, if they have one, and how many bytes stand before and after its words.
fn of(hir: &Hir) -> Option<(Rhythm, [Distance; 2])> {
    let mut parts = Vec::new();
    side_by_side(hir, &mut parts);
    let (at, (gap, word), times) = parts.iter().enumerate().find_map(|(at, part)| {
        let (unit, times) = repeated(part)?;
        Some((at, unit, times))
    })?;
    let (before, after) = (parts.get(..at)?, parts.get(at + 1..)?);
    let mut words = times;
    let mut before = before;
    // A word counts if it is known to be all of a word.
    let ends = |parts: &[&Hir], end| at_end_of(parts.iter().copied(), end).is_apart_from(&LETTERS);
    if !ends(after, End::First { at_start: false }) {
        words -= 1;
    }
    let first = before.split_last().filter(|(first, rest)| {
        lengths_of_word(first) == lengths_of_word(word) && ends(rest, End::Last)
    });
    if let Some((_, rest)) = first {
        words += 1;
        before = rest;
    }
    let (least, most) = lengths_of_word(word)?;
    let rhythm = Rhythm { words, least, most };
    let sum = |parts: &[&Hir]| {
        let lengths = parts.iter().copied().map(length);
        lengths.fold(Distance::NONE, Distance::then)
    };
    let gap = gap.iter().map(length).fold(Distance::NONE, Distance::then);
    let around = [
        sum(before).then(gap),
        sum(after).then(gap).then(length(word)),
    ];
    (words >= FEWEST).then_some((rhythm, around))
}

/// The parts of a pattern, groups opened.
fn side_by_side<'h>(hir: &'h Hir, parts: &mut Vec<&'h Hir>) {
    match hir.kind() {
        HirKind::Capture(capture) => side_by_side(&capture.sub, parts),
        HirKind::Concat(all) => all.iter().for_each(|part| side_by_side(part, parts)),
        _ => parts.push(hir),
    }
}

/// What stands between words, a word, and how often there are both at least.
fn repeated(part: &Hir) -> Option<((&[Hir], &Hir), u32)> {
    let HirKind::Repetition(repetition) = part.kind() else {
        return None;
    };
    let HirKind::Concat(parts) = repetition.sub.kind() else {
        return None;
    };
    let (word, gap) = parts.split_last()?;
    lengths_of_word(word)?;
    let is_gap = |part: &Hir| bytes_in(part).is_apart_from(&LETTERS);
    let has_gap = gap.iter().any(|part| length(part).least > 0);
    (has_gap && gap.iter().all(is_gap) && repetition.min > 0)
        .then_some(((gap, word), repetition.min))
}

/// The least and the most letters, if it is a word that is neither too short nor too long.
fn lengths_of_word(hir: &Hir) -> Option<(u32, u32)> {
    let HirKind::Repetition(letters) = hir.kind() else {
        return None;
    };
    let is_letter = length(&letters.sub).is_one() && bytes_in(&letters.sub).is_subset_of(&LETTERS);
    let most = letters.max.filter(|most| *most < LONGEST)?;
    (is_letter && letters.min > 0).then_some((letters.min, most))
}

fn length(hir: &Hir) -> Distance {
    Distance {
        least: hir.properties().minimum_len().unwrap_or(0),
        most: hir.properties().maximum_len(),
    }
}

static LETTERS: LazyLock<Set> = LazyLock::new(|| class::of(|byte| byte.is_ascii_alphabetic()));

impl Rhythm {
    /// What has this rhythm or the other one.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            words: self.words.min(other.words),
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// Follows the words that start in a block, at `at` in the text, given where letters stand in it and in the
    /// next; reports where enough of them stood, when they end.
    #[inline]
    pub(super) fn follow(
        self,
        streak: &mut Streak,
        (starts, letters): (u64, u128),
        at: usize,
        mut report: impl FnMut(Range<usize>),
    ) {
        let right = in_a_row(letters, self.least) & !in_a_row(letters, self.most + 1);
        let mut right = starts & lowest(right);
        for end in bits(starts & !right) {
            let before = right & ((1 << end) - 1);
            right &= !before;
            streak.take(before, at);
            if let Some(words) = self.end(streak, at + end as usize) {
                report(words);
            }
        }
        streak.take(right, at);
    }

    /// Where enough words stood that end here.
    pub(super) fn end(self, streak: &mut Streak, at: usize) -> Option<Range<usize>> {
        let ended = std::mem::take(streak);
        (ended.words >= self.words).then_some(ended.from..at)
    }
}

impl Streak {
    #[inline]
    fn take(&mut self, starts: u64, at: usize) {
        if self.words == 0 {
            self.from = at + starts.trailing_zeros() as usize;
        }
        self.words = self.words.saturating_add(starts.count_ones());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::compile::parse;

    #[test]
    fn a_phrase_has_the_rhythm_of_the_words_that_surely_end() {
        let of = |pattern: &str| {
            let (rhythm, [before, after]) = of(&parse(pattern).unwrap()).unwrap();
            assert_eq!((rhythm.least, rhythm.most), (3, 8));
            (rhythm.words, before.most, after.most)
        };
        let phrase = r"[a-z]{3,8}(?:[ ,]{1,3}\d?[a-z]{3,8}){11,23}";
        assert_eq!(of(phrase), (10, Some(12), Some(12)));
        let phrase = format!(r"(?:^|\W)(?<value>{phrase})(?:$|[^A-Za-z])");
        assert_eq!(of(&phrase), (12, Some(5), Some(13)));
    }

    #[test]
    fn other_patterns_have_none() {
        for pattern in [
            r"[a-z]{3,8}(?: [a-z]{3,8}){3}",
            r"(?: [a-z]+){12}",
            r"(?: [a-z]{0,8}){12}",
            r"(?: ?[a-z]{3,8}){12}",
            r"(?:x[a-z]{3,8}){12}",
            r"(?: \w{3,8}){12}",
            r"\d{12}",
        ] {
            assert!(of(&parse(pattern).unwrap()).is_none(), "{pattern}");
        }
    }
}
