//! Shannon entropy of a value.
//!
//! Owns the one figure that tells a random key from a word. **Invariant:** in bits per byte, between 0
//! and 8, whatever the value.

/// Thousandths of a bit per byte of `value`; 0 for an empty one.
pub(super) fn millibits(value: &str) -> u32 {
    let mut counts = [0_u32; 256];
    let mut total = 0_u32;
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
            total = total.saturating_add(1);
        }
    }
    let bits: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / f64::from(total);
            -share * share.log2()
        })
        .sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 8000: entropy of bytes is at most 8 bits"
    )]
    let millibits = (bits * 1_000.0).max(0.0) as u32;
    millibits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_bits_per_byte() {
        assert_eq!(millibits(""), 0);
        assert_eq!(millibits("aaaaaaaa"), 0);
        assert_eq!(millibits("abababab"), 1_000);
        assert_eq!(millibits("abcdefgh"), 3_000);
    }
}
