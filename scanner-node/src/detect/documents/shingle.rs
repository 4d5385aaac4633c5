//! The shingles of a text and their keyed hashes.
//!
//! Owns what counts of a text: letters and digits, without case, accents, look-alikes and whatever stands
//! between them, so that a copy is the same in another layout, spelling or type. A shingle is a run of them;
//! its hash is made of the hash before it (cyclic polynomials: Cohen 1997, Lemire and Kaser 2010), each letter
//! adding a secret number. Leaves which hashes are kept to `winnow`, and hiding them to `index`.
//! **Invariant:** one pass; nothing is allocated; shingles begin and end on character boundaries.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};
use siphasher::sip::SipHasher24;

use crate::detect::normalise::{Fold, fold};
use crate::detect::terms::words::folded;

/// Letters and digits of a shingle, as bytes of UTF-8: some five words of English, eight ideographs.
pub(super) const SHINGLE_BYTES: usize = 24;
/// Letters that are remembered: a power of two.
const REMEMBERED: usize = 32;

/// What bytes are, where they are not a letter or digit of ASCII.
const NOTHING: u8 = 0;
const BEYOND_ASCII: u8 = 1;
/// What each byte is: a letter in lower case, a digit, or one of the above.
const LETTERS: [u8; 256] = letters();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler: a bad index fails the build, and the index is below 256"
)]
const fn letters() -> [u8; 256] {
    let mut table = [NOTHING; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        table[byte] = match byte as u8 {
            letter if letter.is_ascii_alphanumeric() => letter.to_ascii_lowercase(),
            0x80.. => BEYOND_ASCII,
            _ => NOTHING,
        };
        byte += 1;
    }
    table
}

/// Hashes shingles, and seals what is kept of them.
#[derive(Clone)]
pub struct DocumentKey {
    /// What each byte of a letter adds to a hash; 0 adds nothing.
    adds: Arc<[u64; 256]>,
    hasher: SipHasher24,
    pub(super) seal: Arc<[u8; 32]>,
}

/// Shows nothing of the key.
impl fmt::Debug for DocumentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentKey(…)")
    }
}

impl DocumentKey {
    /// From secret bytes that are used for nothing else: one secret for hashing, another for sealing.
    pub fn new(shingles: &[u8; 32], seal: &[u8; 32]) -> Self {
        let key = shingles.first_chunk().copied().unwrap_or_default();
        let hasher = SipHasher24::new_with_key(&key);
        let mut adds = [0; 256];
        for (byte, add) in (0_u8..=255).zip(&mut adds).skip(1) {
            *add = hasher.hash(&[b'l', byte]);
        }
        Self {
            adds: Arc::new(adds),
            hasher,
            seal: Arc::new(*seal),
        }
    }

    /// By which an index knows the key it was made under.
    pub(super) fn check(&self) -> u64 {
        self.hasher.hash(b"key check")
    }

    /// Tells `found` the hash of every shingle of a text and where it stands.
    #[inline]
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(u64, Range<usize>)) {
        let mut last = Last::of(&self.adds);
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match LETTERS.get(usize::from(byte)).copied() {
                None | Some(NOTHING) => at += 1,
                Some(BEYOND_ASCII) => {
                    let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                        return;
                    };
                    let end = at + c.len_utf8();
                    each_letter(c, &mut |letter| {
                        if let Some((hash, start)) = last.push(letter, at) {
                            found(hash, start..end);
                        }
                    });
                    at = end;
                }
                Some(letter) => {
                    let pushed = last.push(letter, at);
                    at += 1;
                    if let Some((hash, start)) = pushed {
                        found(hash, start..at);
                    }
                }
            }
        }
    }
}

/// How many letters and digits of a text count.
pub(super) fn letters_of(text: &str) -> usize {
    let mut count = 0;
    for c in text.chars() {
        each_letter(c, &mut |_| count += 1);
    }
    count
}

/// Tells `letter` the bytes that a character counts as; none if it counts for nothing.
fn each_letter(c: char, letter: &mut impl FnMut(u8)) {
    let c = without_accents(c);
    let folds = if c.is_ascii() { Fold::Keep } else { fold(c) };
    match folds {
        Fold::Text(piece) | Fold::LookAlike(piece) => {
            let letters = piece.as_str().bytes().filter(u8::is_ascii_alphanumeric);
            letters.for_each(|byte| letter(byte.to_ascii_lowercase()));
        }
        Fold::Keep | Fold::Letter if c.is_alphanumeric() => {
            let mut buffer = [0; 4];
            folded(c).encode_utf8(&mut buffer).bytes().for_each(letter);
        }
        Fold::Keep | Fold::Letter => {}
    }
}

/// The letter under its accents, which may as well be characters of their own.
fn without_accents(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    match CanonicalDecompositionBorrowed::new().decompose(c) {
        Decomposed::Expansion(base, mark) if !mark.is_alphanumeric() => without_accents(base),
        _ => c,
    }
}

/// The last letters of a text, and their hash.
struct Last<'k> {
    adds: &'k [u64; 256],
    letters: [u8; REMEMBERED],
    /// Where the character of each begins.
    starts: [usize; REMEMBERED],
    pushed: usize,
    hash: u64,
}

impl<'k> Last<'k> {
    fn of(adds: &'k [u64; 256]) -> Self {
        Self {
            adds,
            letters: [0; REMEMBERED],
            starts: [0; REMEMBERED],
            pushed: 0,
            hash: 0,
        }
    }

    /// Adds a letter; gives the hash and the start of the shingle that ends with it.
    #[inline]
    fn push(&mut self, letter: u8, start: usize) -> Option<(u64, usize)> {
        let leaving = self.pushed.wrapping_sub(SHINGLE_BYTES) % REMEMBERED;
        let leaving = self.letters.get(leaving).copied().unwrap_or(0);
        let (adds, takes) = (self.add_of(letter), self.add_of(leaving));
        self.hash = self.hash.rotate_left(1) ^ takes.rotate_left(ROTATED) ^ adds;
        let slot = self.pushed % REMEMBERED;
        if let (Some(letters), Some(starts)) =
            (self.letters.get_mut(slot), self.starts.get_mut(slot))
        {
            (*letters, *starts) = (letter, start);
        }
        self.pushed += 1;
        let first = self.pushed.checked_sub(SHINGLE_BYTES)?;
        let start = self.starts.get(first % REMEMBERED).copied()?;
        Some((self.hash, start))
    }

    #[inline]
    fn add_of(&self, letter: u8) -> u64 {
        self.adds.get(usize::from(letter)).copied().unwrap_or(0)
    }
}

/// By how much a letter has been turned when it leaves.
#[expect(clippy::cast_possible_truncation, reason = "it is 24")]
const ROTATED: u32 = SHINGLE_BYTES as u32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> DocumentKey {
        DocumentKey::new(&[7; 32], &[8; 32])
    }

    fn hashes(text: &str) -> Vec<u64> {
        let mut all = Vec::new();
        key().each(text, |hash, _| all.push(hash));
        all
    }

    #[test]
    fn case_layout_marks_and_spelling_make_no_difference() {
        let plain = hashes("The quick brown fox jumps over the lazy dog, 2026; naive cafe.");
        assert_eq!(plain.len(), 48 - SHINGLE_BYTES + 1);
        for other in [
            "the QUICK  brown\nfox-jumps *over* the (lazy) dog 2026 — Naïve Cafe\u{301}!",
            "ｔｈｅ quick br\u{200B}own fox jumps over the lazy dog ２０２６ naïve café",
            // Cyrillic а, е, о, р, с, у, х.
            "Thе quiсk brоwn fох jumрs оvеr thе lаzу dog 2026 nаivе саfе",
        ] {
            assert_eq!(hashes(other), plain, "{other}");
        }
        assert_ne!(hashes("the quick brown fox jumps over"), plain);
    }

    #[test]
    fn a_shingle_stands_where_its_letters_do() {
        let text = "-- Ärger über Österreich, größer als je --";
        let mut spans = Vec::new();
        key().each(text, |_, span| spans.push(text.get(span).unwrap()));
        assert_eq!(spans.first(), Some(&"Ärger über Österreich, größ"));
        assert_eq!(spans.last(), Some(&"er Österreich, größer als je"));
    }

    #[test]
    fn letters_of_other_scripts_count_by_their_bytes() {
        assert_eq!(letters_of("Ab 1-é"), 4);
        assert_eq!(letters_of("漢字"), 6);
        assert_eq!(
            hashes("漢字かな漢字かな漢字").len(),
            3 * 10 - SHINGLE_BYTES + 1
        );
    }

    #[test]
    fn another_key_gives_other_hashes_and_is_not_shown() {
        let other = DocumentKey::new(&[9; 32], &[8; 32]);
        assert_ne!(other.check(), key().check());
        let text = "the quick brown fox jumps ove";
        let mut all = Vec::new();
        other.each(text, |hash, _| all.push(hash));
        assert!(all.len() == 1 && all != hashes(text));
        assert_eq!(format!("{other:?}"), "DocumentKey(…)");
    }

    proptest! {
        #[test]
        fn a_hash_depends_on_its_own_letters_only(before in "\\PC{0,40}", after in "\\PC{0,40}") {
            let shingle = "abcdefghijklmnopqrstuvwx";
            let text = format!("{before}{shingle}{after}");
            let (start, one) = (before.len(), hashes(shingle));
            let mut seen = None;
            key().each(&text, |hash, span| {
                assert!(text.get(span.clone()).is_some());
                if span == (start..start + shingle.len()) {
                    seen = Some(hash);
                }
            });
            prop_assert_eq!(seen, one.first().copied());
        }
    }
}
