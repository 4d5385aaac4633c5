//! Identity numbers of China, Japan, South Korea, Hong Kong and Taiwan.
//!
//! Owns their arithmetic: ISO 7064 MOD 11-2, and weighted sums modulo 11 and 10.
//! **Invariant:** a Korean number is refused for its date only, since those given out from October 2020
//! on end at random.
//!
//! # Source
//! GB 11643-1999, <https://en.wikipedia.org/wiki/Resident_Identity_Card>;
//! <https://ja.wikipedia.org/wiki/個人番号>;
//! <https://en.wikipedia.org/wiki/Resident_registration_number>;
//! <https://en.wikipedia.org/wiki/Hong_Kong_identity_card>;
//! <https://en.wikipedia.org/wiki/National_identification_card_(Taiwan)>.

use super::arithmetic::{digits, is_date, letters, mod_11_2, number, weighted};
use super::{Verdict, all_same};

/// Checks a resident identity number of China.
pub(super) fn china_resident(value: &str) -> Verdict {
    let Some([body @ .., check]) = letters::<18>(value) else {
        return Verdict::invalid("not eighteen digits");
    };
    let check = match check {
        b'0'..=b'9' => u32::from(check - b'0'),
        b'X' => 10,
        _ => return Verdict::invalid("no such check character"),
    };
    if !body.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("a letter where digits belong");
    }
    let digits = body.map(|byte| byte - b'0');
    let province_is_known = matches!(
        number(&digits[..2]),
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82 | 83 | 91
    );
    let year = number(&digits[6..10]);
    let is_born = (1850..2100).contains(&year)
        && is_date(year, number(&digits[10..12]), number(&digits[12..14]));
    if !province_is_known || !is_born {
        return Verdict::invalid("no such province or date of birth");
    }
    if !mod_11_2(&digits, check) {
        return Verdict::invalid("check character does not hold");
    }
    Verdict::valid("province, date of birth and check character hold")
}

/// Checks an individual number of Japan.
pub(super) fn japan_individual(value: &str) -> Verdict {
    let Some(digits) = digits::<12>(value) else {
        return Verdict::invalid("not twelve digits");
    };
    let sum = weighted(&digits[..11], &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let check = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    if all_same(&digits) || check != u32::from(digits[11]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks a resident registration number of South Korea.
pub(super) fn korea_resident(value: &str) -> Verdict {
    let Some(digits) = digits::<13>(value) else {
        return Verdict::invalid("not thirteen digits");
    };
    let century = match digits[6] {
        1 | 2 | 5 | 6 => 1900,
        3 | 4 | 7 | 8 => 2000,
        _ => 1800,
    };
    let (year, month, day) = (
        century + number(&digits[..2]),
        number(&digits[2..4]),
        number(&digits[4..6]),
    );
    if !is_date(year, month, day) {
        return Verdict::invalid("no such date of birth");
    }
    let sum = weighted(&digits[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    if (11 - sum % 11) % 10 == u32::from(digits[12]) {
        Verdict::valid("date of birth and check digit hold")
    } else {
        Verdict::shaped("date of birth holds; numbers since October 2020 have no check digit")
    }
}

/// Checks an identity card number of Hong Kong.
pub(super) fn hong_kong(value: &str) -> Verdict {
    let compact: Vec<u8> = value
        .bytes()
        .filter(|byte| !matches!(byte, b'(' | b')' | b' '))
        .map(|byte| byte.to_ascii_uppercase())
        .collect();
    let (prefix, digits) = match compact.as_slice() {
        [letter, digits @ ..] if digits.len() == 7 => ([b' ', *letter], digits),
        [first, second, digits @ ..] if digits.len() == 7 => ([*first, *second], digits),
        _ => return Verdict::invalid("not one or two letters and seven characters"),
    };
    // A blank in front of a single letter counts 36, letters from ten, so does A as check character.
    let values: Option<Vec<u8>> = prefix
        .iter()
        .map(|&byte| match byte {
            b' ' => Some(36),
            b'A'..=b'Z' => Some(byte - b'A' + 10),
            _ => None,
        })
        .chain(digits.iter().enumerate().map(|(place, &byte)| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'A' if place == 6 => Some(10),
            _ => None,
        }))
        .collect();
    let holds = values
        .map(|values| weighted(&values, &[9, 8, 7, 6, 5, 4, 3, 2, 1]))
        .is_some_and(|sum| sum.is_multiple_of(11));
    if !holds {
        return Verdict::invalid("check character does not hold");
    }
    Verdict::valid("check character holds")
}

/// Checks an identity card or resident certificate number of Taiwan.
pub(super) fn taiwan(value: &str) -> Verdict {
    /// Letters in the order of their numbers, from 10 on.
    const LETTERS: &[u8; 26] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
    let Some([letter, rest @ ..]) = letters::<10>(value) else {
        return Verdict::invalid("not ten letters and digits");
    };
    let place = LETTERS.iter().position(|&known| known == letter);
    let (Some(place), true) = (place, rest.iter().all(u8::is_ascii_digit)) else {
        return Verdict::invalid("letters and digits are not where they belong");
    };
    let digits = rest.map(|byte| byte - b'0');
    if !matches!(digits[0], 1 | 2 | 8 | 9) {
        return Verdict::invalid("no such sex");
    }
    let region = u32::try_from(place).unwrap_or(0) + 10;
    let sum = region / 10 + region % 10 * 9 + weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    if !sum.is_multiple_of(10) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds").test_value(value == "A123456789")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn chinese_numbers_need_province_date_and_check_character() {
        holds(
            china_resident,
            &[
                ("11010519491231002X", Valid),
                ("11010519491231002x", Valid),
                ("440524188001010014", Valid),
                ("110105194912310021", Invalid),
                ("11010519491331002X", Invalid),
                ("99010519491231002X", Invalid),
                ("1101051949123100", Invalid),
            ],
        );
    }

    #[test]
    fn japanese_numbers_need_their_check_digit() {
        holds(
            japan_individual,
            &[
                ("6214 9832 0257", Valid),
                ("621498320257", Valid),
                ("1234 5678 9018", Valid),
                ("621498320258", Invalid),
                ("000000000000", Invalid),
                ("62149832025", Invalid),
            ],
        );
    }

    #[test]
    fn korean_numbers_need_a_date_and_gain_by_their_check_digit() {
        holds(
            korea_resident,
            &[
                ("971013-9019902", Valid),
                ("9710139019902", Valid),
                ("971013-9019903", StructurallyValid),
                ("971313-9019902", Invalid),
                ("970231-1019902", Invalid),
                ("971013-901990", Invalid),
            ],
        );
    }

    #[test]
    fn hong_kong_numbers_need_their_check_character() {
        holds(
            hong_kong,
            &[
                ("G123456(A)", Valid),
                ("L555555(0)", Valid),
                ("AB987654(3)", Valid),
                ("C123456(9)", Valid),
                ("G123456(1)", Invalid),
                ("G12345A(6)", Invalid),
                ("G12345(A)", Invalid),
                ("1123456(A)", Invalid),
            ],
        );
    }

    #[test]
    fn taiwanese_numbers_need_their_check_digit() {
        holds(
            taiwan,
            &[
                ("A123456789", Valid),
                ("A800000014", Valid),
                ("B142610160", Valid),
                ("A123456788", Invalid),
                ("A323456789", Invalid),
                ("1123456789", Invalid),
                ("A12345678", Invalid),
            ],
        );
        assert!(taiwan("A123456789").test_value);
    }
}
