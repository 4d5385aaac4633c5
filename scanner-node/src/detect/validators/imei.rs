//! IMEI: the number of a telephone, fifteen digits with a Luhn digit.
//!
//! Owns the reporting body's digits and the sixteen-digit form with a software version, which has no
//! check digit. **Invariant:** what it calls valid has a Luhn digit that holds.
//!
//! # Source
//! 3GPP TS 23.003, section 6.2 and annex B; GSMA TS.06 (reporting body identifiers).

use super::arithmetic::luhn;
use super::{Verdict, all_same, digits_of, leading};

/// The bodies that allocate, by their first two digits.
const REPORTING_BODIES: &[u32] = &[
    1, 10, 30, 33, 35, 44, 45, 49, 50, 51, 52, 53, 54, 86, 91, 97, 98, 99,
];

/// Checks length, reporting body and check digit.
pub(super) fn check(value: &str) -> Verdict {
    let digits = digits_of(value);
    if all_same(&digits) || !REPORTING_BODIES.contains(&leading(&digits, 2)) {
        return Verdict::invalid("no reporting body has these digits");
    }
    match digits.len() {
        15 if luhn(&digits) => {
            Verdict::valid("check digit holds").test_value(value.starts_with("490154203237518"))
        }
        16 => Verdict::shaped("an IMEI with a software version has no check digit"),
        _ => Verdict::invalid("check digit does not hold"),
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn checks_the_luhn_digit_and_the_reporting_body() {
        for (number, check_) in [
            ("490154203237518", Check::Valid),
            ("35-209900-176148-1", Check::Valid),
            ("356938035643809", Check::Valid),
            ("3520990017614823", Check::StructurallyValid),
            ("490154203237519", Check::Invalid),
            ("490154203238518", Check::Invalid),
            ("200154203237513", Check::Invalid),
            ("49015420323751", Check::Invalid),
            ("111111111111111", Check::Invalid),
        ] {
            assert_eq!(check(number).check, check_, "{number}");
        }
        assert!(check("490154203237518").test_value);
    }
}
