//! Bits of which each stands for a byte of a block.
//!
//! Owns going through them and shifting them across the end of a block.

#![expect(
    clippy::inline_always,
    reason = "compiled once for each way to look; a call inside the loop would cost as much as the loop"
)]

use super::block::BLOCK;

/// The numbers of the bits that are set.
#[inline(always)]
pub(super) fn bits(mut mask: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let at = mask.trailing_zeros();
            mask &= mask - 1;
            at
        })
    })
}

/// The bits with these numbers.
#[inline(always)]
pub(super) fn all(bits: impl Iterator<Item = u32>) -> u64 {
    bits.fold(0, |all, at| all | 1 << at)
}

/// Where at least so many bits in a row are set.
#[inline(always)]
pub(super) fn in_a_row(mut bits: u128, count: u32) -> u128 {
    let mut known = 1;
    while known < count {
        let more = known.min(count - known);
        bits &= bits >> more;
        known += more;
    }
    bits
}

/// The lower half.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
pub(super) const fn lowest(wide: u128) -> u64 {
    wide as u64
}

/// The bits of a block, and behind them those of the next.
#[inline(always)]
pub(super) fn wide(now: u64, ahead: u64) -> u128 {
    u128::from(now) | u128::from(ahead) << BLOCK
}

/// The bits of a block from one on, and those of the next block behind them.
#[inline(always)]
pub(super) const fn from_bit((now, then): (u64, u64), at: u32) -> u64 {
    now >> at | then << 1 << (u64::BITS - 1 - at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_in_a_row_are_counted() {
        assert_eq!(in_a_row(0b0111_0110, 1), 0b0111_0110);
        assert_eq!(in_a_row(0b0111_0110, 2), 0b0011_0010);
        assert_eq!(in_a_row(0b0111_0110, 3), 0b0001_0000);
        assert_eq!(in_a_row((1 << 40) - 1, 33).count_ones(), 8);
    }

    #[test]
    fn bits_go_on_in_the_next_block() {
        assert_eq!(from_bit((1 << 63, 0b10), 63), 0b101);
        assert_eq!(from_bit((0b100, 0), 2), 1);
        assert_eq!(in_a_row(wide(3 << 62, 1), 3), 1 << 62);
        assert_eq!(all(bits(0b1010)), 0b1010);
    }
}
