//! Numbers that look random and are always the same.
//!
//! Owns the generator: `SplitMix64`, written out here because no crate promises the same numbers in its
//! next version. **Invariant:** a sequence depends on the seed alone.

pub(crate) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
pub(crate) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(crate) const UPPER_AND_DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(crate) const ALPHANUMERIC: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(crate) const HEX: &str = "0123456789abcdef";

/// A sequence of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// # Source
    /// <https://prng.di.unimi.it/splitmix64.c>, public domain.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number under `end`; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// Often a small number, seldom one near `end`: how words are used.
    pub(crate) fn small_below(&mut self, end: usize) -> usize {
        let within = self.below(end) + 1;
        self.below(within)
    }

    pub(crate) fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last.saturating_sub(first) + 1)
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// One of `choices`; empty if there are none.
    pub(crate) fn pick<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        let at = self.below(choices.len());
        choices.get(at).copied().unwrap_or_default()
    }

    /// `count` characters of an ASCII alphabet.
    pub(crate) fn text(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count)
            .filter_map(|_| alphabet.get(self.below(alphabet.len())))
            .map(|&byte| char::from(byte))
            .collect()
    }

    /// `count` digits, the first of which is not 0.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        let mut digits = self.text("123456789", count.min(1));
        digits.push_str(&self.text("0123456789", count.saturating_sub(1)));
        digits
    }
}
