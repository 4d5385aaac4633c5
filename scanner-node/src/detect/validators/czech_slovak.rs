//! Czech and Slovak birth numbers: date of birth with the sex in the month; ten digits from 1954 on,
//! divisible by 11.
//!
//! Owns its arithmetic. **Invariant:** numbers of nine digits, which have no check digit, are never
//! called valid.
//!
//! # Source
//! <https://cs.wikipedia.org/wiki/Rodné_číslo>, Act 133/2000 of the Czech Republic, section 13.

use super::Verdict;
use super::arithmetic::{digits, is_date, number};

/// Checks a birth number.
pub(super) fn birth_number(value: &str) -> Verdict {
    if let Some(digits) = digits::<9>(value) {
        let year = number(&digits[..2]);
        let century = if year < 54 { 1900 } else { 1800 };
        return if is_born(century + year, &digits[2..6]) && number(&digits[6..]) > 0 {
            Verdict::shaped("of the form given out before 1954")
        } else {
            Verdict::invalid("no such date of birth")
        };
    }
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not nine or ten digits");
    };
    let year = number(&digits[..2]);
    let century = if year < 54 { 2000 } else { 1900 };
    if !is_born(century + year, &digits[2..6]) {
        return Verdict::invalid("no such date of birth");
    }
    let remainder = match number(&digits[..9]) % 11 {
        // Later, numbers with this remainder were left out.
        10 if century + year < 1986 => 0,
        remainder => remainder,
    };
    if remainder != u64::from(digits[9]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth and check digit hold")
}

/// Whether month and day exist; 50 is added for women, 20 more where a day's serials ran out.
fn is_born(year: u64, month_and_day: &[u8]) -> bool {
    let month = number(month_and_day) / 100 % 50;
    let month = if month > 20 && year >= 2004 {
        month - 20
    } else {
        month
    };
    is_date(year, month, number(month_and_day) % 100)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::*;

    #[test]
    fn date_and_check_digit_have_to_hold() {
        for (number, expected) in [
            ("710319/2745", Valid),
            ("7103192745", Valid),
            ("991231/0000", Invalid),
            ("590312/1237", Invalid),
            ("340127/123", StructurallyValid),
            ("710319/2746", Invalid),
            ("711319/2745", Invalid),
            ("340127/000", Invalid),
            ("71031927", Invalid),
        ] {
            assert_eq!(birth_number(number).check, expected, "{number}");
        }
    }
}
