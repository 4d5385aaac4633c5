//! Croatian OIB (ISO 7064 MOD 11,10) and Slovenian EMŠO (date of birth, weights modulo 11).
//!
//! Owns their arithmetic. The EMŠO keeps the form of Yugoslavia's citizen numbers, which the other
//! successor states use too. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! <https://www.porezna-uprava.hr/>, <https://en.wikipedia.org/wiki/Unique_Master_Citizen_Number>.

use super::arithmetic::{digits, is_date, mod_11_10, number, weighted};
use super::{Verdict, all_same};

/// Checks a personal identification number of Croatia.
pub(super) fn oib(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    if all_same(&digits) || !mod_11_10(&digits) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks a citizen number of Slovenia.
pub(super) fn emso(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    let year = match number(&digits[4..7]) {
        year @ 800.. => 1000 + year,
        year => 2000 + year,
    };
    if year >= 2100 || !is_date(year, number(&digits[2..4]), number(&digits[..2])) {
        return Verdict::invalid("no such date of birth");
    }
    let sum = weighted(&digits[..12], &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    // A difference of ten is written as zero, as none is.
    if (11 - sum % 11) % 11 % 10 != u32::from(digits[12]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth and check digit hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn croatian_numbers_need_their_check_digit() {
        for (number, expected) in [
            ("33392005961", Valid),
            ("94577403194", Valid),
            ("69435151530", Valid),
            ("33392005962", Invalid),
            ("3339200596", Invalid),
        ] {
            assert_eq!(oib(number).check, expected, "{number}");
        }
    }

    #[test]
    fn slovenian_numbers_need_a_date_and_their_check_digit() {
        for (number, expected) in [
            ("0101006500006", Valid),
            ("2604967500470", Valid),
            ("0101006500007", Invalid),
            ("3201006500006", Invalid),
            ("0113006500006", Invalid),
            ("010100650000", Invalid),
        ] {
            assert_eq!(emso(number).check, expected, "{number}");
        }
    }
}
