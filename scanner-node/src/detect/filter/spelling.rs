//! How words begin: their first four letters or digits, in either case, up to the end of the word.
//!
//! Owns the ways to begin; its speed does not depend on how many there are. `ghp_` begins like the word `ghp`,
//! `AKIA…` with `akia`, `card` in `card_no` like the word `card`: where a word ends early the rest counts as
//! nothing. Where more is certain than four letters, more is asked for: `account` begins like `according`.
//! **Invariant:** a sequence whose word begins here has its bit set.

use super::block::bytes_at;
use super::tree::{Entry, Grain, Tree};
use crate::detect::bitmap::{Bitmap, hash_of};
use crate::detect::class::Set;
use crate::detect::prints::Prints;

/// Bytes looked at.
pub(super) const WIDTH: usize = 4;
/// A beginning with more spellings than this is a class.
const MOST_SPELLINGS: usize = 32;
/// With more spellings than this, three bytes do not do.
const MOST_OPEN: usize = 4;
/// A number is known by its shape; so many digits in a place are still a spelling.
const MOST_DIGITS: usize = 2;
/// So many bytes more are asked for where they are certain; the more the better.
const WIDER: [usize; 5] = [16, 12, 8, 6, 5];
/// Bytes that are looked at from the start of a word.
pub(super) const SEEN: usize = 16;
/// In so many ways at most.
const MOST_WIDER: usize = 128;
/// The bit that tells lower case from upper.
const CASE: u8 = 0x20;

/// Four folded bytes; 0 behind the end of the word.
pub(super) type Key = u32;

/// Which ways there are to begin.
#[derive(Debug)]
pub(super) struct Spellings {
    keys: Bitmap,
    /// Those of which no more is certain than the key.
    short: (Bitmap, Tree),
    wider: [Written; WIDER.len()],
}

/// Sequences by the bytes that they begin with.
#[derive(Debug, Default)]
struct Written {
    filter: Bitmap,
    hashes: Prints,
    /// The sequence of each.
    numbers: Vec<u32>,
}

impl Spellings {
    /// Of sequences that start a word.
    pub(super) fn of(sequences: &[Entry<'_>]) -> Self {
        let (mut keys, mut short) = (Vec::new(), (Vec::new(), Vec::new()));
        let mut wider = WIDER.map(|_| Vec::new());
        for entry in sequences {
            let own = spellings(entry.rest).unwrap_or_default();
            let own: Vec<u64> = own.into_iter().map(|key| hash_of(key.into())).collect();
            keys.extend(&own);
            let widths = WIDER.iter().zip(&mut wider);
            let mut widest =
                widths.filter_map(|(width, all)| Some((all, written(entry.rest, *width)?)));
            if let Some((all, texts)) = widest.next() {
                all.extend(texts.into_iter().map(|text| (text, entry.number)));
            } else {
                short.0.extend(own);
                short.1.push(*entry);
            }
        }
        Self {
            keys: Bitmap::of(&keys),
            short: (Bitmap::of(&short.0), Tree::of(&short.1, Grain::Letters)),
            wider: wider.map(Written::of),
        }
    }

    /// Whether a word that is asked for may begin with this key.
    #[inline]
    pub(super) fn may_begin(&self, key: Key) -> bool {
        self.keys.may_hold(hash_of(key.into()))
    }

    /// Whether one that begins with this key may go on so.
    #[inline]
    pub(super) fn may_go_on(&self, key: Key, bytes: [u8; SEEN]) -> bool {
        let (short, _) = &self.short;
        let bytes = folded(u128::from_le_bytes(bytes));
        let mut wider = self.wider.iter().zip(WIDER);
        short.may_hold(hash_of(key.into()))
            || wider.any(|(all, width)| all.filter.may_hold(hash_of_first(width, bytes)))
    }

    /// Reports every sequence that may begin at the byte `at` of the text, where a word starts.
    pub(super) fn read(&self, text: &[u8], at: usize, report: &mut impl FnMut(u32)) {
        let bytes: [u8; SEEN] = bytes_at(text, at);
        let folded = folded(u128::from_le_bytes(bytes));
        for (all, width) in self.wider.iter().zip(WIDER) {
            all.each(hash_of_first(width, folded), report);
        }
        let (_, short) = &self.short;
        short.read(text, at, report);
    }
}

impl Written {
    fn of(all: Vec<(u64, u32)>) -> Self {
        let hashes: Vec<u64> = all.iter().map(|(hash, _)| *hash).collect();
        let filter = Bitmap::of(&hashes);
        let (hashes, numbers) = Prints::of(all);
        Self {
            filter,
            hashes,
            numbers,
        }
    }

    fn each(&self, hash: u64, report: &mut impl FnMut(u32)) {
        if self.filter.may_hold(hash) {
            let numbers = self.hashes.same(hash).filter_map(|at| self.numbers.get(at));
            numbers.copied().for_each(report);
        }
    }
}

#[inline]
const fn folded(bytes: u128) -> u128 {
    bytes | u128::from_le_bytes([CASE; SEEN])
}

/// The hash of the first so many bytes.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
const fn hash_of_first(width: usize, bytes: u128) -> u64 {
    let bytes = bytes & (u128::MAX >> (8 * (SEEN - width)));
    let (first, second) = (bytes as u64, (bytes >> 64) as u64);
    if second == 0 {
        return hash_of(first);
    }
    hash_of(first ^ hash_of(second))
}

/// The hashes of every way to write the first so many bytes of a sequence, case left out; none if there are too
/// many.
fn written(sequence: &[Set], width: usize) -> Option<Vec<u64>> {
    let mut all = vec![0_u128];
    for (place, set) in sequence.get(..width)?.iter().enumerate() {
        // Behind the end of a text there are zeros.
        let byte = |symbol: usize| u8::try_from(symbol).unwrap_or(0) | CASE;
        let mut bytes: Vec<u8> = set.symbols().map(byte).collect();
        bytes.sort_unstable();
        bytes.dedup();
        if all.len() * bytes.len() > MOST_WIDER {
            return None;
        }
        all = all
            .iter()
            .flat_map(|&text| {
                bytes
                    .iter()
                    .map(move |&byte| text | u128::from(byte) << (8 * place))
            })
            .collect();
    }
    let hashes = all.into_iter().map(|text| hash_of_first(width, text));
    Some(hashes.collect())
}

/// The key of a word that starts with these bytes, of which as many are letters or digits as the low four bits
/// of `alnum` say.
#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "four bits are below 16; this is the innermost loop"
)]
pub(super) fn key_of(bytes: [u8; WIDTH], alnum: u64) -> Key {
    /// For each pattern of four bits, ones in the bytes before the first that is no letter or digit.
    const KEPT: [u32; 16] = {
        let mut kept = [0; 16];
        let mut pattern = 0;
        while pattern < 16 {
            kept[pattern] = match (!pattern).trailing_zeros() {
                0 => 0,
                1 => 0xff,
                2 => 0xffff,
                3 => 0x00ff_ffff,
                _ => u32::MAX,
            };
            pattern += 1;
        }
        kept
    };
    let [low, ..] = alnum.to_le_bytes();
    (u32::from_le_bytes(bytes) | u32::from_le_bytes([CASE; WIDTH])) & KEPT[usize::from(low & 15)]
}

/// The part of a sequence that is looked at where it starts a word; none if it begins in too many ways for each
/// to have its bit.
pub(super) fn spelled(sequence: &[Set]) -> Option<&[Set]> {
    spellings(sequence)?;
    let goes_on = |set: &&Set| !letters(set).0.is_empty();
    let length = sequence.iter().take(WIDTH).take_while(goes_on).count();
    sequence.get(..sequence.len().min(WIDTH).min(length + 1))
}

/// Every key of a sequence that starts a word; none if there are too many.
fn spellings(sequence: &[Set]) -> Option<Vec<Key>> {
    let mut ended: Vec<Key> = Vec::new();
    let mut open: Vec<Key> = vec![0];
    for (place, set) in sequence.iter().take(WIDTH).enumerate() {
        let (letters, ends) = letters(set);
        let digits = letters.iter().filter(|letter| letter.is_ascii_digit());
        if !open.is_empty() && digits.count() > MOST_DIGITS {
            return None;
        }
        if ends {
            ended.extend(&open);
        }
        let shift = 8 * place;
        open = open
            .iter()
            .flat_map(|&key| {
                letters
                    .iter()
                    .map(move |&letter| key | u32::from(letter) << shift)
            })
            .collect();
        if open.len() + ended.len() > MOST_SPELLINGS {
            return None;
        }
    }
    if sequence.len() >= WIDTH || open.is_empty() {
        ended.extend(open);
        return Some(ended);
    }
    // What follows a sequence that is shorter is not known: anything, if it is but one byte.
    if sequence.len() + 1 < WIDTH || open.len() > MOST_OPEN {
        return None;
    }
    let shift = 8 * sequence.len();
    for letter in [0].into_iter().chain(b'0'..=b'9').chain(b'a'..=b'z') {
        ended.extend(open.iter().map(|&key| key | u32::from(letter) << shift));
    }
    Some(ended)
}

/// The letters and digits of a set, in lower case, and whether there is anything else in it.
fn letters(set: &Set) -> (Vec<u8>, bool) {
    let (mut letters, mut ends) = (Vec::new(), false);
    for symbol in set.symbols() {
        match u8::try_from(symbol) {
            Ok(byte) if byte.is_ascii_alphanumeric() => letters.push(byte.to_ascii_lowercase()),
            _ => ends = true,
        }
    }
    letters.sort_unstable();
    letters.dedup();
    (letters, ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Vec<Set> {
        text.bytes().map(Set::byte).collect()
    }

    fn alnum(bytes: [u8; WIDTH]) -> u64 {
        let bit = |(at, byte): (usize, u8)| u64::from(byte.is_ascii_alphanumeric()) << at;
        bytes.into_iter().enumerate().map(bit).sum()
    }

    fn spellings_of(sequences: &[&[Set]]) -> Spellings {
        let entries = (0..).zip(sequences).map(|(number, rest)| Entry {
            number,
            before: Set::any(),
            rest,
        });
        Spellings::of(&entries.collect::<Vec<_>>())
    }

    fn may_be(spellings: &Spellings, text: &str) -> bool {
        let mut bytes = [0; SEEN];
        bytes
            .iter_mut()
            .zip(text.bytes())
            .for_each(|(slot, byte)| *slot = byte);
        let [a, b, c, d, ..] = bytes;
        let four = [a, b, c, d];
        let key = key_of(four, alnum(four));
        spellings.may_begin(key) && spellings.may_go_on(key, bytes)
    }

    #[test]
    fn a_word_is_known_in_either_case_and_by_where_it_ends() {
        let mut ssn = letters("ssn");
        ssn.push(Set::beside_word());
        let (github, long) = (letters("ghp_"), letters("AKIA0"));
        let all = [ssn.as_slice(), github.as_slice(), long.as_slice()];
        let spellings = spellings_of(&all);
        for text in ["SSN:", "ssn", "ghp_", "GHP-", "akIa0"] {
            assert!(may_be(&spellings, text), "{text}");
        }
        assert!(!may_be(&spellings, "ssnx") && !may_be(&spellings, "aki"));
    }

    #[test]
    fn a_word_is_told_from_one_that_begins_alike() {
        let mut account = letters("account");
        account.push(Set::beside_word());
        let mut card = letters("card");
        card.push(Set::beside_word());
        let all = [account.as_slice(), card.as_slice()];
        let spellings = spellings_of(&all);
        for text in ["account", "ACCOUNT no", "card", "Card: 4"] {
            assert!(may_be(&spellings, text), "{text}");
        }
        // A filter of few bits lets one in sixty through by chance.
        let alike = (b'a'..=b'z').flat_map(|letter| {
            let beginnings = ["account", "acco", "card", "cardi"].into_iter();
            beginnings.map(move |text| format!("{text}{}nal", char::from(letter)))
        });
        let through = alike.filter(|text| may_be(&spellings, text)).count();
        assert!(through < 15, "{through} of 104");
        let mut read = Vec::new();
        spellings.read(b"the Account", 4, &mut |number| read.push(number));
        assert_eq!(read, [0]);
    }

    #[test]
    fn a_class_is_not_spelled_and_a_short_sequence_neither() {
        assert!(spelled(&[Set::any(); 4]).is_none());
        assert!(spelled(&letters("ss")).is_none());
        assert!(spelled(&letters("ssn")).is_some(), "whatever follows");
        assert!(spelled(&letters("a-")).is_some(), "a word that has ended");
    }
}
