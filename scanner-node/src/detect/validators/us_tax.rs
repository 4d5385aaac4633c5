//! Tax numbers of the US that are no social security numbers: of individuals (ITIN) and employers (EIN).
//!
//! Owns which groups and prefixes are given out. **Invariant:** neither has a check digit, so a number is
//! called valid only where the form itself is rare.
//!
//! # Source
//! <https://www.irs.gov/irm/part3/irm_03-021-263r>,
//! <https://www.irs.gov/businesses/small-businesses-self-employed/how-eins-are-assigned-and-valid-ein-prefixes>.

use super::arithmetic::{digits, number};
use super::{Verdict, all_same};

/// Checks an individual taxpayer identification number.
pub(super) fn itin(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    let group_is_used = matches!(number(&digits[3..5]), 50..=65 | 70..=88 | 90..=92 | 94..=99);
    if digits[0] != 9 || !group_is_used || number(&digits[5..]) == 0 {
        return Verdict::invalid("never issued");
    }
    Verdict::valid("area and group are issued")
}

/// Checks an employer identification number.
pub(super) fn ein(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    let prefix_is_used = matches!(
        number(&digits[..2]),
        1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98 | 99
    );
    if !prefix_is_used || all_same(&digits[2..]) {
        return Verdict::invalid("no such prefix");
    }
    let is_example = matches!(number(&digits), 123_456_789 | 120_000_000..=120_000_009);
    Verdict::shaped("prefix is given out").test_value(is_example)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn individual_numbers_need_an_issued_group() {
        holds(
            itin,
            &[
                ("912-90-3456", Valid),
                ("911701234", Valid),
                ("900-50-1234", Valid),
                ("912-89-3456", Invalid),
                ("912-93-3456", Invalid),
                ("912-66-3456", Invalid),
                ("812-90-3456", Invalid),
                ("912-90-0000", Invalid),
                ("912-90-345", Invalid),
            ],
        );
    }

    #[test]
    fn employer_numbers_need_a_prefix_that_is_given_out() {
        holds(
            ein,
            &[
                ("91-1144442", StructurallyValid),
                ("04-2103594", StructurallyValid),
                ("12-3456789", StructurallyValid),
                ("07-1144442", Invalid),
                ("89-1144442", Invalid),
                ("91-1111111", Invalid),
                ("91-114444", Invalid),
            ],
        );
        assert!(ein("12-3456789").test_value);
    }
}
