//! How often a sequence of symbol sets shows in ordinary text.
//!
//! Owns a small model of text: kinds of bytes follow one another with certain odds, and each byte has its share
//! of its kind. Counted once over chat, prose, code and logs. It decides where to look, never what is found.
//! **Invariant:** more symbols in a set never make it rarer.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::block::Infix;
use crate::detect::class::{EDGE, Set};

const KINDS: usize = 12;
/// The kind of new lines, which the edge of a text counts as.
const NEW_LINE: usize = 5;

/// Odds of each kind.
type Odds = [f64; KINDS];

/// The model, and what it has been asked before.
#[derive(Debug, Default)]
pub(super) struct Model {
    shares: RefCell<HashMap<Set, Odds>>,
    infixes: RefCell<BTreeSet<Infix>>,
    /// What it costs to look for a sequence, as far as anybody asked.
    work: RefCell<HashMap<Vec<Set>, Option<f64>>>,
}

/// So many infixes are looked for at most: the more, the more often one seems to stand where none does.
const MOST_INFIXES: usize = 64;

impl Model {
    /// How often the sequence begins at a position.
    pub(super) fn odds(&self, sequence: &[Set]) -> f64 {
        let mut sets = sequence.iter().map(|set| self.shares(set));
        let Some(first) = sets.next() else { return 1.0 };
        let mut odds: Odds = std::array::from_fn(|kind| at(&first, kind) * at(&KIND_ODDS, kind));
        for shares in sets {
            let mut on = [0.0; KINDS];
            for (from, follows) in odds
                .iter()
                .zip(&*FOLLOWING)
                .filter(|(from, _)| **from > 0.0)
            {
                for (to, follows) in on.iter_mut().zip(follows) {
                    *to += from * follows;
                }
            }
            for (to, share) in on.iter_mut().zip(&shares) {
                *to *= share;
            }
            odds = on;
        }
        odds.iter().sum()
    }

    /// What it costs to look for a sequence: asked before, or found out now.
    pub(super) fn work_of(
        &self,
        sequence: &[Set],
        find_out: impl FnOnce() -> Option<f64>,
    ) -> Option<f64> {
        if let Some(work) = self.work.borrow().get(sequence) {
            return *work;
        }
        let work = find_out();
        self.work.borrow_mut().insert(sequence.to_vec(), work);
        work
    }

    /// Whether there is still room for an infix, or it has been asked for before.
    pub(super) fn admits(&self, infix: Infix) -> bool {
        self.has(infix) || self.infixes.borrow().len() < MOST_INFIXES
    }

    /// Whether an infix is looked for already.
    pub(super) fn has(&self, infix: Infix) -> bool {
        self.infixes.borrow().contains(&infix)
    }

    /// Notes that an infix is looked for.
    pub(super) fn take(&self, infix: Infix) {
        if self.infixes.borrow_mut().insert(infix) {
            // What could make do with it is cheaper now.
            self.work.borrow_mut().clear();
        }
    }

    fn shares(&self, set: &Set) -> Odds {
        let mut known = self.shares.borrow_mut();
        *known.entry(*set).or_insert_with(|| shares(set))
    }
}

/// Which part of each kind is in the set.
fn shares(set: &Set) -> Odds {
    let mut shares = [0.0; KINDS];
    for symbol in set.symbols() {
        let kind = kind_of(symbol);
        if let Some(share) = shares.get_mut(kind) {
            let count = COUNTS.get(symbol).copied().unwrap_or(EDGE_COUNT);
            *share += f64::from(count) / (at(&KIND_ODDS, kind) * 1e6);
        }
    }
    shares.map(|share| share.min(1.0))
}

fn at(odds: &Odds, kind: usize) -> f64 {
    odds.get(kind).copied().unwrap_or(0.0)
}

const fn kind_of(symbol: usize) -> usize {
    if symbol >= EDGE {
        return NEW_LINE;
    }
    let [.., low] = symbol.to_be_bytes();
    match low {
        b'a' | b'e' | b'i' | b'o' | b'u' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        b' ' => 4,
        b'\n' | b'\r' | b'\t' => NEW_LINE,
        b'.' | b',' | b';' | b':' | b'!' | b'?' => 6,
        b'\'' | b'"' | b'`' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' => 7,
        b'-' | b'_' => 8,
        0x80.. => 11,
        0..=31 | 127 => 10,
        _ => 9,
    }
}

/// Edges per million bytes, as in messages of some 240 bytes.
const EDGE_COUNT: u32 = 8_000;

/// Share of each kind in the text counted.
static KIND_ODDS: LazyLock<Odds> = LazyLock::new(|| {
    let mut odds = [0.0; KINDS];
    let edge = (EDGE, &EDGE_COUNT);
    for (symbol, &count) in COUNTS.iter().enumerate().chain([edge]) {
        if let Some(odds) = odds.get_mut(kind_of(symbol)) {
            *odds += f64::from(count) / 1e6;
        }
    }
    odds
});

/// Each byte, per million.
#[rustfmt::skip]
const COUNTS: [u32; EDGE] = [
    1, 1, 1, 1, 1, 1, 1, 1, 1, 224, 22_027, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    153_870, 1_694, 4_916, 2_622, 285, 92, 798, 2_333, 5_362, 5_701, 994, 1_484, 7_169, 8_435, 14_081, 15_958,
    9_899, 9_837, 8_229, 4_248, 4_810, 4_311, 5_354, 2_910, 3_789, 2_900, 12_903, 2_129, 1_090, 3_714, 1_636, 2_327,
    88, 1_937, 866, 1_813, 1_351, 2_277, 1_381, 1_109, 1_191, 3_745, 158, 357, 1_374, 1_494, 1_951, 1_494,
    1_643, 96, 1_539, 2_735, 3_941, 767, 580, 543, 791, 252, 611, 2_848, 93, 2_843, 77, 4_693,
    4_793, 43_788, 11_386, 18_902, 22_834, 67_965, 12_212, 12_303, 22_461, 42_144, 1_840, 7_818, 25_941, 16_430, 39_777, 47_921,
    15_986, 1_052, 38_228, 40_730, 57_357, 23_754, 6_266, 10_179, 4_185, 11_292, 1_873, 1_247, 529, 1_225, 46, 1,
    442, 758, 332, 216, 2, 10, 29, 108, 1, 1, 1, 1, 2, 1, 109, 4,
    59, 1, 10, 3, 245, 63, 1, 108, 214, 112, 110, 1, 16, 111, 1, 433,
    108, 1, 1, 1, 2, 108, 1, 109, 6, 109, 112, 3, 109, 108, 108, 108,
    537, 109, 108, 1, 109, 111, 218, 107, 218, 108, 109, 111, 323, 6, 326, 217,
    1, 1, 10, 760, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    2_158, 1_080, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1,
    1, 1, 350, 428, 214, 1, 321, 1, 109, 1, 1, 1, 1, 1, 1, 6,
    111, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
];

/// How often a kind follows a kind, per ten thousand.
#[rustfmt::skip]
const FOLLOWS: [[u32; KINDS]; KINDS] = [
    [944, 7328, 39, 52, 1139, 71, 188, 101, 68, 64, 1, 5],
    [4194, 3064, 62, 79, 1517, 148, 417, 207, 129, 171, 1, 12],
    [2626, 1848, 3247, 378, 1093, 73, 220, 244, 102, 168, 1, 1],
    [102, 364, 225, 5632, 828, 98, 1605, 565, 414, 166, 1, 1],
    [1740, 4149, 728, 172, 2037, 1, 82, 570, 133, 336, 1, 54],
    [920, 2395, 1000, 466, 2158, 1076, 101, 506, 275, 1100, 1, 4],
    [353, 1007, 246, 1703, 3432, 1551, 1044, 327, 24, 313, 1, 1],
    [340, 1694, 1110, 300, 1588, 1451, 1007, 1936, 186, 385, 1, 4],
    [1259, 3218, 389, 2156, 1562, 23, 137, 765, 454, 37, 1, 1],
    [753, 2003, 408, 1738, 1500, 222, 345, 377, 15, 2639, 1, 1],
    [833, 833, 833, 833, 833, 833, 833, 833, 833, 833, 833, 833],
    [171, 261, 2, 1, 482, 7, 170, 10, 1, 3, 1, 8892],
];

/// The same as shares of one.
static FOLLOWING: LazyLock<[Odds; KINDS]> =
    LazyLock::new(|| FOLLOWS.map(|row| row.map(|count| f64::from(count) / 10_000.0)));

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Vec<Set> {
        text.bytes().map(Set::byte).collect()
    }

    fn digits(count: usize) -> Vec<Set> {
        let digit = (b'0'..=b'9')
            .map(Set::byte)
            .reduce(|a, b| a.union(&b))
            .unwrap();
        vec![digit; count]
    }

    fn of(sequence: &[Set]) -> f64 {
        Model::default().odds(sequence)
    }

    #[test]
    fn a_vendors_prefix_is_rarer_than_a_word_and_digits() {
        assert!(of(&literal("ghp_")) < of(&literal("that")));
        assert!(of(&literal("that")) < of(&digits(4)));
        assert!(of(&digits(9)) < of(&digits(4)));
    }

    #[test]
    fn more_symbols_are_never_rarer() {
        let narrow = literal("ab12");
        let wide: Vec<Set> = narrow
            .iter()
            .map(|set| set.union(&Set::byte(b'_')))
            .collect();
        assert!(of(&wide) >= of(&narrow));
        assert!((of(&[Set::any()]) - 1.0).abs() < 0.05);
    }
}
