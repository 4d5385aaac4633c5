//! Romanian personal numeric codes: sex and century, date of birth, county, weights 279146358279.
//!
//! Owns its arithmetic. **Invariant:** valid means that date, county and check digit hold.
//!
//! # Source
//! <https://ro.wikipedia.org/wiki/Cod_numeric_personal_(Rom%C3%A2nia)>.

use super::Verdict;
use super::arithmetic::{digits, is_date, is_date_of_some_century, number, weighted};

/// Checks a personal numeric code.
pub(super) fn cnp(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    let (year, month, day) = (
        number(&digits[1..3]),
        number(&digits[3..5]),
        number(&digits[5..7]),
    );
    let is_born = match digits[0] {
        1 | 2 => is_date(1900 + year, month, day),
        3 | 4 => is_date(1800 + year, month, day),
        5 | 6 => is_date(2000 + year, month, day),
        // Residents and foreigners, of any century.
        7..=9 => is_date_of_some_century(year, month, day),
        _ => false,
    };
    let county_is_known = matches!(number(&digits[7..9]), 1..=48 | 51 | 52 | 70 | 80..=83);
    if !is_born || !county_is_known {
        return Verdict::invalid("no such date of birth or county");
    }
    let sum = weighted(&digits[..12], &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]);
    let check = match sum % 11 {
        10 => 1,
        remainder => remainder,
    };
    if check != u32::from(digits[12]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth, county and check digit hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_county_and_check_digit_have_to_hold() {
        for (number, expected) in [
            ("1630615123457", Valid),
            ("1800101221144", Valid),
            ("2980422123452", Invalid),
            ("0800101221142", Invalid),
            ("1632215123457", Invalid),
            ("1630615993454", Invalid),
            ("1630615123458", Invalid),
            ("163061512345", Invalid),
        ] {
            assert_eq!(cnp(number).check, expected, "{number}");
        }
    }
}
