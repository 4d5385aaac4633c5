//! Secret keys of age: bech32 under the name `age-secret-key-`.
//!
//! Owns the polynomial. **Invariant:** what it calls valid has a checksum that holds.
//!
//! # Source
//! <https://age-encryption.org/v1>; BIP 173 (bech32).

use super::Verdict;

const NAME: &str = "age-secret-key-";
const ALPHABET: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [
    0x3b6a_57b2,
    0x2650_8e6d,
    0x1ea1_19fa,
    0x3d42_33dd,
    0x2a14_62b3,
];

/// Checks the checksum.
pub(super) fn check(value: &str) -> Verdict {
    let lower = value.to_ascii_lowercase();
    let Some(data) = lower
        .strip_prefix(NAME)
        .and_then(|rest| rest.strip_prefix('1'))
    else {
        return Verdict::invalid("no secret key of age");
    };
    let high = NAME.bytes().map(|byte| u32::from(byte) >> 5);
    let low = NAME.bytes().map(|byte| u32::from(byte) & 31);
    let data: Option<Vec<u32>> = data.bytes().map(five_bits).collect();
    let Some(data) = data else {
        return Verdict::invalid("letters that bech32 does not have");
    };
    if polynomial(high.chain([0]).chain(low).chain(data)) == 1 {
        Verdict::valid("checksum holds")
    } else {
        Verdict::shaped("checksum does not hold")
    }
}

fn five_bits(byte: u8) -> Option<u32> {
    let at = ALPHABET.iter().position(|&letter| letter == byte)?;
    u32::try_from(at).ok()
}

fn polynomial(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(1, |sum, value| {
        let top = sum >> 25;
        GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold((sum & 0x1ff_ffff) << 5 ^ value, |sum, (_, term)| sum ^ term)
    })
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    /// The key of age's own test suite.
    const KEY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

    #[test]
    fn tells_checksums_that_hold_from_those_that_do_not() {
        assert_eq!(check(KEY).check, Check::Valid);
        assert_eq!(check(&KEY.to_ascii_lowercase()).check, Check::Valid);
        for (right, wrong) in [("GFPQ4EG", "GFPQ4EH"), ("1GFPY", "1GFYP"), ("AEX", "AE")] {
            assert_eq!(
                check(&KEY.replacen(right, wrong, 1)).check,
                Check::StructurallyValid
            );
        }
        assert_eq!(check(&KEY.replacen("GFP", "GFB", 1)).check, Check::Invalid);
        assert_eq!(check("AGE-SECRET-KEY").check, Check::Invalid);
    }
}
