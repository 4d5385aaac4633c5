//! British numbers: National Insurance (prefixes), NHS (weights 10 to 2 modulo 11), taxpayer reference
//! (weights 6 7 8 9 10 5 4 3 2 modulo 11) and driving licence (name, date of birth).
//!
//! Owns their rules. **Invariant:** of the two without a check digit none is called valid.
//!
//! # Source
//! <https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110>,
//! <https://www.datadictionary.nhs.uk/attributes/nhs_number.html>,
//! <https://www.gov.uk/hmrc-internal-manuals/vat-registration-manual>,
//! <https://en.wikipedia.org/wiki/Driving_licence_in_the_United_Kingdom#Driver_numbers>.

use super::arithmetic::{digits, is_date_of_some_century, letters, number, weighted};
use super::{Verdict, all_same};

/// Prefixes that are kept free.
const NO_PREFIX: &[&[u8; 2]] = &[b"BG", b"GB", b"NK", b"KN", b"NT", b"TN", b"ZZ"];

/// Checks prefix and suffix of a National Insurance number.
pub(super) fn national_insurance(value: &str) -> Verdict {
    let Some(characters) = letters::<9>(value) else {
        return Verdict::invalid("not nine letters and digits");
    };
    let [first, second, serial @ .., suffix] = characters;
    let is_letter = |byte: u8, never: &[u8]| byte.is_ascii_alphabetic() && !never.contains(&byte);
    let prefix_is_used = is_letter(first, b"DFIQUV")
        && is_letter(second, b"DFIOQUV")
        && !NO_PREFIX.contains(&&[first, second]);
    if !prefix_is_used || !matches!(suffix, b'A'..=b'D') {
        return Verdict::invalid("prefix or suffix is not given out");
    }
    if !serial.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("six digits stand between prefix and suffix");
    }
    Verdict::shaped("prefix and suffix are given out").test_value(serial == *b"123456")
}

/// Checks an NHS number.
pub(super) fn nhs(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let sum = weighted(&digits[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
    if all_same(&digits) || !(sum + u32::from(digits[9])).is_multiple_of(11) {
        return Verdict::invalid("check digit does not hold");
    }
    // Numbers from 999 on are never given to patients.
    let is_test = number(&digits[..3]) == 999 || number(&digits) == 9_434_765_919;
    Verdict::valid("check digit holds").test_value(is_test)
}

/// Checks a unique taxpayer reference.
pub(super) fn taxpayer_reference(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let sum = weighted(&digits[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]);
    let check = match sum % 11 {
        0 => 2,
        1 => 1,
        remainder => 11 - remainder,
    };
    if all_same(&digits) || u32::from(digits[0]) != check {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks name, date of birth and initials of a driver number.
pub(super) fn driving_licence(value: &str) -> Verdict {
    let Some(characters) = letters::<16>(value) else {
        return Verdict::invalid("not sixteen letters and digits");
    };
    let surname = &characters[..5];
    let name_ends = surname
        .iter()
        .position(|&byte| byte == b'9')
        .unwrap_or(surname.len());
    let name_fits = name_ends > 0
        && surname.iter().enumerate().all(|(place, byte)| {
            if place < name_ends {
                byte.is_ascii_alphabetic()
            } else {
                *byte == b'9'
            }
        });
    let middle = &characters[5..11];
    if !name_fits || !middle.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("name and date are not where they belong");
    }
    let date: Vec<u64> = middle.iter().map(|byte| u64::from(byte - b'0')).collect();
    let [decade, month_tens, month, day_tens, day, year] = date[..] else {
        return Verdict::invalid("no date of birth");
    };
    // Five is added to the month's first digit for women.
    let month = month_tens % 5 * 10 + month;
    if !is_date_of_some_century(decade * 10 + year, month, day_tens * 10 + day) {
        return Verdict::invalid("no such date of birth");
    }
    let initials_fit = characters[11..13]
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || *byte == b'9');
    let [_, .., first_check, second_check] = characters;
    if !initials_fit || !first_check.is_ascii_alphabetic() || !second_check.is_ascii_alphabetic() {
        return Verdict::invalid("initials or last letters do not fit");
    }
    Verdict::shaped("name, date of birth and initials fit")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::*;

    #[test]
    fn national_insurance_numbers_need_a_prefix_that_is_given_out() {
        for (number, expected) in [
            ("AB 12 34 56 C", StructurallyValid),
            ("HH012345D", StructurallyValid),
            ("ce654321a", StructurallyValid),
            ("QQ123456C", Invalid),
            ("AO123456C", Invalid),
            ("GB123456C", Invalid),
            ("AB123456E", Invalid),
            ("AB12345C", Invalid),
        ] {
            assert_eq!(national_insurance(number).check, expected, "{number}");
        }
        assert!(national_insurance("AB123456C").test_value);
    }

    #[test]
    fn nhs_numbers_need_their_check_digit() {
        for (number, expected) in [
            ("943 476 5919", Valid),
            ("9434765870", Valid),
            ("401 023 2137", Valid),
            ("943 476 5918", Invalid),
            ("987 654 4320", Invalid),
            ("0000000000", Invalid),
            ("943476591", Invalid),
        ] {
            assert_eq!(nhs(number).check, expected, "{number}");
        }
        assert!(nhs("9434765919").test_value);
    }

    #[test]
    fn taxpayer_references_need_their_check_digit() {
        for (number, expected) in [
            ("1955839661", Valid),
            ("29558 39661", Invalid),
            ("2155839668", Valid),
            ("1123456789", Valid),
            ("1955839662", Invalid),
            ("195583966", Invalid),
        ] {
            assert_eq!(taxpayer_reference(number).check, expected, "{number}");
        }
    }

    #[test]
    fn driver_numbers_need_a_name_and_a_date() {
        for (number, expected) in [
            ("MORGA657054SM9IJ", StructurallyValid),
            ("MORGA 607054 SM9IJ", StructurallyValid),
            ("FOX99 703208 J99AB", StructurallyValid),
            ("MORGA663054SM9IJ", Invalid),
            ("M9RGA657054SM9IJ", Invalid),
            ("99999657054SM9IJ", Invalid),
            ("MORGA657054SM9I", Invalid),
        ] {
            assert_eq!(driving_licence(number).check, expected, "{number}");
        }
    }
}
