//! Swiss old-age insurance numbers (AHV/AVS): country code 756 and the check digit of EAN-13.
//!
//! Owns its arithmetic. **Invariant:** valid means that country code and check digit hold.
//!
//! # Source
//! <https://www.zas.admin.ch/zas/en/home/partenaires-et-institutions-/navs13.html>.

use super::Verdict;
use super::arithmetic::{digits, number, weighted};

/// The number on the specimen card.
const SPECIMEN: u64 = 7_569_217_076_985;

/// Checks an old-age insurance number.
pub(super) fn ahv(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    let sum = weighted(&digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
    if number(&digits[..3]) != 756 || !sum.is_multiple_of(10) {
        return Verdict::invalid("country code or check digit does not hold");
    }
    Verdict::valid("country code and check digit hold").test_value(number(&digits) == SPECIMEN)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn country_code_and_check_digit_have_to_hold() {
        for (number, expected) in [
            ("756.9217.0769.85", Valid),
            ("7569217076985", Valid),
            ("756 1234 5678 97", Valid),
            ("756.9217.0769.84", Invalid),
            ("123.4567.8910.19", Invalid),
            ("756.9217.0769.8", Invalid),
        ] {
            assert_eq!(ahv(number).check, expected, "{number}");
        }
        assert!(ahv("756.9217.0769.85").test_value);
    }
}
