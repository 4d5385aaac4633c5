//! Identity numbers of Thailand, Singapore, Malaysia and Indonesia.
//!
//! Owns their arithmetic: modulo 11, Singapore's letters; dates and places where there is no check.
//! **Invariant:** numbers of Malaysia and Indonesia, which have no check digit, are never called valid.
//!
//! # Source
//! <https://en.wikipedia.org/wiki/Thai_identity_card>,
//! <https://en.wikipedia.org/wiki/National_Registration_Identity_Card>,
//! <https://www.jpn.gov.my/en/kod-negeri-eng>,
//! <https://id.wikipedia.org/wiki/Nomor_Induk_Kependudukan>.

use super::arithmetic::{digits, is_date_of_some_century, letters, number, weighted};
use super::{Verdict, all_same};

/// Checks an identity number of Thailand.
pub(super) fn thailand(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    let sum = weighted(&digits[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let holds = (11 - sum % 11) % 10 == u32::from(digits[12]);
    if matches!(digits[0], 0 | 9) || all_same(&digits) || !holds {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks a registration number of Singapore (NRIC, FIN).
pub(super) fn singapore(value: &str) -> Verdict {
    let Some([series, rest @ .., check]) = letters::<9>(value) else {
        return Verdict::invalid("not nine letters and digits");
    };
    if !rest.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("seven digits stand in the middle");
    }
    let (add, check_letters) = match series {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return Verdict::invalid("no such series"),
    };
    let digits = rest.map(|byte| byte - b'0');
    let sum = add + weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]);
    let place = usize::try_from(sum % 11).unwrap_or(0);
    if check_letters.get(place) != Some(&check) {
        return Verdict::invalid("check letter does not hold");
    }
    Verdict::valid("series and check letter hold").test_value(number(&digits) == 1_234_567)
}

/// Checks an identity card number of Malaysia.
pub(super) fn malaysia(value: &str) -> Verdict {
    let Some(digits) = digits::<12>(value) else {
        return Verdict::invalid("not twelve digits");
    };
    let (year, month, day) = (
        number(&digits[..2]),
        number(&digits[2..4]),
        number(&digits[4..6]),
    );
    let place_is_known = matches!(
        number(&digits[6..8]),
        1..=16 | 21..=68 | 71 | 72 | 74..=79 | 82..=93 | 98 | 99
    );
    if !place_is_known || !is_date_of_some_century(year, month, day) {
        return Verdict::invalid("no such date or place of birth");
    }
    Verdict::shaped("date and place of birth hold")
}

/// Checks a population number of Indonesia (NIK).
pub(super) fn indonesia(value: &str) -> Verdict {
    let Some(digits) = digits::<16>(value) else {
        return Verdict::invalid("not sixteen digits");
    };
    let province_is_known = matches!(
        number(&digits[..2]),
        11..=21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81 | 82 | 91..=97
    );
    let district_is_known = number(&digits[2..4]) > 0 && number(&digits[4..6]) > 0;
    // Forty is added to the day for women.
    let day = match number(&digits[6..8]) {
        day @ 41.. => day - 40,
        day => day,
    };
    let is_born = is_date_of_some_century(number(&digits[10..12]), number(&digits[8..10]), day);
    if !province_is_known || !district_is_known || !is_born || number(&digits[12..]) == 0 {
        return Verdict::invalid("no such district or date of birth");
    }
    Verdict::shaped("district and date of birth hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn thai_numbers_need_their_check_digit() {
        holds(
            thailand,
            &[
                ("3-6678-00084-22-1", Valid),
                ("7-1006-00445-63-8", Valid),
                ("1-2345-67890-12-1", Valid),
                ("7100600445634", Invalid),
                ("0100600445638", Invalid),
                ("710060044563", Invalid),
            ],
        );
    }

    #[test]
    fn singaporean_numbers_need_their_check_letter() {
        holds(
            singapore,
            &[
                ("S1234567D", Valid),
                ("T1234567J", Valid),
                ("F1234567N", Valid),
                ("G1234567X", Valid),
                ("M1234567K", Valid),
                ("S1234567A", Invalid),
                ("A1234567D", Invalid),
                ("S123456D", Invalid),
            ],
        );
        assert!(singapore("S1234567D").test_value);
    }

    #[test]
    fn malaysian_numbers_need_date_and_place() {
        holds(
            malaysia,
            &[
                ("770305-02-1234", StructurallyValid),
                ("890131-06-1224", StructurallyValid),
                ("771305-02-1234", Invalid),
                ("770305-17-1234", Invalid),
                ("770305-02-123", Invalid),
            ],
        );
    }

    #[test]
    fn indonesian_numbers_need_district_and_date() {
        holds(
            indonesia,
            &[
                ("3171011708450001", StructurallyValid),
                ("3171015708450001", StructurallyValid),
                ("3171011713450001", Invalid),
                ("9971011708450001", Invalid),
                ("3171011708450000", Invalid),
                ("317101170845000", Invalid),
            ],
        );
    }
}
