//! Belgian national register numbers: date of birth, serial, and 97 minus the number modulo 97.
//!
//! Owns its arithmetic, that of the numbers for people outside the register too.
//! **Invariant:** valid means that the check digits hold for the century in which the date exists.
//!
//! # Source
//! <https://www.ibz.rrn.fgov.be/fileadmin/user_upload/nl/rr/instructies/IT-lijst/IT000_Rijksregisternummer.pdf>.

use super::Verdict;
use super::arithmetic::{digits, is_date, number};

/// Added to the number of those born from 2000 on.
const FROM_2000: u64 = 2_000_000_000;

/// Checks a national register number.
pub(super) fn national_number(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let (body, check) = (number(&digits[..9]), number(&digits[9..]));
    let holds = [(1900, 0), (2000, FROM_2000)]
        .iter()
        .any(|(century, add)| 97 - (body + add) % 97 == check && is_born(*century, &digits));
    if !holds {
        return Verdict::invalid("date of birth and check digits do not hold");
    }
    Verdict::valid("date of birth and check digits hold")
}

/// Whether the first six digits are a day; people whose birthday is unknown have zeros, people outside
/// the register a month raised by 20 or 40.
fn is_born(century: u64, digits: &[u8; 11]) -> bool {
    let (year, month, day) = (
        century + number(&digits[..2]),
        number(&digits[2..4]) % 20,
        number(&digits[4..6]),
    );
    let raised_too_often = number(&digits[2..4]) >= 60;
    let unknown = month == 0 || (day == 0 && month <= 12);
    !raised_too_often && (unknown || is_date(year, month, day))
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_and_check_digits_have_to_hold_in_one_century() {
        for (number, expected) in [
            ("85.07.30-033 28", Valid),
            ("85073003328", Valid),
            ("17 07 30 033 84", Valid),
            ("93.05.18-223.61", Valid),
            ("85073003329", Invalid),
            ("85133003328", Invalid),
            ("8507300332", Invalid),
        ] {
            assert_eq!(national_number(number).check, expected, "{number}");
        }
    }
}
