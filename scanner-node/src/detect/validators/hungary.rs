//! Hungarian tax identification (weights 1 to 9 modulo 11) and social security numbers (weights 3, 7).
//!
//! Owns their arithmetic. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! Act XX of 1996 on identification, annexes 1 to 3: <https://net.jogtar.hu/jogszabaly?docid=99600020.tv>.

use super::arithmetic::{digits, number, weighted};
use super::{Verdict, all_same};

/// Checks a tax identification number.
pub(super) fn tax_id(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    // The five digits after the 8 count the days from 1867 to the day of birth.
    let days = number(&digits[1..6]);
    if digits[0] != 8 || days > 75_000 {
        return Verdict::invalid("no such date of birth");
    }
    let sum = weighted(&digits[..9], &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    if sum % 11 != u32::from(digits[9]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks a social security number (TAJ).
pub(super) fn taj(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    let sum = weighted(&digits[..8], &[3, 7, 3, 7, 3, 7, 3, 7]);
    if all_same(&digits) || sum % 10 != u32::from(digits[8]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn tax_numbers_need_their_check_digit() {
        for (number, expected) in [
            ("8071592153", Valid),
            ("8422660211", Invalid),
            ("8071592154", Invalid),
            ("7071592153", Invalid),
            ("8991592153", Invalid),
            ("807159215", Invalid),
        ] {
            assert_eq!(tax_id(number).check, expected, "{number}");
        }
    }

    #[test]
    fn social_security_numbers_need_their_check_digit() {
        for (number, expected) in [
            ("111 111 110", Valid),
            ("123 456 788", Valid),
            ("123456788", Valid),
            ("123 456 789", Invalid),
            ("000000000", Invalid),
            ("12345678", Invalid),
        ] {
            assert_eq!(taj(number).check, expected, "{number}");
        }
    }
}
