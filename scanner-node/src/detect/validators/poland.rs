//! Polish PESEL numbers: date of birth with the century in the month, weights 1 3 7 9 modulo 10.
//!
//! Owns its arithmetic. **Invariant:** valid means that date and check digit hold.
//!
//! # Source
//! <https://www.gov.pl/web/gov/czym-jest-numer-pesel>.

use super::Verdict;
use super::arithmetic::{digits, is_date, number, weighted};

/// Checks a PESEL number.
pub(super) fn pesel(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let month = number(&digits[2..4]);
    let century = match month / 20 {
        0 => 1900,
        1 => 2000,
        4 => 1800,
        _ => return Verdict::invalid("of a century to come"),
    };
    let year = century + number(&digits[..2]);
    if !is_date(year, month % 20, number(&digits[4..6])) {
        return Verdict::invalid("no such date of birth");
    }
    let sum = weighted(&digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    if !sum.is_multiple_of(10) {
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
            ("44051401359", Valid),
            ("02070803628", Valid),
            ("02270812350", Valid),
            ("44051401358", Invalid),
            ("44131401359", Invalid),
            ("44053301359", Invalid),
            ("4405140135", Invalid),
        ] {
            assert_eq!(pesel(number).check, expected, "{number}");
        }
    }
}
