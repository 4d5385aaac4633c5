//! Indian numbers: Aadhaar (Verhoeff digit) and permanent account numbers (kind of holder).
//!
//! Owns their rules. **Invariant:** a permanent account number, which has no public check, is never
//! called valid.
//!
//! # Source
//! <https://uidai.gov.in/>, <https://en.wikipedia.org/wiki/Aadhaar>,
//! <https://en.wikipedia.org/wiki/Permanent_account_number>.

use super::arithmetic::{digits, letters, verhoeff};
use super::{Verdict, all_same};

/// Checks an Aadhaar number.
pub(super) fn aadhaar(value: &str) -> Verdict {
    let Some(digits) = digits::<12>(value) else {
        return Verdict::invalid("not twelve digits");
    };
    let is_palindrome = digits.iter().eq(digits.iter().rev());
    if digits[0] < 2 || is_palindrome {
        return Verdict::invalid("never given out");
    }
    if !verhoeff(&digits) {
        return Verdict::invalid("Verhoeff digit does not hold");
    }
    Verdict::valid("Verhoeff digit holds")
}

/// Checks a permanent account number.
pub(super) fn pan(value: &str) -> Verdict {
    let Some(characters) = letters::<10>(value) else {
        return Verdict::invalid("not ten letters and digits");
    };
    let [l1, l2, l3, kind, l5, d1, d2, d3, d4, check] = characters;
    let letters_fit = [l1, l2, l3, kind, l5, check]
        .iter()
        .all(u8::is_ascii_alphabetic);
    let serial = [d1, d2, d3, d4];
    if !letters_fit || !serial.iter().all(u8::is_ascii_digit) || serial == *b"0000" {
        return Verdict::invalid("letters and digits are not where they belong");
    }
    if !b"ABCFGHJKLPT".contains(&kind) {
        return Verdict::invalid("no such kind of holder");
    }
    let is_example = all_same(&[l1, l2, l3]) || serial == *b"1234";
    Verdict::shaped("kind of holder is known").test_value(is_example)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::*;

    #[test]
    fn aadhaar_numbers_need_their_verhoeff_digit() {
        for (number, expected) in [
            ("2341 2341 2346", Valid),
            ("234123412346", Valid),
            ("4991 1866 5246", Valid),
            ("2341 2341 2347", Invalid),
            ("1234 1234 1234", Invalid),
            ("2222 2222 2222", Invalid),
            ("2341 2341 234", Invalid),
        ] {
            assert_eq!(aadhaar(number).check, expected, "{number}");
        }
    }

    #[test]
    fn account_numbers_need_a_kind_of_holder() {
        for (number, expected) in [
            ("ACUPA7085R", StructurallyValid),
            ("AAPPV8261K", StructurallyValid),
            ("ABCPE1234F", StructurallyValid),
            ("ABMXA3211G", Invalid),
            ("ACUPA0000R", Invalid),
            ("ACUP17085R", Invalid),
            ("ACUPA7085", Invalid),
        ] {
            assert_eq!(pan(number).check, expected, "{number}");
        }
        assert!(pan("ABCPE1234F").test_value);
    }
}
