//! How words begin: their first four letters or digits, in either case, up to the end of the word.
//!
//! Owns a bit for the hash of each way to begin; its speed does not depend on how many there are. `ghp_` begins
//! like the word `ghp`, `AKIA…` with `akia`, `card` in `card_no` like the word `card`: where a word ends early the
//! rest counts as nothing.
//! **Invariant:** a sequence whose word begins here has its bit set.

use super::class::Set;

/// Bytes looked at.
pub(super) const WIDTH: usize = 4;
/// A beginning with more spellings than this is a class.
const MOST_SPELLINGS: usize = 32;
/// With more spellings than this, three bytes do not do.
const MOST_OPEN: usize = 4;
/// A number is known by its shape; so many digits in a place are still a spelling.
const MOST_DIGITS: usize = 2;
const BITS: u32 = 16;
const WORDS: usize = 1 << (BITS - 6);
/// The bit that tells lower case from upper, in each of four bytes.
const CASE: u32 = 0x2020_2020;

/// Four folded bytes; 0 behind the end of the word.
pub(super) type Key = u32;

/// Which ways there are to begin.
#[derive(Debug)]
pub(super) struct Spellings {
    bits: Box<[u64; WORDS]>,
}

impl Spellings {
    /// Of sequences from where their word starts.
    pub(super) fn of<'s>(sequences: impl Iterator<Item = &'s [Set]>) -> Self {
        let mut bits = Box::new([0; WORDS]);
        for key in sequences.flat_map(|sequence| spellings(sequence).unwrap_or_default()) {
            let hash = hash(key);
            if let Some(word) = bits.get_mut(hash >> 6) {
                *word |= 1_u64 << (hash & 63);
            }
        }
        Self { bits }
    }

    /// Whether a word that is asked for may begin so.
    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "a hash is below 2^16; this is the innermost loop"
    )]
    pub(super) fn may_be(&self, key: Key) -> bool {
        let hash = hash(key);
        self.bits[hash >> 6] >> (hash & 63) & 1 == 1
    }
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
    (u32::from_le_bytes(bytes) | CASE) & KEPT[usize::from(low & 15)]
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

#[inline]
const fn hash(key: Key) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
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

    fn key(text: &str) -> Key {
        let mut bytes = [b' '; WIDTH];
        for (slot, byte) in bytes.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        key_of(bytes, alnum(bytes))
    }

    #[test]
    fn a_word_is_known_in_either_case_and_by_where_it_ends() {
        let mut ssn = letters("ssn");
        ssn.push(Set::beside_word());
        let (github, long) = (letters("ghp_"), letters("AKIA0"));
        let all = [ssn.as_slice(), github.as_slice(), long.as_slice()];
        let spellings = Spellings::of(all.into_iter());
        for text in ["SSN:", "ssn", "ghp_", "GHP-", "akIa"] {
            assert!(spellings.may_be(key(text)), "{text}");
        }
        assert!(!spellings.may_be(key("ssnx")) && !spellings.may_be(key("aki")));
    }

    #[test]
    fn a_class_is_not_spelled_and_a_short_sequence_neither() {
        assert!(spelled(&[Set::any(); 4]).is_none());
        assert!(spelled(&letters("ss")).is_none());
        assert!(spelled(&letters("ssn")).is_some(), "whatever follows");
        assert!(spelled(&letters("a-")).is_some(), "a word that has ended");
    }
}
