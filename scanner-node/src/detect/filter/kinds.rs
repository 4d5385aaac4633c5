//! Of which kinds the first six bytes of a word are: digit, upper case, the letters of hexadecimal numbers, other
//! lower case, blank, dash, a sign that joins, or anything else.
//!
//! Owns a bit for each of the 262,144 ways. A card number in groups begins with four digits, a blank, a digit.
//! **Invariant:** the bit of every way in which a sequence may begin is set.

use std::sync::LazyLock;

use super::block::{self, Block, KINDS};
use crate::detect::class::Set;

/// Bytes looked at.
pub(super) const WIDTH: usize = 6;
const WORDS: usize = 1 << (3 * WIDTH - 6);

/// The kinds of six bytes: their lowest bits, then the middle ones, then the highest.
pub(super) type Shape = u32;

/// How words may begin.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    bits: Box<[u64]>,
    /// Of which kinds the first byte may be, a bit each.
    first: u8,
}

/// The kinds of which a set has something.
type OfSet = [bool; KINDS];

impl Kinds {
    /// Of sequences, from where their word starts.
    pub(super) fn of<'s>(sequences: impl Iterator<Item = &'s [Set]>) -> Self {
        let of_set = |set: &Set| -> OfSet {
            std::array::from_fn(|kind| KIND_SETS.get(kind).is_some_and(|of| !set.is_apart_from(of)))
        };
        let mut all: Vec<[OfSet; WIDTH]> = sequences
            .map(|sequence| {
                std::array::from_fn(|at| sequence.get(at).map_or([true; KINDS], of_set))
            })
            .collect();
        all.sort_unstable();
        all.dedup();
        let mut kinds = Self {
            bits: vec![0; WORDS].into(),
            first: 0,
        };
        for (kind, _) in all.iter().flat_map(|[first, ..]| {
            let kinds = first.iter().enumerate();
            kinds.filter(|(_, is_in)| **is_in)
        }) {
            kinds.first |= 1 << kind;
        }
        for ways in &all {
            kinds.admit(ways, 0, 0);
        }
        kinds
    }

    fn admit(&mut self, ways: &[OfSet; WIDTH], place: usize, shape: Shape) {
        let Some(of_set) = ways.get(place) else {
            if let Some(word) = self.bits.get_mut(shape as usize >> 6) {
                *word |= 1 << (shape & 63);
            }
            return;
        };
        for (kind, _) in (0..).zip(of_set).filter(|(_, is_in)| **is_in) {
            self.admit(ways, place + 1, shape | bits_of(kind) << place);
        }
    }

    /// Where in a block a byte stands that one may begin with, of letters and digits.
    #[inline]
    pub(super) fn may_begin(&self, block: Block) -> u64 {
        let [low, middle, high] = block.kinds;
        let of = |kind: u8| {
            if self.first >> kind & 1 == 1 {
                u64::MAX
            } else {
                0
            }
        };
        let (even, odd) = (!low & high, low & high);
        even & !middle & of(4)
            | odd & !middle & of(5)
            | even & middle & of(6)
            | odd & middle & of(7)
    }

    /// Whether a word may begin so.
    #[inline]
    pub(super) fn may_be(&self, shape: Shape) -> bool {
        let word = self.bits.get(shape as usize >> 6);
        word.is_some_and(|word| word >> (shape & 63) & 1 == 1)
    }
}

/// The shape of six bytes, given the three bits of their kinds, lowest first.
#[inline]
pub(super) const fn shape_of([low, middle, high]: [u64; 3]) -> Shape {
    const ONES: u64 = (1 << WIDTH) - 1;
    let shape = low & ONES | (middle & ONES) << WIDTH | (high & ONES) << (2 * WIDTH);
    let [a, b, c, d, ..] = shape.to_le_bytes();
    Shape::from_le_bytes([a, b, c, d])
}

/// The bits of a kind, where those of the first byte are.
const fn bits_of(kind: Shape) -> Shape {
    (kind & 1) | (kind >> 1 & 1) << WIDTH | (kind >> 2) << (2 * WIDTH)
}

/// Everything in it, with all else that is of the same kinds.
pub(super) fn whole(set: &Set) -> Set {
    let kinds = KIND_SETS.iter().filter(|kind| !set.is_apart_from(kind));
    kinds.fold(Set::default(), |all, kind| all.union(kind))
}

/// What is of each kind; the edge is like anything else.
static KIND_SETS: LazyLock<[Set; KINDS]> = LazyLock::new(|| {
    let mut sets = [Set::default(); KINDS];
    for byte in 0..=255_u8 {
        if let Some(set) = sets.get_mut(usize::from(block::kind_of(byte))) {
            *set = set.union(&Set::byte(byte));
        }
    }
    let [other, ..] = &mut sets;
    *other = other.union(&Set::edge());
    sets
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::class::{DIGIT, UPPER};

    fn shape(text: &str) -> Shape {
        let mut kinds = [0; 3];
        for (at, byte) in text.bytes().enumerate() {
            for (bit, kinds) in kinds.iter_mut().enumerate() {
                *kinds |= u64::from(block::kind_of(byte) >> bit & 1) << at;
            }
        }
        shape_of(kinds)
    }

    #[test]
    fn a_number_is_known_by_its_shape() {
        let digits = |count: usize| vec![*DIGIT; count];
        let mut ssn = digits(3);
        ssn.push(Set::byte(b'-'));
        ssn.extend(digits(2));
        ssn.push(Set::byte(b'-'));
        let kinds = Kinds::of([ssn.as_slice()].into_iter());
        assert!(kinds.may_be(shape("123-45-6")) && kinds.may_be(shape("000-00x")));
        assert!(!kinds.may_be(shape("123 45 x")) && !kinds.may_be(shape("1234-56-")));
        assert!(!kinds.may_be(shape("abc-de-f")));
    }

    #[test]
    fn what_is_not_known_may_be_anything() {
        let kinds = Kinds::of([[*UPPER].as_slice()].into_iter());
        assert!(kinds.may_be(shape("Hello, w")) && kinds.may_be(shape("A1")));
        assert!(!kinds.may_be(shape("hello, w")));
    }
}
