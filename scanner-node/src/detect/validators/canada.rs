//! Canadian social insurance numbers: nine digits with a Luhn digit.
//!
//! Owns which first digits are given out. **Invariant:** valid means that the Luhn digit holds.
//!
//! # Source
//! <https://www.canada.ca/en/employment-social-development/services/sin.html>.

use super::arithmetic::{digits, luhn};
use super::{Verdict, all_same};

/// Checks a social insurance number.
pub(super) fn social_insurance(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    if matches!(digits[0], 0 | 8) || all_same(&digits) {
        return Verdict::invalid("never given to a person");
    }
    if !luhn(&digits) {
        return Verdict::invalid("Luhn digit does not hold");
    }
    Verdict::valid("Luhn digit holds")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn first_and_luhn_digit_have_to_hold() {
        for (number, expected) in [
            ("123-456-782", Valid),
            ("123 456 782", Valid),
            ("130692544", Valid),
            ("046 454 286", Invalid),
            ("999-999-999", Invalid),
            ("123456783", Invalid),
            ("12345678", Invalid),
        ] {
            assert_eq!(social_insurance(number).check, expected, "{number}");
        }
    }
}
