//! Norwegian national identity numbers: date of birth, individual number, two check digits modulo 11.
//!
//! Owns its arithmetic, that of D numbers (day raised by 40) too. Synthetic people of the tax
//! authority's test register (month raised by 80) are marked.
//! **Invariant:** valid means that the date fits the individual number and both check digits hold.
//!
//! # Source
//! <https://www.skatteetaten.no/en/person/national-registry/identitetsnummer/fodselsnummer/>.

use super::Verdict;
use super::arithmetic::{digits, is_date, number, weighted};

/// Checks a national identity number or D number.
pub(super) fn fodselsnummer(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let day = number(&digits[..2]);
    let month = number(&digits[2..4]);
    let (month, is_test) = if month > 80 {
        (month - 80, true)
    } else {
        (month, false)
    };
    let day = if day > 40 { day - 40 } else { day };
    let year = number(&digits[4..6]);
    let century = match (number(&digits[6..9]), year) {
        (0..=499, _) | (900..=999, 40..) => 1900,
        (500..=749, 54..) => 1800,
        (500..=999, ..40) => 2000,
        _ => return Verdict::invalid("no century has this individual number"),
    };
    if !is_date(century + year, month, day) {
        return Verdict::invalid("no such date of birth");
    }
    let first = weighted(&digits[..10], &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    if !first.is_multiple_of(11) || !second.is_multiple_of(11) {
        return Verdict::invalid("check digits do not hold");
    }
    Verdict::valid("date of birth and check digits hold").test_value(is_test)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_and_both_check_digits_have_to_hold() {
        for (number, expected) in [
            ("151086 95088", Valid),
            ("15108695088", Valid),
            ("684131 88570", Invalid),
            ("15108695077", Invalid),
            ("15138695088", Invalid),
            ("1510869508", Invalid),
        ] {
            assert_eq!(fodselsnummer(number).check, expected, "{number}");
        }
    }
}
