//! Vehicle identification numbers: seventeen characters with a check digit in ninth place.
//!
//! Owns its arithmetic. Makers outside of North America and China need not fill in the check digit; their
//! numbers are not known by it. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! ISO 3779; 49 CFR 565.15, <https://www.ecfr.gov/current/title-49/section-565.15>.

use super::arithmetic::{letters, weighted};
use super::{Verdict, all_same};

/// Values of A to Z; I, O and Q, which are not used, have none.
const VALUES: [u8; 26] = [
    1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9,
];
const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// Checks a vehicle identification number.
pub(super) fn check(value: &str) -> Verdict {
    let Some(characters) = letters::<17>(value) else {
        return Verdict::invalid("not seventeen letters and digits");
    };
    let serial_fits = characters[13..].iter().all(u8::is_ascii_digit);
    if characters.iter().any(|byte| b"IOQ".contains(byte)) || !serial_fits {
        return Verdict::invalid("a letter that is not used, or in the serial number");
    }
    let values = characters.map(|byte| match byte {
        b'0'..=b'9' => byte - b'0',
        _ => VALUES
            .get(usize::from(byte.saturating_sub(b'A')))
            .copied()
            .unwrap_or(0),
    });
    let check = match weighted(&values, &WEIGHTS) % 11 {
        10 => b'X',
        remainder => u8::try_from(remainder).unwrap_or(0) + b'0',
    };
    // Maker and model are never written in digits alone; serial numbers with a letter or two are.
    let letter_count = characters
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    if characters[8] != check || letter_count < 3 {
        return Verdict::invalid("check digit does not hold, or hardly a letter");
    }
    Verdict::valid("check digit holds").test_value(all_same(&characters[9..]))
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn the_check_digit_has_to_hold() {
        for (number, expected) in [
            ("1HGCM82633A004352", Valid),
            ("1M8GDM9AXKP042788", Valid),
            ("5GZCZ43D13S812715", Valid),
            ("1HGCM82634A004352", Invalid),
            ("1M8GDM9A_KP042788", Invalid),
            ("1HGCM82633A00435O", Invalid),
            ("11111111111111111", Invalid),
            ("B4539578763621487", Invalid),
            ("1HGCM82633A00435", Invalid),
        ] {
            assert_eq!(check(number).check, expected, "{number}");
        }
    }
}
