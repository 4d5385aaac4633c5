//! German numbers: tax identification (ISO 7064 MOD 11,10 and one repeated digit), pension insurance
//! (cross sums of weighted digits), identity card and passport (ICAO weights 7, 3, 1).
//!
//! Owns their arithmetic. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! <https://www.bzst.de/DE/Privatpersonen/SteuerlicheIdentifikationsnummer/steuerlicheidentifikationsnummer_node.html>,
//! <https://www.gesetze-im-internet.de/vkvv/__2.html>,
//! <https://www.icao.int/publications/pages/publication.aspx?docnum=9303>.

use super::arithmetic::{digits, is_date_of_some_century, letters, mod_11_10, number, weighted};
use super::{Verdict, all_same};

/// Serial numbers of the specimens that the ministry publishes.
const SPECIMENS: &[&[u8; 9]] = &[
    b"T22000129",
    b"L01X00T47",
    b"L01X00T44",
    b"C01X00T47",
    b"C01X0006H",
];

/// Checks a tax identification number.
pub(super) fn tax_id(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let body = &digits[..10];
    if digits[0] == 0 || !one_digit_repeats(body) {
        return Verdict::invalid("exactly one digit is repeated in such a number");
    }
    if !mod_11_10(&digits) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("digits and check digit hold")
}

/// One digit twice or three times, not three in a row, and all others at most once.
fn one_digit_repeats(body: &[u8]) -> bool {
    let mut counts = [0_u8; 10];
    for &digit in body {
        if let Some(count) = counts.get_mut(usize::from(digit)) {
            *count += 1;
        }
    }
    let mut repeated = counts.iter().filter(|&&count| count > 1);
    matches!((repeated.next(), repeated.next()), (Some(2 | 3), None))
        && !body.windows(3).any(all_same)
}

/// Checks a pension insurance number.
pub(super) fn pension(value: &str) -> Verdict {
    let Some(characters) = letters::<12>(value) else {
        return Verdict::invalid("not twelve letters and digits");
    };
    let letter = characters[8];
    let digits_fit = characters
        .iter()
        .enumerate()
        .all(|(place, byte)| (place == 8) != byte.is_ascii_digit());
    if !digits_fit {
        return Verdict::invalid("the letter is not in ninth place");
    }
    let of_letter = letter - b'A' + 1;
    let mut digits: Vec<u8> = characters[..8].iter().map(|byte| byte - b'0').collect();
    digits.extend([of_letter / 10, of_letter % 10]);
    digits.extend(characters[9..11].iter().map(|byte| byte - b'0'));
    let born = |from: usize| number(digits.get(from..from + 2).unwrap_or_default());
    if born(0) < 2 || !matches!(born(4), 1..=12) {
        return Verdict::invalid("no such area or month of birth");
    }
    let sum: u32 = digits
        .iter()
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(&digit, weight)| u32::from(digit) * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    if sum % 10 != u32::from(characters[11] - b'0') {
        return Verdict::invalid("check digit does not hold");
    }
    if !is_date_of_some_century(born(6), born(4), born(2)) {
        // The day is zero where it is not known, and raised where its serials ran out.
        return Verdict::shaped("check digit holds, without a day of birth");
    }
    Verdict::valid("date of birth and check digit hold")
}

/// Checks the serial number of an identity card or passport with its check digit.
pub(super) fn document(value: &str) -> Verdict {
    let Some(characters) = letters::<10>(value) else {
        return Verdict::invalid("not ten letters and digits");
    };
    let is_used = |byte: &u8| byte.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(byte);
    let serial = &characters[..9];
    if !serial.iter().all(is_used) || !characters[0].is_ascii_alphabetic() {
        return Verdict::invalid("a letter that serial numbers do not use");
    }
    let values: Vec<u8> = serial
        .iter()
        .map(|byte| match byte {
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => byte.saturating_sub(b'0'),
        })
        .collect();
    let sum = weighted(&values, &[7, 3, 1, 7, 3, 1, 7, 3, 1]);
    if u8::try_from(sum % 10).ok().map(|check| check + b'0') != Some(characters[9]) {
        return Verdict::invalid("check digit does not hold");
    }
    let is_specimen = SPECIMENS
        .iter()
        .any(|specimen| specimen.as_slice() == serial);
    Verdict::valid("letters and check digit hold").test_value(is_specimen)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn tax_numbers_need_a_repeated_digit_and_their_check_digit() {
        for (number, expected) in [
            ("36574261809", Valid),
            ("12 345 678 114", Valid),
            ("36574261890", Invalid),
            ("36554266806", Invalid),
            ("12345678901", Invalid),
            ("06574261809", Invalid),
            ("3657426180", Invalid),
        ] {
            assert_eq!(tax_id(number).check, expected, "{number}");
        }
    }

    #[test]
    fn pension_numbers_need_a_date_and_their_check_digit() {
        for (number, expected) in [
            ("65 170839 J 003", Valid),
            ("65170839J003", Valid),
            ("15070649C103", Valid),
            ("65170839J008", Invalid),
            ("65171339J003", Invalid),
            ("65320839J003", Invalid),
            ("651708391003", Invalid),
            ("65170839J00", Invalid),
        ] {
            assert_eq!(pension(number).check, expected, "{number}");
        }
    }

    #[test]
    fn documents_need_their_letters_and_check_digit() {
        for (number, expected) in [
            ("T220001293", Valid),
            ("L01X00T471", Valid),
            ("C01X00T478", Valid),
            ("T220001294", Invalid),
            ("A220001293", Invalid),
            ("1220001293", Invalid),
            ("T22000129", Invalid),
        ] {
            assert_eq!(document(number).check, expected, "{number}");
        }
        assert!(document("T220001293").test_value);
    }
}
