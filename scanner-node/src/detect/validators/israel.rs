//! Israeli identity numbers: nine digits with a Luhn digit.
//!
//! Owns its form. **Invariant:** valid means that the Luhn digit holds.
//!
//! # Source
//! <https://en.wikipedia.org/wiki/Israeli_identity_card>.

use super::arithmetic::{digits, luhn};
use super::{Verdict, all_same};

/// Checks an identity number.
pub(super) fn identity(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    if all_same(&digits) || !luhn(&digits) {
        return Verdict::invalid("Luhn digit does not hold");
    }
    Verdict::valid("Luhn digit holds")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn the_luhn_digit_has_to_hold() {
        for (number, expected) in [
            ("03933742-3", Valid),
            ("039337423", Valid),
            ("123456782", Valid),
            ("039337424", Invalid),
            ("000000000", Invalid),
            ("3933742", Invalid),
        ] {
            assert_eq!(identity(number).check, expected, "{number}");
        }
    }
}
