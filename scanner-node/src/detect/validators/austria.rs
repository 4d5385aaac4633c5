//! Austrian social insurance numbers: serial, check digit (weights 3 7 9 5 8 4 2 1 6 modulo 11), date.
//!
//! Owns its arithmetic. **Invariant:** valid means that date and check digit hold.
//!
//! # Source
//! <https://de.wikipedia.org/wiki/Sozialversicherungsnummer#Berechnung>,
//! <https://www.sozialversicherung.at/>.

use super::Verdict;
use super::arithmetic::{digits, is_date_of_some_century, number, weighted};

/// Checks a social insurance number.
pub(super) fn social_insurance(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let (day, month, year) = (
        number(&digits[4..6]),
        number(&digits[6..8]),
        number(&digits[8..]),
    );
    // When the serials of a day run out, its month is counted on from 13.
    let is_day = match month {
        13..=16 => (1..=31).contains(&day),
        _ => is_date_of_some_century(year, month, day),
    };
    if digits[0] == 0 || !is_day {
        return Verdict::invalid("no such serial or date of birth");
    }
    let sum = weighted(&digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    if sum % 11 != u32::from(digits[3]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth and check digit hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_and_check_digit_have_to_hold() {
        for (number, expected) in [
            ("1237 010180", Valid),
            ("1237010180", Valid),
            ("2203 200570", Valid),
            ("2237010180", Invalid),
            ("1237 320180", Invalid),
            ("0237 010180", Invalid),
            ("123701018", Invalid),
        ] {
            assert_eq!(social_insurance(number).check, expected, "{number}");
        }
    }
}
