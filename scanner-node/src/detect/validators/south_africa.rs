//! South African identity numbers: date of birth, serial, citizenship, Luhn digit.
//!
//! Owns its arithmetic. **Invariant:** valid means that date, citizenship and Luhn digit hold.
//!
//! # Source
//! <https://en.wikipedia.org/wiki/South_African_identity_card>, <https://www.dha.gov.za/>.

use super::Verdict;
use super::arithmetic::{digits, is_date_of_some_century, luhn, number};

/// Checks an identity number.
pub(super) fn identity(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    let (year, month, day) = (
        number(&digits[..2]),
        number(&digits[2..4]),
        number(&digits[4..6]),
    );
    // Citizen, permanent resident, refugee.
    if digits[10] > 2 || !is_date_of_some_century(year, month, day) {
        return Verdict::invalid("no such date of birth or citizenship");
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
    fn date_citizenship_and_luhn_digit_have_to_hold() {
        for (number, expected) in [
            ("750306 5249 087", Invalid),
            ("7503305044089", Valid),
            ("800101 5009 087", Valid),
            ("8001015009086", Invalid),
            ("8013015009087", Invalid),
            ("8001015009887", Invalid),
            ("800101500908", Invalid),
        ] {
            assert_eq!(identity(number).check, expected, "{number}");
        }
    }
}
