//! Bulgarian civil numbers (EGN): date of birth with the century in the month, weights modulo 11.
//!
//! Owns its arithmetic. **Invariant:** valid means that date and check digit hold.
//!
//! # Source
//! <https://www.grao.bg/esgraon.html>.

use super::Verdict;
use super::arithmetic::{digits, is_date, number, weighted};

/// Checks a civil number.
pub(super) fn egn(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let month = number(&digits[2..4]);
    let century = match month / 20 {
        0 => 1900,
        1 => 1800,
        2 => 2000,
        _ => return Verdict::invalid("no such date of birth"),
    };
    let year = century + number(&digits[..2]);
    if !is_date(year, month % 20, number(&digits[4..6])) {
        return Verdict::invalid("no such date of birth");
    }
    let sum = weighted(&digits[..9], &[2, 4, 8, 5, 10, 9, 7, 3, 6]);
    if sum % 11 % 10 != u32::from(digits[9]) {
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
            ("7523169263", Valid),
            ("8032056031", Valid),
            ("7501020018", Valid),
            ("7552010004", Invalid),
            ("7501020017", Invalid),
            ("7513020018", Invalid),
            ("750102001", Invalid),
        ] {
            assert_eq!(egn(number).check, expected, "{number}");
        }
    }
}
