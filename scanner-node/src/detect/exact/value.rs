//! What a value is, in a cell of a table and in a text, and its keyed hash.
//!
//! Owns reading both alike: words are runs of letters and digits without regard to case. Of a value with at
//! least as many digits as letters nothing else counts, so that `4111-1111` is `41111111`; of others each word
//! counts, and not what stands between them. Leaves what is done with values to `index`.
//! **Invariant:** a value has one hash, wherever and however it is written; nothing is allocated.

use std::fmt;
use std::ops::Range;

use siphasher::sip::SipHasher24;

use crate::detect::terms::words::{folded, next_word, scattered};

/// Most words of a value.
pub(super) const MAX_WORDS: usize = 8;
/// Most letters and digits of a number, and of one word.
const MAX_CHARS: usize = 48;
/// Most bytes between two words of a value.
const MAX_GAP: usize = 16;
/// So many of them may be other than blanks.
const MAX_GAP_MARKS: usize = 2;

/// Hashes values under a key (SipHash-2-4; Aumasson, Bernstein 2012).
#[derive(Clone)]
pub struct ExactKey(SipHasher24);

/// Shows nothing of the key.
impl fmt::Debug for ExactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExactKey(…)")
    }
}

/// How many words a value has, or how many letters and digits a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Words(usize),
    Number(usize),
}

/// The shapes that values of a table have; others need not be hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shapes {
    /// A bit for each number of words.
    pub(super) words: u16,
    /// A bit for each length of a number.
    pub(super) numbers: u64,
}

/// A value in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) hash: u64,
    pub(super) shape: Shape,
    pub(super) span: Range<usize>,
}

/// A word of the text at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    start: usize,
    end: usize,
    digits: usize,
    chars: usize,
    hash: u64,
}

/// The last words of a text that stand close to each other.
#[derive(Debug, Default)]
struct Run {
    words: [Word; MAX_WORDS],
    /// Words seen; the last of them are kept.
    seen: usize,
    /// Of them in the run that is under way.
    close: usize,
}

impl Shapes {
    pub(super) const ALL: Self = Self {
        words: u16::MAX,
        numbers: u64::MAX,
    };

    pub(super) fn add(&mut self, shape: Shape) {
        match shape {
            Shape::Words(count) => self.words |= 1 << count,
            Shape::Number(chars) => self.numbers |= 1 << chars,
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.words |= other.words;
        self.numbers |= other.numbers;
    }

    fn has(self, shape: Shape) -> bool {
        match shape {
            Shape::Words(count) => self.words >> count & 1 == 1,
            Shape::Number(chars) => self.numbers >> chars & 1 == 1,
        }
    }
}

impl ExactKey {
    /// From secret bytes that are used for nothing else.
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = secret.first_chunk().copied().unwrap_or_default();
        Self(SipHasher24::new_with_key(&key))
    }

    /// By which an index knows the key it was made under.
    pub(super) fn check(&self) -> u64 {
        self.0.hash(b"key check")
    }

    /// What a row keeps of another value of the row of `primary`: equal values of two rows look different.
    pub(super) fn bound(&self, value: u64, primary: u64) -> u32 {
        let mut both = [b'b'; 17];
        let (_, pair) = both.split_at_mut(1);
        let (first, second) = pair.split_at_mut(8);
        first.copy_from_slice(&value.to_le_bytes());
        second.copy_from_slice(&primary.to_le_bytes());
        let hash = self.0.hash(&both);
        // 0 marks a cell without a value.
        u32::try_from(hash >> 32).unwrap_or(1).max(1)
    }

    /// The value that all of a cell is; none if it is empty or longer than values may be.
    pub(super) fn value_of(&self, cell: &str) -> Option<(u64, Shape)> {
        let start = cell.find(char::is_alphanumeric)?;
        let last = cell
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_alphanumeric())?;
        let end = last.0 + last.1.len_utf8();
        let mut whole = None;
        self.each(cell, 0..cell.len(), Shapes::ALL, &mut |value| {
            if value.span == (start..end) {
                whole = Some((value.hash, value.shape));
            }
        });
        whole
    }

    /// Tells `found` every value of one of `shapes` in a part of a text, which lies on character boundaries.
    pub(super) fn each(
        &self,
        text: &str,
        within: Range<usize>,
        shapes: Shapes,
        found: &mut dyn FnMut(Value),
    ) {
        let mut run = Run::default();
        let mut from = within.start;
        while let Some(next) = next_word(text, from) {
            if next.end > within.end {
                return;
            }
            from = next.end;
            let Some(word) = text.get(next.start..next.end) else {
                return;
            };
            let is_cut = next.start == within.start && ends_in_word(text, within.start);
            let (digits, chars) = counts(word);
            if is_cut || chars > MAX_CHARS {
                run.close = 0;
                continue;
            }
            let hash = if shapes.words == 0 {
                0
            } else {
                self.hash(b'w', word)
            };
            let word = Word {
                start: next.start,
                end: next.end,
                digits,
                chars,
                hash,
            };
            run.push(text, word);
            self.ending_here(text, &run, shapes, found);
        }
    }

    /// The values that end with the last word.
    fn ending_here(&self, text: &str, run: &Run, shapes: Shapes, found: &mut dyn FnMut(Value)) {
        let Some(last) = run.back(0) else {
            return;
        };
        let (mut digits, mut chars, mut hash) = (0, 0, 0_u64);
        for count in 1..=run.close.min(MAX_WORDS) {
            let Some(word) = run.back(count - 1) else {
                return;
            };
            digits += word.digits;
            chars += word.chars;
            hash = scattered(hash.rotate_left(1) ^ word.hash);
            let is_number = 2 * digits >= chars;
            if is_number && chars > MAX_CHARS {
                continue;
            }
            let shape = if is_number {
                Shape::Number(chars)
            } else {
                Shape::Words(count)
            };
            if !shapes.has(shape) {
                continue;
            }
            let span = word.start..last.end;
            let number = || self.hash(b'n', text.get(span.clone()).unwrap_or_default());
            let hash = if is_number { number() } else { hash };
            found(Value { hash, shape, span });
        }
    }

    /// The hash of the letters and digits of a text that has no more than [`MAX_CHARS`].
    fn hash(&self, domain: u8, text: &str) -> u64 {
        let mut buffer = [0_u8; 1 + 4 * MAX_CHARS];
        let mut length = 0;
        let mut push = |byte: u8| {
            if let Some(place) = buffer.get_mut(length) {
                *place = byte;
                length += 1;
            }
        };
        push(domain);
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                push(u8::try_from(c.to_ascii_lowercase()).unwrap_or(0));
            } else if c.is_alphanumeric() {
                folded(c)
                    .encode_utf8(&mut [0; 4])
                    .bytes()
                    .for_each(&mut push);
            }
        }
        self.0.hash(buffer.get(..length).unwrap_or_default())
    }
}

impl Run {
    fn push(&mut self, text: &str, word: Word) {
        let joins = self.back(0).is_some_and(|last| {
            let gap = text.get(last.end..word.start).unwrap_or_default();
            gap.len() <= MAX_GAP
                && gap.chars().filter(|c| !c.is_whitespace()).count() <= MAX_GAP_MARKS
        });
        self.close = if joins { self.close + 1 } else { 1 };
        if let Some(place) = self.words.get_mut(self.seen % MAX_WORDS) {
            *place = word;
        }
        self.seen += 1;
    }

    /// The word so many words before the last one.
    fn back(&self, words: usize) -> Option<&Word> {
        if words >= self.close {
            return None;
        }
        let at = self.seen.checked_sub(words + 1)?;
        self.words.get(at % MAX_WORDS)
    }
}

/// Whether the character before a place is of a word.
fn ends_in_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_some_and(char::is_alphanumeric)
}

/// Digits, and letters and digits, of a word.
fn counts(word: &str) -> (usize, usize) {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let chars = if word.is_ascii() {
        word.len()
    } else {
        word.chars().count()
    };
    (digits, chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ExactKey {
        ExactKey::new(&[7; 32])
    }

    fn hash(cell: &str) -> Option<u64> {
        key().value_of(cell).map(|(hash, _)| hash)
    }

    #[test]
    fn one_value_has_one_hash_however_it_is_written() {
        for (a, b) in [
            ("4111 1111-1111.1111", "4111111111111111"),
            ("Anna  Maria Berg", "anna maria\n berg"),
            (" ÄRGER ", "ärger"),
            ("DE89 3704 0044 0532 0130 00", "de89370400440532013000"),
            ("ana.berg@example.test", "ANA.BERG@EXAMPLE.TEST"),
            ("(030) 123-45", "03012345"),
        ] {
            assert!(hash(a).is_some());
            assert_eq!(hash(a), hash(b), "{a}");
        }
        assert_ne!(hash("anna maria"), hash("maria anna"));
        assert_ne!(hash("annamaria"), hash("anna maria"));
        assert_ne!(hash("12"), hash("13"));
    }

    #[test]
    fn what_is_empty_or_too_long_is_no_value() {
        let words = "a ".repeat(MAX_WORDS + 1);
        let long = "x".repeat(MAX_CHARS + 1);
        for cell in ["", " - ", &words, &long, "anna ------ berg"] {
            assert_eq!(hash(cell), None, "{cell}");
        }
    }

    #[test]
    fn a_word_cut_by_the_edge_is_no_word() {
        let mut spans: Vec<Range<usize>> = Vec::new();
        key().each("anna berg", 2..7, Shapes::ALL, &mut |value| {
            spans.push(value.span);
        });
        assert!(spans.is_empty());
    }

    #[test]
    fn another_key_gives_other_hashes_and_is_not_shown() {
        let other = ExactKey::new(&[8; 32]);
        assert_ne!(key().value_of("anna"), other.value_of("anna"));
        assert_ne!(key().check(), other.check());
        assert_eq!(format!("{:?}", key()), "ExactKey(…)");
        assert_ne!(key().bound(1, 2), key().bound(1, 3));
    }
}
