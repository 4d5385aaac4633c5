//! Shannon entropy of a value.
//!
//! Owns the one figure that tells a random key from a word. **Invariant:** in bits per byte, between 0
//! and 8, whatever the value.

use std::sync::LazyLock;

/// Thousandths of a bit per byte of `value`, rounded; 0 for an empty one.
pub(super) fn millibits(value: &str) -> u32 {
    let mut counts = [0_u32; 256];
    let mut total = 0_u32;
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
            total = total.saturating_add(1);
        }
    }
    if total == 0 {
        return 0;
    }
    // -Σ c/n·log(c/n) = log n - (Σ c·log c)/n
    let weighted: f64 = counts.iter().map(|&count| weight(count)).sum();
    let total = f64::from(total);
    let bits = total.log2() - weighted / total;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 8000: entropy of bytes is at most 8 bits"
    )]
    let millibits = (bits * 1_000.0).round().max(0.0) as u32;
    millibits
}

/// `count·log₂(count)`: keys have few of a byte, and logarithms take longer than all the rest.
fn weight(count: u32) -> f64 {
    const KNOWN: usize = 64;
    static WEIGHTS: LazyLock<[f64; KNOWN]> = LazyLock::new(|| {
        let mut counts = 0_u32..;
        std::array::from_fn(|_| counts.next().map_or(0.0, computed))
    });
    match usize::try_from(count) {
        Ok(0 | 1) => 0.0,
        Ok(known) => WEIGHTS
            .get(known)
            .copied()
            .unwrap_or_else(|| computed(count)),
        Err(_) => computed(count),
    }
}

fn computed(count: u32) -> f64 {
    if count < 2 {
        return 0.0;
    }
    f64::from(count) * f64::from(count).log2()
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
        for copies in 1..100 {
            assert_eq!(millibits(&"aB3dE6gH".repeat(copies)), 3_000);
        }
    }
}
