//! Dutch citizen service numbers: the eleven test, weights 9 to 2 and minus 1.
//!
//! Owns its arithmetic. **Invariant:** valid means that the eleven test holds.
//!
//! # Source
//! <https://nl.wikipedia.org/wiki/Burgerservicenummer>, <https://www.rvig.nl/bsn>.

use super::arithmetic::{digits, weighted};
use super::{Verdict, all_same};

/// Numbers that guides print as examples.
const EXAMPLES: &[[u8; 9]] = &[[1, 1, 1, 2, 2, 2, 3, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 2]];

/// Checks a citizen service number.
pub(super) fn bsn(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    // Minus one is ten modulo eleven.
    let sum = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2, 10]);
    if all_same(&digits) || !sum.is_multiple_of(11) {
        return Verdict::invalid("eleven test does not hold");
    }
    Verdict::valid("eleven test holds").test_value(EXAMPLES.contains(&digits))
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn the_eleven_test_has_to_hold() {
        for (number, expected) in [
            ("1112.22.333", Valid),
            ("111222333", Valid),
            ("123456782", Valid),
            ("111252333", Invalid),
            ("000000000", Invalid),
            ("11122233", Invalid),
        ] {
            assert_eq!(bsn(number).check, expected, "{number}");
        }
        assert!(bsn("111222333").test_value);
    }
}
