//! Italian fiscal codes: name, date of birth, place, check letter modulo 26.
//!
//! Owns its arithmetic, that of codes in which letters stand for digits too (omocodia).
//! **Invariant:** valid means that date and check letter hold.
//!
//! # Source
//! <https://www.agenziaentrate.gov.it/portale/web/guest/schede/istanze/richiesta-ts_cf/informazioni-codificazione-pf>.

use super::Verdict;
use super::arithmetic::{is_date_of_some_century, letters};

/// Values of 0 to 9 and of A to Z in odd places; A to J count like the digits.
const ODD: [u32; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
/// Letters that stand for 0 to 9 where two people would have the same code.
const FOR_DIGITS: &[u8; 10] = b"LMNPQRSTUV";
/// Places that hold digits.
const DIGIT_PLACES: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];

/// Checks a fiscal code.
pub(super) fn fiscal_code(value: &str) -> Verdict {
    let Some(code) = letters::<16>(value) else {
        return Verdict::invalid("not sixteen letters and digits");
    };
    let kinds_fit = code.iter().enumerate().all(|(place, &byte)| {
        if DIGIT_PLACES.contains(&place) {
            digit(byte).is_some()
        } else {
            byte.is_ascii_alphabetic()
        }
    });
    let month = MONTHS.iter().position(|&letter| letter == code[8]);
    let (true, Some(month)) = (kinds_fit, month) else {
        return Verdict::invalid("letters and digits are not where they belong");
    };
    let pair = |tens: u8, ones: u8| digit(tens).unwrap_or(0) * 10 + digit(ones).unwrap_or(0);
    // Forty is added to the day for women.
    let day = match pair(code[9], code[10]) {
        day @ 41.. => day - 40,
        day => day,
    };
    let month = u64::try_from(month).unwrap_or(0) + 1;
    if !is_date_of_some_century(pair(code[6], code[7]), month, day) {
        return Verdict::invalid("no such date of birth");
    }
    let [body @ .., check] = code;
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(place, &byte)| {
            let value = match byte {
                b'0'..=b'9' => byte - b'0',
                _ => byte - b'A',
            };
            if place % 2 == 1 {
                u32::from(value)
            } else {
                ODD.get(usize::from(value)).copied().unwrap_or(0)
            }
        })
        .sum();
    if sum % 26 != u32::from(check - b'A') {
        return Verdict::invalid("check letter does not hold");
    }
    let is_example = code == *b"RSSMRA85T10A562S" || code == *b"RSSMRA80A01H501U";
    Verdict::valid("date of birth and check letter hold").test_value(is_example)
}

/// The digit, or the one that a letter stands for.
fn digit(byte: u8) -> Option<u64> {
    if byte.is_ascii_digit() {
        return Some(u64::from(byte - b'0'));
    }
    let place = FOR_DIGITS.iter().position(|&letter| letter == byte)?;
    u64::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_and_check_letter_have_to_hold() {
        for (number, expected) in [
            ("RSSMRA85T10A562S", Valid),
            ("rccmnl83s18d969h", Valid),
            ("RCCMNL83S18D969H", Valid),
            ("MRNLCU00A0MH501J", Invalid),
            ("RCCMNL83S18D969J", Invalid),
            ("RCCMNL83S32D969H", Invalid),
            ("RCCMNL83F18D969H", Invalid),
            ("RCCMNL83S18D969", Invalid),
        ] {
            assert_eq!(fiscal_code(number).check, expected, "{number}");
        }
        assert!(fiscal_code("RSSMRA85T10A562S").test_value);
    }
}
