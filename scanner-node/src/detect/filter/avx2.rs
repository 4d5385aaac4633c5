//! Positions worth a look, 32 at a step.
//!
//! Owns the vector form of the first look: a byte's halves each pick a mask of coarse buckets, and the masks of
//! four bytes side by side are joined. It lets through more than the exact tables do, and nothing less.
//! Source: the idea is that of Teddy in Hyperscan, <https://github.com/intel/hyperscan/blob/master/doc/dev-reference/>.
//! **Invariant:** every position that [`super::buckets::Tables`] lets through is reported.

#![expect(
    unsafe_code,
    reason = "loads and feature gates of vector instructions; every block says why it is sound"
)]

use std::arch::x86_64::{
    __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_srli_epi16,
};

use super::buckets::{Window, group};
use super::class::Set;
use super::rarity::{self, WIDTH};

/// Positions in a step.
pub(super) const STEP: usize = 32;
/// Bytes read by a step.
pub(super) const REACH: usize = STEP + WIDTH - 1;
/// Coarse buckets: eight for each group of tables.
const GROUPS: usize = 4;
const COARSE: usize = GROUPS * 8;
/// So many coarse buckets hold one bucket.
const OWN: usize = 16;

/// Odds of a position up to which the look is worth its while.
const WORTHWHILE: f64 = 0.15;

/// For the low and the high half of a byte, the coarse buckets it may belong to.
type Halves = [[u8; 16]; 2];

/// What is looked up.
#[derive(Debug)]
struct Tables {
    groups: [[Halves; WIDTH]; GROUPS],
    /// The coarse buckets of each group whose windows may begin with a letter, a digit or an underscore.
    /// No halves tell these from the rest; the others' first place is looked at exactly.
    word_first: [u8; GROUPS],
}

/// The tables, proof that the processor has what they are for.
#[derive(Debug)]
pub(super) struct Avx2 {
    tables: Tables,
}

impl Avx2 {
    /// Tables for these buckets; none if the processor cannot use them, or if so much would be let through
    /// that looking at each position exactly is faster.
    pub(super) fn of(buckets: &[Window]) -> Option<Self> {
        if !std::arch::is_x86_feature_detected!("avx2") {
            return None;
        }
        let coarse = group(buckets.iter().copied(), (COARSE, OWN), let_through);
        let odds: f64 = coarse.iter().map(|window| rarity::of(window)).sum();
        (odds <= WORTHWHILE).then(|| Self {
            tables: tables(&coarse),
        })
    }

    /// The positions among the first 32 of `bytes` that are worth a look, as bits.
    #[inline]
    pub(super) fn look(&self, bytes: &[u8; REACH]) -> u32 {
        // SAFETY: there is no value of this type unless the processor has AVX2.
        unsafe { look(&self.tables, bytes) }
    }

    /// Calls `found` with each position worth a look of as many steps as fit into `text`; returns where
    /// the first position begins that was not looked at.
    pub(super) fn sweep(&self, text: &[u8], found: impl FnMut(usize)) -> usize {
        // SAFETY: there is no value of this type unless the processor has AVX2.
        unsafe { sweep(&self.tables, text, found) }
    }
}

#[target_feature(enable = "avx2")]
fn sweep(tables: &Tables, text: &[u8], mut found: impl FnMut(usize)) -> usize {
    let mut at = 0;
    while let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk::<REACH>) {
        let mut bits = look(tables, bytes);
        while bits != 0 {
            found(at + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
        at += STEP;
    }
    at
}

#[inline]
#[target_feature(enable = "avx2")]
fn look(tables: &Tables, bytes: &[u8; REACH]) -> u32 {
    let half = _mm256_set1_epi8(0x0f);
    let halves: [[__m256i; 2]; WIDTH] = std::array::from_fn(|place| {
        let four = load(bytes, place);
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(four), half);
        [_mm256_and_si256(four, half), high]
    });
    let mut any = _mm256_setzero_si256();
    let [[low, high], ..] = halves;
    let words = _mm256_shuffle_epi8(broadcast(&WORDS), low);
    let column = _mm256_shuffle_epi8(broadcast(&COLUMNS), high);
    let no_word = _mm256_cmpeq_epi8(_mm256_and_si256(words, column), _mm256_setzero_si256());
    for (group, word_first) in tables.groups.iter().zip(tables.word_first) {
        let mut buckets = _mm256_or_si256(no_word, _mm256_set1_epi8(word_first.cast_signed()));
        for (tables, [low, high]) in group.iter().zip(halves) {
            let [lows, highs] = tables;
            let low = _mm256_shuffle_epi8(broadcast(lows), low);
            let high = _mm256_shuffle_epi8(broadcast(highs), high);
            buckets = _mm256_and_si256(buckets, _mm256_and_si256(low, high));
        }
        any = _mm256_or_si256(any, buckets);
    }
    let none = _mm256_cmpeq_epi8(any, _mm256_setzero_si256());
    !_mm256_movemask_epi8(none).cast_unsigned()
}

/// The 32 bytes from `place` on.
#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; REACH], place: usize) -> __m256i {
    debug_assert!(place < WIDTH);
    // SAFETY: `place` is below WIDTH, so 32 bytes from there lie within the REACH bytes of the array.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().add(place).cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn broadcast(table: &[u8; 16]) -> __m256i {
    // SAFETY: the array has the 16 bytes that are read; the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
}

/// For each low half, the high halves with which it makes a word's byte: bit 3 is `0x3_`, digits.
const WORDS: [u8; 16] = [
    0xa8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x50, 0x50, 0x50, 0x50, 0x70,
];
/// The bit of each high half; none for bytes beyond ASCII.
const COLUMNS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0];

/// Writes down which halves of bytes each coarse bucket allows.
fn tables(coarse: &[Window]) -> Tables {
    let mut tables = Tables {
        groups: [[[[0; 16]; 2]; WIDTH]; GROUPS],
        word_first: [0; GROUPS],
    };
    for (number, window) in coarse.iter().enumerate() {
        let bit = 1_u8 << (number % 8);
        let groups = tables.groups.get_mut(number / 8);
        for (halves, set) in groups.into_iter().flatten().zip(window) {
            for byte in bytes_of(set) {
                let places = [byte & 15, byte >> 4].map(usize::from);
                for (half, place) in halves.iter_mut().zip(places) {
                    half.get_mut(place)
                        .into_iter()
                        .for_each(|mask| *mask |= bit);
                }
            }
        }
        let word_first = window.first().is_some_and(|set| !set.is_beside_words());
        if let (true, Some(first)) = (word_first, tables.word_first.get_mut(number / 8)) {
            *first |= bit;
        }
    }
    tables
}

/// What the look lets through of a group of windows.
fn let_through(window: Window) -> Window {
    let mut first = true;
    window.map(|set| {
        let exact = std::mem::take(&mut first) && set.is_beside_words();
        let closed = closure(&set);
        if exact {
            closed.without_words()
        } else {
            closed
        }
    })
}

/// All bytes whose halves the set has; the edge is a zero byte here.
fn closure(set: &Set) -> Set {
    let (mut lows, mut highs) = (0_u16, 0_u16);
    for byte in bytes_of(set) {
        lows |= 1 << (byte & 15);
        highs |= 1 << (byte >> 4);
    }
    (0..=255_u8)
        .filter(|byte| lows >> (byte & 15) & highs >> (byte >> 4) & 1 == 1)
        .map(Set::byte)
        .fold(Set::default(), |all, byte| all.union(&byte))
}

fn bytes_of(set: &Set) -> impl Iterator<Item = u8> {
    set.symbols()
        .map(|symbol| u8::try_from(symbol).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_of_words_are_those_of_letters_digits_and_the_underscore() {
        for byte in 0..=255_u8 {
            let column = COLUMNS[usize::from(byte >> 4)];
            let is_word = byte.is_ascii_alphanumeric() || byte == b'_';
            assert_eq!(
                WORDS[usize::from(byte & 15)] & column != 0,
                is_word,
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn a_step_shows_each_place_where_a_window_begins() {
        let mut sets = b"ghp_".iter().map(|&byte| Set::byte(byte));
        let window: Window = std::array::from_fn(|_| sets.next().unwrap());
        let Some(vector) = Avx2::of(&[window]) else {
            return;
        };
        let mut bytes = [b'x'; REACH];
        bytes[3..7].copy_from_slice(b"ghp_");
        bytes[31..35].copy_from_slice(b"ghp_");
        assert_eq!(vector.look(&bytes), 1 << 3 | 1 << 31);
    }
}
