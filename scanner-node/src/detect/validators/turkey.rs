//! Turkish identity numbers: two check digits over eleven digits.
//!
//! Owns its arithmetic. **Invariant:** valid means that both check digits hold.
//!
//! # Source
//! <https://tr.wikipedia.org/wiki/T.C._Kimlik_Numaras%C4%B1>.

use super::Verdict;
use super::arithmetic::{digits, weighted};

/// Checks an identity number.
pub(super) fn identity(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    // Minus one is nine modulo ten.
    let tenth = weighted(&digits[..9], &[7, 9, 7, 9, 7, 9, 7, 9, 7]) % 10;
    let eleventh = weighted(&digits[..10], &[1; 10]) % 10;
    let holds = (tenth, eleventh) == (digits[9].into(), digits[10].into());
    if digits[0] == 0 || !holds {
        return Verdict::invalid("check digits do not hold");
    }
    Verdict::valid("both check digits hold").test_value(value == "10000000146")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn both_check_digits_have_to_hold() {
        for (number, expected) in [
            ("17291716060", Valid),
            ("10000000146", Valid),
            ("17291716050", Invalid),
            ("17291716061", Invalid),
            ("07291716092", Invalid),
            ("1729171606", Invalid),
        ] {
            assert_eq!(identity(number).check, expected, "{number}");
        }
        assert!(identity("10000000146").test_value);
    }
}
