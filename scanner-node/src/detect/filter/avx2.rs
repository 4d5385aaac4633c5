//! What the bytes of a text are, by vector instructions.
//!
//! Owns the fast form of [`Block::of`]: the halves of a byte each pick a row of bits, and what both rows have in
//! common says which classes the byte is in.
//! **Invariant:** the answers are those of [`Block::of`].

#![expect(
    unsafe_code,
    reason = "loads and feature gates of vector instructions; every block says why it is sound"
)]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_max_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::block::{AHEAD, BLOCK, Block, CASE, Infixes, Marks, Rows};

/// Classes of letters, digits and the signs of runs. No byte is in two of them; upper and lower case have one for
/// each high half, since a class is what some low halves and some high halves have in common.
const DIGIT: u8 = 1;
const UPPER: u8 = 2 | 4;
const A_TO_F: u8 = 8;
const G_TO_Z: u8 = 16 | 32;
const SIGN: u8 = 64 | 128;
const WORDS: Rows = rows(&[
    (DIGIT, 0b0000_0011_1111_1111, 3),
    (2, 0b1111_1111_1111_1110, 4),
    (4, 0b0000_0111_1111_1111, 5),
    (A_TO_F, 0b0000_0000_0111_1110, 6),
    (16, 0b1111_1111_1000_0000, 6),
    (32, 0b0000_0111_1111_1111, 7),
    (64, 0b1010_1000_0000_0000, 2),
    (128, 0b1000_0000_0000_0000, 5),
]);

/// Classes of what stands between words.
const BLANK: u8 = 1 | 2;
const DASH: u8 = 4;
const JOINT: u8 = 8 | 16;
const GAPS: Rows = rows(&[
    (1, 0b0000_0000_0000_0001, 2),
    (2, 0b0010_0110_0000_0000, 0),
    (DASH, 0b0010_0000_0000_0000, 2),
    (8, 0b1101_0000_0000_0000, 2),
    (16, 0b0000_1100_0000_0000, 3),
]);

/// What of ASCII could be read in another way.
const NOTES: Rows = rows(&[
    (1, 0b0000_0100_0110_0000, 2),
    (2, 0b0101_0000_0000_0000, 3),
    (4, 0b1001_0000_0000_0000, 5),
    (8, 0b0000_0000_0000_0001, 6),
    (16, 0b0100_0000_0000_0000, 7),
]);

/// For the low and the high half of a byte the classes it may be in, given for each class the low halves, a bit
/// each, and the high half.
#[expect(
    clippy::indexing_slicing,
    reason = "a half is below 16, and this runs when it is compiled"
)]
const fn rows(classes: &[(u8, u16, usize)]) -> Rows {
    let (mut low, mut high) = ([0; 16], [0; 16]);
    let mut at = 0;
    while at < classes.len() {
        let (class, lows, of) = classes[at];
        let mut half = 0;
        while half < 16 {
            if lows >> half & 1 == 1 {
                low[half] |= class;
            }
            half += 1;
        }
        high[of] |= class;
        at += 1;
    }
    [low, high]
}

/// Proof that the processor has what this is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

#[expect(
    clippy::unused_self,
    reason = "a value is the proof that the processor has what this is for"
)]
impl Avx2 {
    /// None if the processor cannot.
    pub(super) fn detect() -> Option<Self> {
        let has = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("bmi1")
            && std::arch::is_x86_feature_detected!("bmi2");
        has.then_some(Self(()))
    }

    /// The same as [`Block::of`].
    #[inline]
    pub(super) fn block(self, bytes: &[u8; BLOCK], marks: &Marks) -> Block {
        // SAFETY: there is no value of this type unless the processor has all that is asked for.
        unsafe { block(bytes, marks) }
    }

    /// The same as [`Infixes::seen_in`].
    #[inline]
    pub(super) fn infixes(self, bytes: &[u8; BLOCK + AHEAD], wanted: &Infixes) -> u64 {
        // SAFETY: there is no value of this type unless the processor has all that is asked for.
        unsafe { infixes(bytes, wanted) }
    }

    /// Runs `work`, compiled for this processor as far as it is inlined.
    #[inline]
    pub(super) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        // SAFETY: there is no value of this type unless the processor has all that is asked for.
        unsafe { run(work) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2")]
fn run<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[inline]
#[target_feature(enable = "avx2")]
fn block(bytes: &[u8; BLOCK], marks: &Marks) -> Block {
    let (first, second) = halves(bytes);
    let words = [first, second].map(|bytes| common(bytes, &WORDS));
    let gaps = [first, second].map(|bytes| common(bytes, &GAPS));
    let bits = |of_words: u8, of_gaps: u8| {
        let [[a, b], [c, d]] = [words, gaps];
        let either = |words, gaps| {
            let of_words = _mm256_and_si256(words, _mm256_set1_epi8(of_words.cast_signed()));
            let of_gaps = _mm256_and_si256(gaps, _mm256_set1_epi8(of_gaps.cast_signed()));
            some(_mm256_or_si256(of_words, of_gaps))
        };
        join(either(a, c), either(b, d))
    };
    Block {
        kinds: [
            bits(UPPER | G_TO_Z, BLANK | JOINT),
            bits(A_TO_F | G_TO_Z, DASH | JOINT),
            bits(DIGIT | UPPER | A_TO_F | G_TO_Z, 0),
        ],
        run: bits(DIGIT | UPPER | A_TO_F | G_TO_Z | SIGN, 0),
        leads: join(is_lead(first), is_lead(second)),
        marks: join(
            some(common(first, &marks.0)),
            some(common(second, &marks.0)),
        ),
        notes: join(is_of_note(first), is_of_note(second)),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn infixes(bytes: &[u8; BLOCK + AHEAD], infixes: &Infixes) -> u64 {
    let case = _mm256_set1_epi8(CASE.cast_signed());
    let [first, second] = [0, BLOCK / 2].map(|from| {
        let mut all = _mm256_set1_epi8(-1);
        for (on, rows) in infixes.rows.iter().enumerate() {
            let letters = _mm256_or_si256(load(bytes, from + on), case);
            all = _mm256_and_si256(all, common(letters, rows));
        }
        some(all)
    });
    join(first, second)
}

/// The 32 bytes from `from` on.
#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; BLOCK + AHEAD], from: usize) -> __m256i {
    debug_assert!(from + BLOCK / 2 <= bytes.len());
    // SAFETY: `from` is below BLOCK / 2 + AHEAD, so that 32 bytes from there lie within the array.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().add(from).cast()) }
}

const fn join(first: u32, second: u32) -> u64 {
    first as u64 | (second as u64) << 32
}

/// What the rows of both halves of each byte have in common.
#[inline]
#[target_feature(enable = "avx2")]
fn common(bytes: __m256i, [low, high]: &Rows) -> __m256i {
    let half = _mm256_set1_epi8(0x0f);
    let lower = _mm256_and_si256(bytes, half);
    let upper = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), half);
    _mm256_and_si256(
        _mm256_shuffle_epi8(broadcast(low), lower),
        _mm256_shuffle_epi8(broadcast(high), upper),
    )
}

/// The bytes in which any bit is set.
#[inline]
#[target_feature(enable = "avx2")]
fn some(bytes: __m256i) -> u32 {
    let none = _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256());
    !_mm256_movemask_epi8(none).cast_unsigned()
}

/// Bytes beyond ASCII, which have their highest bit set, and what else is of note.
#[inline]
#[target_feature(enable = "avx2")]
fn is_of_note(bytes: __m256i) -> u32 {
    some(common(bytes, &NOTES)) | _mm256_movemask_epi8(bytes).cast_unsigned()
}

/// Bytes from 0xC0 on.
#[inline]
#[target_feature(enable = "avx2")]
fn is_lead(bytes: __m256i) -> u32 {
    let least = _mm256_set1_epi8(0xc0_u8.cast_signed());
    let lead = _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, least), bytes);
    _mm256_movemask_epi8(lead).cast_unsigned()
}

#[inline]
#[target_feature(enable = "avx2")]
fn halves(bytes: &[u8; BLOCK]) -> (__m256i, __m256i) {
    let start = bytes.as_ptr();
    // SAFETY: the array has 64 bytes: 32 from its start and 32 from its middle; the loads need no alignment.
    unsafe {
        (
            _mm256_loadu_si256(start.cast()),
            _mm256_loadu_si256(start.add(BLOCK / 2).cast()),
        )
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn broadcast(table: &[u8; 16]) -> __m256i {
    // SAFETY: the array has the 16 bytes that are read; the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_like_the_portable_look() {
        let Some(avx2) = Avx2::detect() else { return };
        for first in 0..=255_u8 {
            let bytes = std::array::from_fn(|at| {
                first.wrapping_add(u8::try_from(at).unwrap().wrapping_mul(7))
            });
            let marks = Marks::of(&[b'@', b'~', 0xff].into());
            assert_eq!(avx2.block(&bytes, &marks), Block::of(&bytes, &marks));
            let bytes = std::array::from_fn(|at| first.wrapping_add(u8::try_from(at % 9).unwrap()));
            let infixes = Infixes::of(&[*b"def\0", *b"no\0\0", *b"stuv"].into());
            assert_eq!(avx2.infixes(&bytes, &infixes), infixes.seen_in(&bytes));
        }
    }
}
