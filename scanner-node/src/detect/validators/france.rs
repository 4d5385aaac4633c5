//! French numbers: social security (NIR, key 97 minus the number modulo 97) and tax (SPI, remainder
//! modulo 511).
//!
//! Owns their arithmetic. **Invariant:** valid means that key or remainder holds.
//!
//! # Source
//! <https://www.insee.fr/fr/metadonnees/definition/c1409>,
//! <https://ec.europa.eu/taxation_customs/tin/pdf/en/TIN_-_subject_sheet_-_2_structure_and_specificities_en.pdf>.

use super::Verdict;
use super::arithmetic::{digits, letters, number};

/// Checks a social security number with its key.
pub(super) fn nir(value: &str) -> Verdict {
    let Some(mut characters) = letters::<15>(value) else {
        return Verdict::invalid("not fifteen letters and digits");
    };
    // Corsica's two departments count as 19 and 18.
    match characters[5..7] {
        [b'2', b'A'] => (characters[5], characters[6]) = (b'1', b'9'),
        [b'2', b'B'] => (characters[5], characters[6]) = (b'1', b'8'),
        _ => {}
    }
    if !characters.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("a letter that is no department");
    }
    let digits = characters.map(|byte| byte - b'0');
    let month_is_known = matches!(number(&digits[3..5]), 1..=12 | 20..=42 | 50..=99);
    if !matches!(digits[0], 1..=4 | 7 | 8) || !month_is_known {
        return Verdict::invalid("no such sex or month of birth");
    }
    if 97 - number(&digits[..13]) % 97 != number(&digits[13..]) {
        return Verdict::invalid("key does not hold");
    }
    Verdict::valid("month of birth and key hold")
}

/// Checks a tax number.
pub(super) fn tax_number(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    if digits[0] > 3 {
        return Verdict::invalid("begins with 0 to 3");
    }
    if number(&digits[..10]) % 511 != number(&digits[10..]) {
        return Verdict::invalid("remainder does not hold");
    }
    Verdict::valid("remainder holds")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn social_security_numbers_need_a_month_and_their_key() {
        for (number, expected) in [
            ("2 95 10 99 126 111 93", Valid),
            ("253072B07300470", Valid),
            ("253072A07300443", Valid),
            ("295109912611199", Invalid),
            ("6 95 10 99 126 111 93", Invalid),
            ("295139912611193", Invalid),
            ("253072C07300443", Invalid),
            ("29510991261119", Invalid),
        ] {
            assert_eq!(nir(number).check, expected, "{number}");
        }
    }

    #[test]
    fn tax_numbers_need_their_remainder() {
        for (number, expected) in [
            ("30 23 217 600 053", Valid),
            ("0701987765493", Valid),
            ("3023217600053", Valid),
            ("3023217600054", Invalid),
            ("4023217600053", Invalid),
            ("302321760005", Invalid),
        ] {
            assert_eq!(tax_number(number).check, expected, "{number}");
        }
    }
}
