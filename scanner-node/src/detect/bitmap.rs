//! A filter in front of many hashes.
//!
//! Owns the bits: almost every hash that is not among them ends here, at one word of memory.
//! **Invariant:** a hash that was put in is always let through.

/// Bits for each hash, of which each sets two: one in sixty others gets through by chance.
const BITS_EACH: usize = 16;

/// Of a set of hashes, two bits each.
#[derive(Debug, Default)]
pub(super) struct Bitmap {
    /// A power of two of them, or none.
    words: Vec<u64>,
}

/// A hash of a few bytes, each bit of which depends on all of them.
#[inline]
pub(super) const fn hash_of(bytes: u64) -> u64 {
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
    let once = bytes.wrapping_mul(ODD[0]);
    let twice = (once ^ once >> 32).wrapping_mul(ODD[1]);
    twice ^ twice >> 29
}

impl Bitmap {
    pub(super) fn of(hashes: &[u64]) -> Self {
        let bits = (hashes.len() * BITS_EACH).next_power_of_two().max(64);
        let mut map = Self {
            words: vec![0; bits / 64],
        };
        for &hash in hashes {
            let (word, bits) = map.place(hash);
            if let Some(word) = map.words.get_mut(word) {
                *word |= bits;
            }
        }
        map
    }

    /// Whether the hash may be among them.
    #[inline]
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        self.words.get(word).is_some_and(|word| word & bits == bits)
    }

    /// Index of a word, and the two bits in it.
    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = usize::try_from(hash >> 32).unwrap_or(0) & self.words.len().wrapping_sub(1);
        (word, (1 << (hash & 63)) | (1 << ((hash >> 6) & 63)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::terms::words::scattered;

    #[test]
    fn lets_through_what_was_put_in_and_little_else() {
        let hashes: Vec<u64> = (0..1_000).map(scattered).collect();
        let map = Bitmap::of(&hashes);
        assert!(hashes.iter().all(|&hash| map.may_hold(hash)));
        let by_chance = (1_000..61_000).filter(|&seed| map.may_hold(scattered(seed)));
        assert!(by_chance.count() < 2_000);
        assert!(!Bitmap::default().may_hold(0) && !Bitmap::of(&[]).may_hold(0));
    }

    #[test]
    fn words_are_told_apart_by_their_hashes() {
        let word = |number: u64| hash_of(0x6161_6161 + (number % 26) + ((number / 26) << 48));
        let hashes: Vec<u64> = (0..1_000).map(word).collect();
        let map = Bitmap::of(&hashes);
        assert!((1_000..5_000).filter(|&n| map.may_hold(word(n))).count() < 200);
    }
}
