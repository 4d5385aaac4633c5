//! Windows with few spellings: four certain letters, digits or signs, however many windows there are.
//!
//! Owns one look for all of them, whose speed does not depend on how many there are. For sequences that are
//! entered at no start of a word.
//! **Invariant:** a position where such a window matches is let through.

use crate::detect::bitmap::{Bitmap, hash_of};
use crate::detect::class::Set;

/// Bytes in a window.
pub(super) const WIDTH: usize = 4;
/// Sets side by side.
pub(super) type Window = [Set; WIDTH];

/// The bit that tells lower case from upper.
const CASE: u8 = 0x20;
/// A window with more spellings is a class.
const MOST_SPELLINGS: usize = 40;

/// What stands in windows.
#[derive(Debug)]
pub(super) struct Literals(Bitmap);

impl Literals {
    /// Of spellings, in lower case.
    pub(super) fn of(spellings: impl Iterator<Item = [u8; WIDTH]>) -> Self {
        Self(Bitmap::of(&spellings.map(folded).collect::<Vec<_>>()))
    }

    /// Whether one may stand here, in either case.
    #[inline]
    pub(super) fn may_be(&self, bytes: [u8; WIDTH]) -> bool {
        self.0.may_hold(folded(bytes))
    }
}

/// Whether a window has so few spellings that each can have its bit.
pub(super) fn is_literal(window: &[Set]) -> bool {
    let spellings = window.iter().try_fold(1, |all: usize, set| {
        let few = all * letters(set)?.len();
        (few <= MOST_SPELLINGS).then_some(few)
    });
    window.len() == WIDTH && spellings.is_some()
}

/// Every way to write a window, case left out.
pub(super) fn spellings(window: &Window) -> Vec<[u8; WIDTH]> {
    let mut all = vec![[0; WIDTH]];
    for (place, set) in window.iter().enumerate() {
        let letters = letters(set).unwrap_or_default();
        let with = |spelling: [u8; WIDTH], letter: u8| {
            let mut spelling = spelling;
            spelling
                .get_mut(place)
                .into_iter()
                .for_each(|slot| *slot = letter);
            spelling
        };
        all = all
            .iter()
            .flat_map(|&spelling| letters.iter().map(move |&letter| with(spelling, letter)))
            .collect();
    }
    all
}

/// The letters of a small set, case left out; none of one that is large or has the edge.
fn letters(set: &Set) -> Option<Vec<u8>> {
    let mut letters = Vec::new();
    for symbol in set.symbols() {
        let letter = u8::try_from(symbol).ok()? | CASE;
        if !letters.contains(&letter) {
            letters.push(letter);
        }
        if letters.len() > MOST_SPELLINGS {
            return None;
        }
    }
    Some(letters)
}

#[inline]
fn folded(bytes: [u8; WIDTH]) -> u64 {
    hash_of(u64::from(
        u32::from_le_bytes(bytes) | u32::from_le_bytes([CASE; WIDTH]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        let mut sets = text.bytes().map(Set::byte);
        std::array::from_fn(|_| sets.next().unwrap())
    }

    #[test]
    fn each_window_is_let_through_in_either_case_and_most_else_is_not() {
        let texts: Vec<String> = (0..2_000_u32).map(|n| format!("{:04x}", n * 31)).collect();
        let windows: Vec<Window> = texts.iter().map(|text| window(text)).collect();
        let literals = Literals::of(windows.iter().flat_map(spellings));
        for text in &texts {
            let bytes: [u8; 4] = text.as_bytes().try_into().unwrap();
            assert!(
                literals.may_be(bytes) && literals.may_be(bytes.map(|b| b.to_ascii_uppercase()))
            );
        }
        let others = (0..10_000_u32).filter(|n| literals.may_be((n * 7_919).to_le_bytes()));
        assert!(others.count() < 1_000);
    }

    #[test]
    fn few_spellings_are_literal_and_a_class_is_not() {
        let mut window = window("abc1");
        window[0] = window[0].union(&Set::byte(b'A'));
        window[1] = window[1].union(&Set::byte(b'x'));
        assert!(is_literal(&window));
        assert_eq!(spellings(&window).len(), 2);
        window[1] = Set::beside_word();
        assert!(!is_literal(&window));
        window[1] = Set::edge();
        assert!(!is_literal(&window));
    }
}
