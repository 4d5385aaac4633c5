//! Portuguese tax numbers (weights 9 to 2 modulo 11) and citizen cards (Luhn over letters and digits).
//!
//! Owns their arithmetic. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! <https://pt.wikipedia.org/wiki/N%C3%BAmero_de_identifica%C3%A7%C3%A3o_fiscal>,
//! <https://www.autenticacao.gov.pt/documents/20126/115760/Valida%C3%A7%C3%A3o+de+N%C3%BAmero+de+Documento+do+Cart%C3%A3o+de+Cidad%C3%A3o.pdf>.

use super::arithmetic::{digits, letters, weighted};
use super::{Verdict, all_same};

/// Checks a tax number.
pub(super) fn tax_number(value: &str) -> Verdict {
    let Some(digits) = digits::<9>(value) else {
        return Verdict::invalid("not nine digits");
    };
    let sum = weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
    let check = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    if digits[0] == 0 || all_same(&digits) || check != u32::from(digits[8]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks the document number of a citizen card.
pub(super) fn citizen_card(value: &str) -> Verdict {
    let Some(characters) = letters::<12>(value) else {
        return Verdict::invalid("not twelve letters and digits");
    };
    let [number @ .., _, _, check] = characters;
    if !number.iter().all(u8::is_ascii_digit) || !check.is_ascii_digit() {
        return Verdict::invalid("letters and digits are not where they belong");
    }
    let sum: u32 = characters
        .iter()
        .enumerate()
        .map(|(place, &byte)| {
            let value = match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                _ => u32::from(byte - b'A') + 10,
            };
            match (place % 2, value * 2) {
                (1, _) => value,
                (_, doubled @ 10..) => doubled - 9,
                (_, doubled) => doubled,
            }
        })
        .sum();
    if !sum.is_multiple_of(10) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn tax_numbers_need_their_check_digit() {
        for (number, expected) in [
            ("501 964 843", Valid),
            ("501964843", Valid),
            ("123456789", Valid),
            ("501964842", Invalid),
            ("001964843", Invalid),
            ("50196484", Invalid),
        ] {
            assert_eq!(tax_number(number).check, expected, "{number}");
        }
    }

    #[test]
    fn citizen_cards_need_their_check_digit() {
        for (number, expected) in [
            ("00000000 0 ZZ4", Valid),
            ("000000000ZZ4", Valid),
            ("000000000ZZ3", Invalid),
            ("00000000AZZ4", Invalid),
            ("000000000ZZ", Invalid),
        ] {
            assert_eq!(citizen_card(number).check, expected, "{number}");
        }
    }
}
