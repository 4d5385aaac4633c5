//! Danish CPR numbers: date of birth with its century in the seventh digit; weights 4 3 2 7 6 5 4 3 2 1
//! modulo 11 for numbers given out before 2007.
//!
//! Owns its arithmetic. **Invariant:** a number whose check digit does not hold may still be one, and is
//! refused for its date only.
//!
//! # Source
//! <https://cpr.dk/cpr-systemet/opbygning-af-cpr-nummeret>,
//! <https://cpr.dk/cpr-systemet/personnumre-uden-kontrolciffer-modulus-11-kontrol>.

use super::Verdict;
use super::arithmetic::{digits, is_date, number, weighted};

/// Checks a CPR number.
pub(super) fn cpr(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let year = number(&digits[4..6]);
    let century = match (digits[6], year) {
        (0..=3, _) | (4 | 9, 37..) => 1900,
        (5..=8, 58..) => 1800,
        _ => 2000,
    };
    if !is_date(century + year, number(&digits[2..4]), number(&digits[..2])) {
        return Verdict::invalid("no such date of birth");
    }
    let sum = weighted(&digits, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    if sum.is_multiple_of(11) {
        Verdict::valid("date of birth and check digit hold")
    } else {
        Verdict::shaped("date of birth holds; check digits were given up in 2007")
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::*;

    #[test]
    fn the_date_has_to_hold_and_the_check_digit_makes_it_likelier() {
        for (number, expected) in [
            ("211062-5629", Valid),
            ("2110625629", Valid),
            ("0707614285", Valid),
            ("211062-5628", StructurallyValid),
            ("511062-5629", Invalid),
            ("290201-0001", Invalid),
            ("211062-562", Invalid),
        ] {
            assert_eq!(cpr(number).check, expected, "{number}");
        }
    }
}
