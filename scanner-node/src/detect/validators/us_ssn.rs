//! US social security numbers: which areas, groups and serials are ever issued.
//!
//! Owns the rules of the issuer. **Invariant:** refuses only what was never issued to a person.
//!
//! # Source
//! Social Security Administration: <https://www.ssa.gov/employer/randomization.html>,
//! <https://www.ssa.gov/history/ssn/misused.html>.

use super::{Verdict, all_same, digits_of, leading};

/// Numbers printed on sample cards, in advertising and in every tutorial.
const TEST_NUMBERS: &[u32] = &[
    78_051_120,
    219_099_999,
    457_555_462,
    123_456_789,
    987_654_320,
];

/// Checks area, group and serial.
pub(super) fn check(value: &str) -> Verdict {
    let digits = digits_of(value);
    let number = leading(&digits, 9);
    let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    let never_issued = matches!(area, 0 | 666 | 900..) || group == 0 || serial == 0;
    if digits.len() != 9 || never_issued || all_same(&digits) {
        return Verdict::invalid("never issued");
    }
    Verdict::valid("area, group and serial are issued").test_value(TEST_NUMBERS.contains(&number))
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn refuses_what_is_never_issued() {
        for (number, check_) in [
            ("536-90-4399", Check::Valid),
            ("536904399", Check::Valid),
            ("078-05-1120", Check::Valid),
            ("000-12-3456", Check::Invalid),
            ("666-12-3456", Check::Invalid),
            ("900-12-3456", Check::Invalid),
            ("536-00-4399", Check::Invalid),
            ("536-90-0000", Check::Invalid),
            ("111-11-1111", Check::Invalid),
            ("536-90-439", Check::Invalid),
        ] {
            assert_eq!(check(number).check, check_, "{number}");
        }
    }

    #[test]
    fn sample_numbers_are_marked() {
        assert!(check("078-05-1120").test_value);
        assert!(!check("536-90-4399").test_value);
    }
}
