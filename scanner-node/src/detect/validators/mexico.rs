//! Mexican population codes (CURP) and interbank account numbers (CLABE).
//!
//! Owns their arithmetic: weights 18 to 2 over an alphabet with Ñ, and weights 3, 7, 1.
//! **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! <https://www.gob.mx/curp/>, <https://es.wikipedia.org/wiki/Clave_%C3%9Anica_de_Registro_de_Poblaci%C3%B3n>,
//! <https://es.wikipedia.org/wiki/CLABE>.

use super::arithmetic::{digits, is_date, letters, number, weighted};
use super::{Verdict, all_same};

/// Codes of the states, and of birth abroad, two letters each.
const STATES: &[u8] = b"ASBCBSCCCLCMCSCHDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE";

/// Checks a population code.
pub(super) fn curp(value: &str) -> Verdict {
    let Some(code) = letters::<18>(value) else {
        return Verdict::invalid("not eighteen letters and digits");
    };
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    let state_is_known = STATES.chunks(2).any(|state| state == &code[11..13]);
    let kinds_fit = code[..4].iter().all(is_letter)
        && code[4..10].iter().all(u8::is_ascii_digit)
        && matches!(code[10], b'H' | b'M' | b'X')
        && code[13..16].iter().all(is_letter)
        && code[17].is_ascii_digit();
    if !kinds_fit || !state_is_known {
        return Verdict::invalid("letters, digits or state are not what they should be");
    }
    let date: Vec<u8> = code[4..10].iter().map(|byte| byte - b'0').collect();
    let date = number(&date);
    // The seventeenth character is a digit for those born before 2000, a letter after.
    let century = if code[16].is_ascii_digit() {
        1900
    } else {
        2000
    };
    if !is_date(century + date / 10_000, date / 100 % 100, date % 100) {
        return Verdict::invalid("no such date of birth");
    }
    let sum: u32 = (2..=18)
        .rev()
        .zip(code)
        .map(|(weight, byte)| weight * value_of(byte))
        .sum();
    if (10 - sum % 10) % 10 != u32::from(code[17] - b'0') {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth, state and check digit hold")
}

/// Place of a character in 0 to 9, A to N, Ñ, O to Z.
fn value_of(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'N' => u32::from(byte - b'A') + 10,
        _ => u32::from(byte.saturating_sub(b'A')) + 11,
    }
}

/// Checks an interbank account number.
pub(super) fn clabe(value: &str) -> Verdict {
    let Some(digits) = digits::<18>(value) else {
        return Verdict::invalid("not eighteen digits");
    };
    let sum: u32 = digits[..17]
        .iter()
        .zip([3, 7, 1].iter().cycle())
        .map(|(digit, weight)| weighted(&[*digit], &[*weight]) % 10)
        .sum();
    if all_same(&digits) || (10 - sum % 10) % 10 != u32::from(digits[17]) {
        return Verdict::invalid("check digit does not hold");
    }
    let is_example = number(&digits) == 32_180_000_118_359_719;
    // One number in ten passes; the bank's three digits are what else can be looked at.
    match number(&digits[..3]) {
        2..=177 | 600..=730 | 846 | 901..=903 => {
            Verdict::valid("bank and check digit hold").test_value(is_example)
        }
        _ => Verdict::shaped("check digit holds, the bank is not known"),
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::*;

    #[test]
    fn population_codes_need_date_state_and_check_digit() {
        for (number, expected) in [
            ("BOXW310820HNERXN09", Valid),
            ("BADD110313HCMLNS06", Valid),
            ("boxw310820hnerxn09", Valid),
            ("BOXW310820HNERXN08", Invalid),
            ("BOXW311320HNERXN09", Invalid),
            ("BOXW310820HXXRXN09", Invalid),
            ("BOXW310820HNERXN0", Invalid),
        ] {
            assert_eq!(curp(number).check, expected, "{number}");
        }
    }

    #[test]
    fn account_numbers_need_their_check_digit() {
        for (number, expected) in [
            ("032180000118359719", Valid),
            ("002010077777777771", Valid),
            ("999180000118359710", Invalid),
            ("032180000118359718", Invalid),
            ("000000000000000000", Invalid),
            ("03218000011835971", Invalid),
        ] {
            assert_eq!(clabe(number).check, expected, "{number}");
        }
        let unknown_bank = clabe("999180000118359714").check;
        assert!([StructurallyValid, Invalid].contains(&unknown_bank));
    }
}
