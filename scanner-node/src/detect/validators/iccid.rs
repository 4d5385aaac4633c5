//! ICCID: the number of a SIM card, nineteen or twenty digits that start with 89.
//!
//! Owns length, industry digits and Luhn digit. Nineteen digits end in the check digit; of twenty, the
//! twentieth is one operators add, or the check digit itself.
//! **Invariant:** what it calls valid has a Luhn digit that holds.
//!
//! # Source
//! ITU-T E.118, section 4.1.

use super::arithmetic::luhn;
use super::{Verdict, all_same, digits_of};

/// Checks length, prefix and check digit.
pub(super) fn check(value: &str) -> Verdict {
    let digits = digits_of(value);
    if !digits.starts_with(&[8, 9]) || digits.get(2..).is_none_or(all_same) {
        return Verdict::invalid("no card of the telephone industry");
    }
    let holds = match digits.len() {
        19 => luhn(&digits),
        20 => luhn(&digits) || digits.get(..19).is_some_and(luhn),
        _ => false,
    };
    if holds {
        Verdict::valid("check digit holds")
    } else {
        Verdict::invalid("check digit does not hold")
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn checks_the_luhn_digit_of_both_lengths() {
        for (number, check_) in [
            ("8949020000148765437", Check::Valid),
            ("8933102509080706055", Check::Valid),
            ("89014103211118510720", Check::Valid),
            ("8949020000148765438", Check::Invalid),
            ("8949020000148756437", Check::Invalid),
            ("894902000014876543", Check::Invalid),
            ("7949020000148765437", Check::Invalid),
            ("8900000000000000000", Check::Invalid),
        ] {
            assert_eq!(check(number).check, check_, "{number}");
        }
    }
}
