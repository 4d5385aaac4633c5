//! What the bytes of a text are, 64 at a time, as bits.
//!
//! Owns the portable way to find out; `avx2` is the other one.
//! **Invariant:** both answer alike.

use std::collections::BTreeSet;

use crate::detect::normalise::is_of_note;

/// Bytes in a block.
pub(super) const BLOCK: usize = 64;
/// Bytes that are looked at beyond the end of a block.
pub(super) const AHEAD: usize = 16;
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
    /// What could be read in another way.
    pub(super) notes: u64,
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
    pub(super) fn of(bytes: &[u8; BLOCK], marks: &Marks) -> Self {
        let mut block = Self::default();
        for (at, &byte) in bytes.iter().enumerate() {
            let kind = kind_of(byte);
            for (bit, kinds) in block.kinds.iter_mut().enumerate() {
                *kinds |= u64::from(kind >> bit & 1) << at;
            }
            block.run |= u64::from(is_run(byte)) << at;
            block.leads |= u64::from(byte >= 0xc0) << at;
            block.marks |= u64::from(marks.has(byte)) << at;
            block.notes |= u64::from(is_of_note(byte)) << at;
        }
        block
    }

    /// Letters and digits.
    pub(super) const fn alnum(self) -> u64 {
        let [_, _, high] = self.kinds;
        high
    }

    pub(super) const fn letters(self) -> u64 {
        let [low, middle, high] = self.kinds;
        high & (low | middle)
    }

    pub(super) const fn upper(self) -> u64 {
        let [low, middle, high] = self.kinds;
        high & !middle & low
    }
}

/// For the low and the high half of a byte, the classes that it may be in, a bit each.
pub(super) type Rows = [[u8; 16]; 2];

/// Rare signs that are looked for. Beyond eight some share a class, so that others may seem to be one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks(pub(super) Rows);

impl Marks {
    pub(super) fn of(marks: &BTreeSet<u8>) -> Self {
        let mut rows = Rows::default();
        for (number, mark) in marks.iter().enumerate() {
            for (row, half) in rows.iter_mut().zip([mark & 15, mark >> 4]) {
                if let Some(classes) = row.get_mut(usize::from(half)) {
                    *classes |= 1 << (number % 8);
                }
            }
        }
        Self(rows)
    }

    fn has(&self, byte: u8) -> bool {
        classes(byte, &self.0) != 0
    }
}

/// The classes of a byte.
fn classes(byte: u8, [low, high]: &Rows) -> u8 {
    let of = |row: &[u8; 16], half: u8| row.get(usize::from(half)).copied();
    of(low, byte & 15).unwrap_or(0) & of(high, byte >> 4).unwrap_or(0)
}

/// So many bytes of an infix are looked at.
pub(super) const INFIX: usize = 4;

/// Bytes side by side that are looked for inside words, in lower case; 0 is whatever stands there.
pub(super) type Infix = [u8; INFIX];

/// Every way to write an infix, case left out.
pub(super) fn spellings(infix: Infix) -> impl Iterator<Item = [u8; INFIX]> + use<> {
    let [a, b, c, last] = infix;
    let any = (0..=u8::MAX).filter(move |_| last == 0);
    any.chain((last != 0).then_some(last))
        .map(move |last| [a, b, c, last])
}

/// The infixes: for each of their letters, by its low and its high half, which of them may go on with it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Infixes {
    pub(super) rows: [Rows; INFIX],
    pub(super) is_empty: bool,
}

impl Infixes {
    pub(super) fn of(infixes: &BTreeSet<Infix>) -> Self {
        let mut rows = [Rows::default(); INFIX];
        // Those that begin alike share a bit: what bits have in common is what may stand there in vain.
        let shared = infixes.len().div_ceil(8).max(1);
        for (number, infix) in infixes.iter().enumerate() {
            let bit = 1 << (number / shared);
            for ([low, high], &letter) in rows.iter_mut().zip(infix) {
                let is_in = |half: usize, of: u8| letter == 0 || usize::from(of) == half;
                let halves = low.iter_mut().zip(high).enumerate();
                for (half, (low, high)) in halves {
                    *low |= if is_in(half, letter & 15) { bit } else { 0 };
                    *high |= if is_in(half, letter >> 4) { bit } else { 0 };
                }
            }
        }
        Self {
            rows,
            is_empty: infixes.is_empty(),
        }
    }

    /// Where one of them may stand, in either case.
    pub(super) fn seen_in(&self, bytes: &[u8; BLOCK + AHEAD]) -> u64 {
        let mut found = 0;
        for (at, letters) in bytes.windows(INFIX).take(BLOCK).enumerate() {
            let pairs = letters.iter().zip(&self.rows);
            let common = pairs.fold(u8::MAX, |all, (byte, rows)| {
                all & classes(byte | CASE, rows)
            });
            found |= u64::from(common != 0) << at;
        }
        found
    }
}

/// The bytes of a text from `at` on, zeros behind its end.
#[inline]
pub(super) fn bytes_at<const COUNT: usize>(text: &[u8], at: usize) -> [u8; COUNT] {
    let mut bytes = [0; COUNT];
    let rest = text.get(at..).unwrap_or_default();
    let count = rest.len().min(COUNT);
    if let (Some(to), Some(from)) = (bytes.get_mut(..count), rest.get(..count)) {
        to.copy_from_slice(from);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_apart() {
        let mut bytes = [b' '; BLOCK];
        bytes[..8].copy_from_slice("aZ5_@é.".as_bytes());
        let block = Block::of(&bytes, &Marks::of(&b"@.".iter().copied().collect()));
        assert_eq!(
            (block.alnum(), block.upper(), block.run),
            (0b111, 0b10, 0b1111)
        );
        assert_eq!((block.leads, block.marks), (0b10_0000, 0b1001_0000));
    }

    #[test]
    fn an_infix_is_seen_in_either_case_up_to_the_end_of_the_block() {
        let mut bytes = [b' '; BLOCK + AHEAD];
        bytes[3..6].copy_from_slice(b"Swo");
        bytes[63..67].copy_from_slice(b"TOKE");
        let infixes = Infixes::of(&BTreeSet::from([*b"swo\0", *b"toke"]));
        assert_eq!(infixes.seen_in(&bytes), 1 << 3 | 1 << 63);
        bytes[5] = b'e';
        assert_eq!(infixes.seen_in(&bytes), 1 << 63);
    }
}
