//! Routing numbers of US banks: a Federal Reserve district and weights 3 7 1 modulo 10.
//!
//! Owns its arithmetic. **Invariant:** valid means that district and check digit hold.
//!
//! # Source
//! <https://www.aba.com/about-us/routing-number>, <https://en.wikipedia.org/wiki/ABA_routing_transit_number>.

use super::Verdict;
use super::arithmetic::{digits, number, weighted};

/// Numbers that payment providers publish for testing.
const TEST_NUMBERS: &[u64] = &[110_000_000, 123_456_780, 11_000_015];

/// Checks a routing number.
pub(super) fn check(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    // Districts, thrift institutions, electronic transfers, the government's and traveller's cheques.
    if !matches!(number(&digits[..2]), 0..=12 | 21..=32 | 61..=72 | 80) || number(&digits) == 0 {
        return Verdict::invalid("no such Federal Reserve district");
    }
    if !weighted(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10) {
        return Verdict::invalid("check digit does not hold");
    }
    let is_test = TEST_NUMBERS.contains(&number(&digits));
    Verdict::valid("district and check digit hold").test_value(is_test)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn district_and_check_digit_have_to_hold() {
        for (number, expected) in [
            ("021000021", Valid),
            ("111000025", Valid),
            ("3222-7162-7", Valid),
            ("021000022", Invalid),
            ("131000025", Invalid),
            ("000000000", Invalid),
            ("02100002", Invalid),
        ] {
            assert_eq!(check(number).check, expected, "{number}");
        }
        assert!(check("110000000").test_value);
    }
}
