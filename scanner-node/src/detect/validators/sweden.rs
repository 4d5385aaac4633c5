//! Swedish personal identity numbers: date of birth, serial, Luhn digit.
//!
//! Owns its arithmetic, that of coordination numbers (day raised by 60) too.
//! **Invariant:** valid means that date and Luhn digit hold.
//!
//! # Source
//! <https://skatteverket.se/privat/folkbokforing/personnummer.4.3810a01c150939e893f18c29.html>.

use super::Verdict;
use super::arithmetic::{is_date, is_date_of_some_century, luhn, number};

/// Checks a personal identity or coordination number of ten or twelve digits.
pub(super) fn personnummer(value: &str) -> Verdict {
    let digits = super::digits_of(value);
    let known = value
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b' '));
    let short = match digits.len() {
        10 => Some(digits.as_slice()),
        12 => digits.get(2..),
        _ => None,
    };
    let Some(short @ [y1, y2, m1, m2, d1, d2, ..]) = short.filter(|_| known) else {
        return Verdict::invalid("not ten or twelve digits");
    };
    let (year, month, day) = (
        number(&[*y1, *y2]),
        number(&[*m1, *m2]),
        number(&[*d1, *d2]),
    );
    let day = if day > 60 { day - 60 } else { day };
    let is_born = if digits.len() == 12 {
        let year = number(digits.get(..4).unwrap_or_default());
        (1800..2100).contains(&year) && is_date(year, month, day)
    } else {
        is_date_of_some_century(year, month, day)
    };
    if !is_born {
        return Verdict::invalid("no such date of birth");
    }
    if !luhn(short) {
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
            ("811218-9876", Valid),
            ("19811218-9876", Valid),
            ("880320-0016", Valid),
            ("8803200016", Valid),
            ("701063-2391", Valid),
            ("880320-0018", Invalid),
            ("881320-0016", Invalid),
            ("17811218-9876", Invalid),
            ("880320-001", Invalid),
            ("811218x9876", Invalid),
        ] {
            assert_eq!(personnummer(number).check, expected, "{number}");
        }
    }
}
