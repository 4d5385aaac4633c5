//! Greek social security numbers (AMKA): date of birth, serial, Luhn digit.
//!
//! Owns its arithmetic. **Invariant:** valid means that date and Luhn digit hold.
//!
//! # Source
//! <https://www.amka.gr/tieinai.html>.

use super::Verdict;
use super::arithmetic::{digits, is_date_of_some_century, luhn, number};

/// Checks a social security number.
pub(super) fn amka(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let (day, month, year) = (
        number(&digits[..2]),
        number(&digits[2..4]),
        number(&digits[4..6]),
    );
    if !is_date_of_some_century(year, month, day) {
        return Verdict::invalid("no such date of birth");
    }
    if !luhn(&digits) {
        return Verdict::invalid("Luhn digit does not hold");
    }
    Verdict::valid("date of birth and Luhn digit hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_and_luhn_digit_have_to_hold() {
        for (number, expected) in [
            ("01013099997", Valid),
            ("02022012339", Invalid),
            ("01013099999", Invalid),
            ("01133099997", Invalid),
            ("0101309999", Invalid),
        ] {
            assert_eq!(amka(number).check, expected, "{number}");
        }
    }
}
