//! Where words are in a text, and a hash of each without regard to case.
//!
//! Owns what a word is: a longest run of letters and digits, of any script. Leaves phrases to `table`.
//! **Invariant:** two words that differ in case alone have one hash; nothing is allocated.

use std::ops::Range;

/// Bits by which the hash is turned before each byte.
const TURN: u32 = 5;

/// A word and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) struct Word {
    pub(in crate::detect) start: usize,
    pub(in crate::detect) end: usize,
    pub(in crate::detect) hash: u64,
}

/// What a byte adds to a hash: nothing for ASCII that stands between words, the same for both cases of a
/// letter, and a mark for the bytes of other characters, which have to be decoded.
const ADDS: [u64; 256] = adds();
/// What bytes beyond ASCII add, once their character is known to be of a word.
const BEYOND: [u64; 256] = beyond();
/// The mark in [`ADDS`].
const DECODE: u64 = 1;

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "evaluated by the compiler: a bad index fails the build, and the index is below 256"
)]
const fn adds() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b if b.is_ascii_alphanumeric() => scattered(b.to_ascii_lowercase() as u64),
            0x80.. => DECODE,
            _ => 0,
        };
        byte += 1;
    }
    table
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler: a bad index fails the build"
)]
const fn beyond() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = scattered(byte as u64);
        byte += 1;
    }
    table
}

/// `SplitMix64`'s finaliser (Steele, Lea, Flood 2014).
pub(in crate::detect) const fn scattered(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The character in lower case, where that is one character; else itself.
pub(in crate::detect) fn folded(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        // A sigma that ends a word is the same letter.
        (Some('ς'), None) => 'σ',
        (Some(one), None) => one,
        _ => c,
    }
}

/// The first word that begins at `from`, which lies on a character boundary, or later. A word that covers
/// `from` is taken from there on.
#[inline]
pub(in crate::detect) fn next_word(text: &str, from: usize) -> Option<Word> {
    let bytes = text.as_bytes();
    let mut at = from;
    // Between words.
    let start = loop {
        match adds_of(*bytes.get(at)?) {
            0 => at += 1,
            DECODE => {
                let c = char_at(text, at)?;
                if c.is_alphanumeric() {
                    break at;
                }
                at += c.len_utf8();
            }
            _ => break at,
        }
    };
    let mut hash = 0_u64;
    while let Some(&byte) = bytes.get(at) {
        match adds_of(byte) {
            0 => break,
            DECODE => match char_at(text, at).filter(|c| c.is_alphanumeric()) {
                None => break,
                Some(c) => {
                    hash = with_char(hash, folded(c));
                    at += c.len_utf8();
                }
            },
            add => {
                hash = hash.rotate_left(TURN) ^ add;
                at += 1;
            }
        }
    }
    Some(Word {
        start,
        end: at,
        hash: scattered(hash),
    })
}

#[inline]
fn adds_of(byte: u8) -> u64 {
    ADDS.get(usize::from(byte)).copied().unwrap_or(0)
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

fn with_char(hash: u64, c: char) -> u64 {
    let mut buffer = [0; 4];
    let mut hash = hash;
    for byte in c.encode_utf8(&mut buffer).bytes() {
        let table = if byte.is_ascii() { &ADDS } else { &BEYOND };
        let add = table.get(usize::from(byte)).copied().unwrap_or(0);
        hash = hash.rotate_left(TURN) ^ add;
    }
    hash
}

/// Where `phrase` stands in `text` if its first word is the one at `start`; `lead` is how many bytes of the
/// phrase come before that word. One space of the phrase stands for any white space.
pub(in crate::detect) fn phrase_at(
    text: &str,
    start: usize,
    (phrase, lead): (&str, usize),
    same: fn(char, char) -> bool,
) -> Option<Range<usize>> {
    let (before, rest) = phrase.split_at_checked(lead)?;
    let end = start + along(text.get(start..)?.chars(), rest.chars(), same)?;
    let head = text.get(..start)?.chars().rev();
    let begin = start - along(head, before.chars().rev(), same)?;
    let ends_in_word = rest.chars().next_back().is_some_and(char::is_alphanumeric);
    let goes_on = text.get(end..)?.chars().next();
    if ends_in_word && goes_on.is_some_and(char::is_alphanumeric) {
        return None;
    }
    Some(begin..end)
}

/// How many bytes of `text` the characters of `phrase` cover.
fn along(
    text: impl Iterator<Item = char>,
    phrase: impl Iterator<Item = char>,
    same: fn(char, char) -> bool,
) -> Option<usize> {
    let mut text = text.peekable();
    let mut bytes = 0;
    for expected in phrase {
        let found = text.next()?;
        bytes += found.len_utf8();
        if expected == ' ' {
            if !found.is_whitespace() {
                return None;
            }
            while let Some(more) = text.next_if(|c| c.is_whitespace()) {
                bytes += more.len_utf8();
            }
        } else if !same(expected, found) {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        let mut from = 0;
        while let Some(word) = next_word(text, from) {
            words.push(text.get(word.start..word.end).unwrap());
            from = word.end;
        }
        words
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_of_any_script() {
        assert_eq!(
            words("  Projekt_Ärger-42, 秘密 (Ωmega)…"),
            ["Projekt", "Ärger", "42", "秘密", "Ωmega"]
        );
        assert_eq!(words("--- ’ …"), [""; 0]);
    }

    #[test]
    fn case_makes_no_difference_to_a_hash_and_letters_do() {
        let hash = |text: &str| next_word(text, 0).unwrap().hash;
        for (a, b) in [("Aurora", "aURORA"), ("ÄRGER", "ärger"), ("ΣΟΦΟΣ", "σοφος")] {
            assert_eq!(hash(a), hash(b));
        }
        assert_ne!(hash("aurora"), hash("arruoa"));
        assert_ne!(hash("ärger"), hash("arger"));
    }

    #[test]
    fn a_phrase_is_found_with_any_white_space_and_what_stands_before_its_first_word() {
        let same = |a: char, b: char| folded(a) == folded(b);
        let at = |text: &str, start, phrase, lead| phrase_at(text, start, (phrase, lead), same);
        assert_eq!(at("x Top \n Secret.", 2, "top secret", 0), Some(2..14));
        assert_eq!(at("see #Omega now", 5, "#omega", 1), Some(4..10));
        assert_eq!(at("see Omega now", 4, "#omega", 1), None);
        assert_eq!(at("omegas", 0, "omega", 0), None);
        assert_eq!(at("C++", 0, "c++", 0), Some(0..3));
    }
}
