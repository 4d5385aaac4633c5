//! What the bytes of a text are, 64 at a time, as bits.
//!
//! Owns the portable way to find out; `avx2` is the other one.
//! **Invariant:** both answer alike.

use std::collections::BTreeSet;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;
/// Bytes that are looked at beyond the end of a block.
pub(super) const AHEAD: usize = 4;
/// The bit that tells lower case from upper.
pub(super) const CASE: u8 = 0x20;

/// For 64 bytes, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The bits of the bytes' kinds, the lowest first.
    pub(super) kinds: [u64; 3],
    /// Something that long runs are made of.
    pub(super) run: u64,
    /// The first byte of a letter beyond ASCII.
    pub(super) leads: u64,
    /// One of the marks.
    pub(super) marks: u64,
}

/// How many kinds of bytes there are.
pub(super) const KINDS: usize = 8;

/// The kind of a byte, below [`KINDS`]: letters and digits from 4 on.
pub(super) const fn kind_of(byte: u8) -> u8 {
    match byte {
        b' ' | b'\t' | b'\n' | b'\r' => 1,
        b'-' => 2,
        b'.' | b',' | b'/' | b':' | b';' => 3,
        b'0'..=b'9' => 4,
        b'A'..=b'Z' => 5,
        b'a'..=b'f' => 6,
        b'g'..=b'z' => 7,
        _ => 0,
    }
}

/// Whether long runs are made of it: letters, digits and the signs of base64 and its form for addresses.
pub(super) const fn is_run(byte: u8) -> bool {
    kind_of(byte) >= 4 || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

impl Block {
    /// Looks at each byte.
    pub(super) fn of(bytes: &[u8; BLOCK], marks: &[u8]) -> Self {
        let mut block = Self::default();
        for (at, &byte) in bytes.iter().enumerate() {
            let kind = kind_of(byte);
            for (bit, kinds) in block.kinds.iter_mut().enumerate() {
                *kinds |= u64::from(kind >> bit & 1) << at;
            }
            block.run |= u64::from(is_run(byte)) << at;
            block.leads |= u64::from(byte >= 0xc0) << at;
            block.marks |= u64::from(marks.contains(&byte)) << at;
        }
        block
    }

    /// Letters and digits.
    pub(super) const fn alnum(self) -> u64 {
        let [_, _, high] = self.kinds;
        high
    }

    pub(super) const fn upper(self) -> u64 {
        let [low, middle, high] = self.kinds;
        high & !middle & low
    }
}

/// Pairs of letters that are looked for, in lower case: for each of two letters, by its low and its high half,
/// the pairs that it may be part of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pairs {
    pub(super) rows: [[[u8; 16]; 2]; 2],
    pub(super) is_empty: bool,
}

impl Pairs {
    pub(super) fn of(pairs: &BTreeSet<[u8; 2]>) -> Self {
        let mut rows = [[[0; 16]; 2]; 2];
        for (number, pair) in pairs.iter().enumerate() {
            for (of_letter, letter) in rows.iter_mut().zip(pair) {
                for (row, half) in of_letter.iter_mut().zip([letter & 15, letter >> 4]) {
                    if let Some(bits) = row.get_mut(usize::from(half)) {
                        *bits |= 1 << (number % 8);
                    }
                }
            }
        }
        Self {
            rows,
            is_empty: pairs.is_empty(),
        }
    }

    /// Where one of the pairs may stand, in either case.
    pub(super) fn seen_in(&self, bytes: &[u8; BLOCK + AHEAD]) -> u64 {
        let mut found = 0;
        for (at, two) in bytes.windows(2).take(BLOCK).enumerate() {
            let common = two
                .iter()
                .zip(&self.rows)
                .fold(u8::MAX, |all, (byte, [low, high])| {
                    let byte = byte | CASE;
                    let of = |row: &[u8; 16], half: u8| row.get(usize::from(half)).copied();
                    all & of(low, byte & 15).unwrap_or(0) & of(high, byte >> 4).unwrap_or(0)
                });
            found |= u64::from(common != 0) << at;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_apart() {
        let mut bytes = [b' '; BLOCK];
        bytes[..8].copy_from_slice("aZ5_@é.".as_bytes());
        let block = Block::of(&bytes, b"@.");
        assert_eq!(
            (block.alnum(), block.upper(), block.run),
            (0b111, 0b10, 0b1111)
        );
        assert_eq!((block.leads, block.marks), (0b10_0000, 0b1001_0000));
    }

    #[test]
    fn a_pair_of_letters_is_seen_in_either_case_up_to_the_end_of_the_block() {
        let mut bytes = [b' '; BLOCK + AHEAD];
        bytes[3..5].copy_from_slice(b"Sw");
        bytes[63..65].copy_from_slice(b"OK");
        let pairs = Pairs::of(&BTreeSet::from([*b"sw", *b"ok"]));
        assert_eq!(pairs.seen_in(&bytes), 1 << 3 | 1 << 63);
    }
}
