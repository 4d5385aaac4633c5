//! Health numbers of the US: providers (NPI, Luhn behind 80840), prescribers (DEA, two weighted sums) and
//! Medicare beneficiaries (letters and digits in fixed places).
//!
//! Owns their rules. **Invariant:** a beneficiary's number, which has no check digit, is never called
//! valid.
//!
//! # Source
//! <https://www.cms.gov/regulations-and-guidance/administrative-simplification/nationalprovidentstand/downloads/npicheckdigit.pdf>,
//! <https://en.wikipedia.org/wiki/DEA_number>,
//! <https://www.cms.gov/medicare/new-medicare-card/understanding-the-mbi-with-format.pdf>.

use super::arithmetic::{digits, letters, luhn, number};
use super::{Verdict, all_same};

/// What a national identifier stands behind in the number of a card.
const NPI_PREFIX: [u8; 5] = [8, 0, 8, 4, 0];
/// Letters of the places of a beneficiary's number; S, L, O, I, B and Z are not used.
const MBI_LETTERS: &[u8] = b"ACDEFGHJKMNPQRTUVWXY";

/// Checks a national provider identifier.
pub(super) fn npi(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let whole: Vec<u8> = NPI_PREFIX.iter().chain(&digits).copied().collect();
    if !matches!(digits[0], 1 | 2) || all_same(&digits) || !luhn(&whole) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds").test_value(number(&digits) == 1_234_567_893)
}

/// Checks the registration number of a prescriber.
pub(super) fn dea(value: &str) -> Verdict {
    let Some([kind, initial, rest @ ..]) = letters::<9>(value) else {
        return Verdict::invalid("not nine letters and digits");
    };
    let kind_is_used = b"ABCDEFGHJKLMPRSTUX".contains(&kind);
    let initial_fits = initial.is_ascii_alphabetic() || initial == b'9';
    if !kind_is_used || !initial_fits || !rest.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("letters and digits are not where they belong");
    }
    let [d1, d2, d3, d4, d5, d6, check] = rest.map(|byte| u32::from(byte - b'0'));
    if (d1 + d3 + d5 + 2 * (d2 + d4 + d6)) % 10 != check {
        return Verdict::invalid("check digit does not hold");
    }
    let is_example = matches!(&rest, b"1234563" | b"0000000");
    Verdict::valid("kind and check digit hold").test_value(is_example)
}

/// Checks a Medicare beneficiary identifier.
pub(super) fn mbi(value: &str) -> Verdict {
    let Some(characters) = letters::<11>(value) else {
        return Verdict::invalid("not eleven letters and digits");
    };
    // C is 1 to 9, N a digit, A a letter, B either.
    let fits = characters.iter().zip(b"CABNABNAANN").all(|(byte, kind)| {
        let is_letter = MBI_LETTERS.contains(byte);
        match kind {
            b'C' => matches!(byte, b'1'..=b'9'),
            b'N' => byte.is_ascii_digit(),
            b'A' => is_letter,
            _ => is_letter || byte.is_ascii_digit(),
        }
    });
    if !fits {
        return Verdict::invalid("letters and digits are not where they belong");
    }
    let is_example = matches!(&characters, b"1EG4TE5MK72" | b"1EG4TE5MK73");
    Verdict::shaped("letters and digits are where they belong").test_value(is_example)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn providers_need_their_check_digit() {
        holds(
            npi,
            &[
                ("1234567893", Valid),
                ("1245319599", Valid),
                ("1003000126", Valid),
                ("1234567894", Invalid),
                ("3234567893", Invalid),
                ("123456789", Invalid),
            ],
        );
        assert!(npi("1234567893").test_value);
    }

    #[test]
    fn prescribers_need_their_kind_and_check_digit() {
        holds(
            dea,
            &[
                ("AB1234563", Valid),
                ("F91234563", Valid),
                ("BJ6125341", Valid),
                ("AB1234564", Invalid),
                ("ZB1234563", Invalid),
                ("A81234563", Invalid),
                ("AB123456", Invalid),
            ],
        );
        assert!(dea("AB1234563").test_value);
    }

    #[test]
    fn beneficiaries_need_letters_and_digits_in_their_places() {
        holds(
            mbi,
            &[
                ("1EG4-TE5-MK73", StructurallyValid),
                ("7AC2UT9WH04", StructurallyValid),
                ("2b34k56ty78", Invalid),
                ("1EG4-TE5-MK7", Invalid),
                ("0EG4-TE5-MK73", Invalid),
                ("1SG4-TE5-MK73", Invalid),
                ("1EGA-TE5-MK73", Invalid),
            ],
        );
        assert!(mbi("1EG4-TE5-MK73").test_value);
    }
}
