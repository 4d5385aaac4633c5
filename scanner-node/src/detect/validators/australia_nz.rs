//! Australian tax file and Medicare numbers, New Zealand's inland revenue numbers: weighted sums modulo
//! 11 and 10.
//!
//! Owns their arithmetic. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! <https://www.ato.gov.au/individuals-and-families/tax-file-number>,
//! <https://meteor.aihw.gov.au/content/270101>,
//! <https://www.ird.govt.nz/digital-service-providers>.

use super::arithmetic::{digits, number, weighted};
use super::{Verdict, all_same, digits_of};

/// Checks a tax file number of nine digits, or eight for the oldest.
pub(super) fn tax_file_number(value: &str) -> Verdict {
    let sum = match (digits::<9>(value), digits::<8>(value)) {
        (Some(nine), _) if !all_same(&nine) => weighted(&nine, &[1, 4, 3, 7, 5, 8, 6, 9, 10]),
        (_, Some(eight)) if !all_same(&eight) => weighted(&eight, &[10, 7, 8, 4, 6, 3, 5, 1]),
        _ => return Verdict::invalid("not eight or nine digits"),
    };
    if !sum.is_multiple_of(11) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks a Medicare card number of ten digits, or eleven with the person's place on the card.
pub(super) fn medicare(value: &str) -> Verdict {
    let ten = digits::<10>(value);
    let eleven = digits::<11>(value).map(|[ten @ .., _]| ten);
    let Some(digits) = ten.or(eleven) else {
        return Verdict::invalid("not ten or eleven digits");
    };
    let sum = weighted(&digits[..8], &[1, 3, 7, 9, 1, 3, 7, 9]);
    if !matches!(digits[0], 2..=6) || digits[9] == 0 || sum % 10 != u32::from(digits[8]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks an inland revenue number of New Zealand.
pub(super) fn inland_revenue(value: &str) -> Verdict {
    let (Some(digits), true) = (
        digits::<9>(value).or_else(|| digits::<9>(&format!("0{value}"))),
        (8..=9).contains(&digits_of(value).len()),
    ) else {
        return Verdict::invalid("not eight or nine digits");
    };
    if !(10_000_000..=200_000_000).contains(&number(&digits)) || all_same(&digits[1..]) {
        return Verdict::invalid("outside of the range given out");
    }
    let of = |weights| match weighted(&digits[..8], weights) % 11 {
        0 => 0,
        remainder => 11 - remainder,
    };
    let check = match of(&[3, 2, 7, 6, 5, 4, 3, 2]) {
        10 => of(&[7, 4, 3, 2, 5, 2, 7, 6]),
        check => check,
    };
    if check != u32::from(digits[8]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn tax_file_numbers_need_their_check_digit() {
        holds(
            tax_file_number,
            &[
                ("123 456 782", Valid),
                ("999 999 999", Invalid),
                ("876543210", Valid),
                ("81854402", Valid),
                ("123 456 783", Invalid),
                ("12345678", Invalid),
                ("1234567", Invalid),
            ],
        );
    }

    #[test]
    fn medicare_numbers_need_their_check_digit() {
        holds(
            medicare,
            &[
                ("2123 45670 1", Valid),
                ("2123456701", Valid),
                ("2123 45670 1/1", Valid),
                ("2123 45671 1", Invalid),
                ("1123 45670 1", Invalid),
                ("2123 45670", Invalid),
            ],
        );
    }

    #[test]
    fn inland_revenue_numbers_need_range_and_check_digit() {
        holds(
            inland_revenue,
            &[
                ("49-091-850", Valid),
                ("49091850", Valid),
                ("136-410-132", Valid),
                ("49-098-576", Valid),
                ("136410133", Invalid),
                ("9125568", Invalid),
                ("999999999", Invalid),
            ],
        );
    }
}
