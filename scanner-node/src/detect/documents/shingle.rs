//! The shingles of a text and their keyed hashes.
//!
//! Owns what counts of a text: letters and digits, without case, accents, look-alikes and whatever stands
//! between them, so that a copy is the same in another layout, spelling or type. A shingle is a run of them;
//! its hash is made of the hash before it (cyclic polynomials: Cohen 1997, Lemire and Kaser 2010), each letter
//! adding a secret number. Letters are gathered first, some hundred at once, and hashed then: neither loop has
//! to guess what comes next. Leaves which hashes are kept to `winnow`, and hiding them to `index`.
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
/// Letters that are gathered, and those of the shingle before them.
const ROOM: usize = 512 + SHINGLE_BYTES;
/// Most bytes that one character counts as.
const MOST_OF_ONE: usize = 4;

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
    adds: Arc<Adds>,
    hasher: SipHasher24,
    pub(super) seal: Arc<[u8; 32]>,
}

/// What each byte of a letter adds to a hash; 0 adds nothing.
struct Adds {
    entering: [u64; 256],
    /// The same, turned as often as it is when the letter leaves.
    leaving: [u64; 256],
}

/// Where a shingle stands: where its first and its last letter begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shingle {
    first: usize,
    last: usize,
}

impl Shingle {
    /// Its place in the text it is of.
    pub(super) fn span(self, text: &str) -> Range<usize> {
        self.first..text.ceil_char_boundary(self.last + 1)
    }
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
        let mut adds = Adds {
            entering: [0; 256],
            leaving: [0; 256],
        };
        let both = adds.entering.iter_mut().zip(&mut adds.leaving);
        for (byte, (entering, leaving)) in (0_u8..=255).zip(both).skip(1) {
            *entering = hasher.hash(&[b'l', byte]);
            *leaving = entering.rotate_left(TURNS);
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
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(u64, Shingle)) {
        let (mut gathered, mut hash, mut at) = (Gathered::new(), 0_u64, 0);
        while at < text.len() {
            at = gathered.gather(text, at);
            let letters = gathered.letters.get(..gathered.count).unwrap_or_default();
            for (number, window) in letters.windows(SHINGLE_BYTES + 1).enumerate() {
                let [leaves, first, .., enters] = window else {
                    continue;
                };
                hash = hash.rotate_left(1)
                    ^ of(&self.adds.leaving, *leaves)
                    ^ of(&self.adds.entering, *enters);
                // At the beginning there is nothing in front.
                if *first != NOTHING {
                    let start = |of| gathered.starts.get(of).copied().unwrap_or(0);
                    let (first, last) = (start(number + 1), start(number + SHINGLE_BYTES));
                    found(hash, Shingle { first, last });
                }
            }
            gathered.keep_last();
        }
    }
}

#[inline]
fn of(adds: &[u64; 256], letter: u8) -> u64 {
    adds.get(usize::from(letter)).copied().unwrap_or(0)
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

/// Letters of a text, behind the last ones before them.
struct Gathered {
    letters: [u8; ROOM],
    /// Where the character of each begins.
    starts: [usize; ROOM],
    count: usize,
}

impl Gathered {
    fn new() -> Self {
        Self {
            letters: [NOTHING; ROOM],
            starts: [0; ROOM],
            count: SHINGLE_BYTES,
        }
    }

    /// Adds letters of a text from `at` on, until there is no room; gives where it stopped.
    #[inline]
    fn gather(&mut self, text: &str, mut at: usize) -> usize {
        let bytes = text.as_bytes();
        while self.count + MOST_OF_ONE <= ROOM {
            let Some(&byte) = bytes.get(at) else {
                break;
            };
            let letter = LETTERS.get(usize::from(byte)).copied().unwrap_or(NOTHING);
            if letter == BEYOND_ASCII {
                let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                    return text.len();
                };
                each_letter(c, &mut |letter| self.push(letter, at));
                at += c.len_utf8();
            } else {
                self.push(letter, at);
                at += 1;
            }
        }
        at
    }

    /// What is no letter is overwritten by the next: that is quicker than asking.
    #[inline]
    fn push(&mut self, letter: u8, start: usize) {
        let slots = self.letters.get_mut(self.count);
        if let (Some(slot), Some(place)) = (slots, self.starts.get_mut(self.count)) {
            (*slot, *place) = (letter, start);
            self.count += usize::from(letter != NOTHING);
        }
    }

    /// Forgets all but what may yet be of a shingle.
    fn keep_last(&mut self) {
        let last = self.count - SHINGLE_BYTES..self.count;
        self.letters.copy_within(last.clone(), 0);
        self.starts.copy_within(last, 0);
        self.count = SHINGLE_BYTES;
    }
}

/// How often a letter has been turned when it leaves.
#[expect(clippy::cast_possible_truncation, reason = "it is 24")]
const TURNS: u32 = SHINGLE_BYTES as u32;

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
        key().each(text, |_, shingle| {
            spans.push(text.get(shingle.span(text)).unwrap());
        });
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

    #[test]
    fn a_long_text_has_the_shingles_of_its_parts() {
        let text = "Ünder thе ｂridge — 17 ravens; ".repeat(200);
        let (all, letters) = (hashes(&text), letters_of(&text));
        assert_eq!(all.len(), letters - SHINGLE_BYTES + 1);
        let period = letters / 200;
        let (first, rest) = all.split_at(period);
        assert!(rest.chunks(period).all(|chunk| first.starts_with(chunk)));
    }

    proptest! {
        #[test]
        fn a_hash_depends_on_its_own_letters_only(before in "\\PC{0,40}", after in "\\PC{0,40}") {
            let letters = "abcdefghijklmnopqrstuvwx";
            let text = format!("{before}{letters}{after}");
            let (start, one) = (before.len(), hashes(letters));
            let mut seen = None;
            key().each(&text, |hash, shingle| {
                let span = shingle.span(&text);
                assert!(text.get(span.clone()).is_some());
                if span == (start..start + letters.len()) {
                    seen = Some(hash);
                }
            });
            prop_assert_eq!(seen, one.first().copied());
        }
    }
}
