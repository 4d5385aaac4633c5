//! Identity and tax numbers of Argentina, Chile, Colombia and Ecuador: check digits modulo 11, in
//! Ecuador Luhn.
//!
//! Owns their arithmetic. **Invariant:** valid means that the check digit holds.
//!
//! # Source
//! <https://es.wikipedia.org/wiki/Clave_%C3%9Anica_de_Identificaci%C3%B3n_Tributaria>,
//! <https://es.wikipedia.org/wiki/Rol_%C3%9Anico_Tributario>,
//! <https://es.wikipedia.org/wiki/N%C3%BAmero_de_Identificaci%C3%B3n_Tributaria>,
//! <https://es.wikipedia.org/wiki/C%C3%A9dula_de_Identidad_(Ecuador)>.

use super::arithmetic::{digits, luhn, number, weighted};
use super::{Verdict, all_same};

/// Checks a tax or labour number of Argentina (CUIT, CUIL).
pub(super) fn argentina_cuit(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let kind = number(&digits[..2]);
    if !matches!(kind, 20 | 23..=27 | 30 | 33 | 34 | 50 | 51 | 55) {
        return Verdict::invalid("no such kind of person");
    }
    let sum = weighted(&digits[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    let check = match 11 - sum % 11 {
        11 => 0,
        10 => 9,
        check => check,
    };
    if check != u32::from(digits[10]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("kind and check digit hold")
}

/// Checks an identity number of Chile (RUN, RUT).
pub(super) fn chile_rut(value: &str) -> Verdict {
    let compact: Vec<u8> = value
        .bytes()
        .filter(|byte| !matches!(byte, b'.' | b'-' | b' '))
        .collect();
    let Some((check, body)) = compact.split_last() else {
        return Verdict::invalid("empty");
    };
    if !(7..=8).contains(&body.len()) || !body.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("not seven or eight digits and a check character");
    }
    let digits: Vec<u8> = body.iter().rev().map(|byte| byte - b'0').collect();
    let sum = weighted(&digits, &[2, 3, 4, 5, 6, 7, 2, 3]);
    let expected = b"0K987654321".get(usize::try_from(sum % 11).unwrap_or(0));
    if all_same(&digits) || expected != Some(&check.to_ascii_uppercase()) {
        return Verdict::invalid("check character does not hold");
    }
    Verdict::valid("check character holds")
}

/// Checks a tax number of Colombia (NIT).
pub(super) fn colombia_nit(value: &str) -> Verdict {
    let Some(mut digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let check = digits[9];
    digits[..9].reverse();
    let sum = weighted(&digits[..9], &[3, 7, 13, 17, 19, 23, 29, 37, 41]);
    let expected = match sum % 11 {
        remainder @ 0..=1 => remainder,
        remainder => 11 - remainder,
    };
    if all_same(&digits) || expected != u32::from(check) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("check digit holds")
}

/// Checks an identity number of Ecuador.
pub(super) fn ecuador_cedula(value: &str) -> Verdict {
    let Some(digits) = digits::<10>(value) else {
        return Verdict::invalid("not ten digits");
    };
    let province_is_known = matches!(number(&digits[..2]), 1..=24 | 30 | 50);
    if !province_is_known || digits[2] > 6 {
        return Verdict::invalid("no such province or kind");
    }
    if !luhn(&digits) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("province and check digit hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn argentine_numbers_need_kind_and_check_digit() {
        holds(
            argentina_cuit,
            &[
                ("20-05536168-2", Valid),
                ("20267565393", Valid),
                ("30-50001091-2", Valid),
                ("20267565392", Invalid),
                ("41267565393", Invalid),
                ("2026756539", Invalid),
            ],
        );
    }

    #[test]
    fn chilean_numbers_need_their_check_character() {
        holds(
            chile_rut,
            &[
                ("12.531.909-2", Valid),
                ("12531909-2", Valid),
                ("76086428-5", Valid),
                ("12.531.909-3", Invalid),
                ("11.111.111-1", Invalid),
                ("531.909-2", Invalid),
            ],
        );
    }

    #[test]
    fn colombian_numbers_need_their_check_digit() {
        holds(
            colombia_nit,
            &[
                ("213.123.432-1", Valid),
                ("2131234321", Valid),
                ("860.002.964-4", Valid),
                ("2131234325", Invalid),
                ("213123432", Invalid),
            ],
        );
    }

    #[test]
    fn ecuadorian_numbers_need_province_and_check_digit() {
        holds(
            ecuador_cedula,
            &[
                ("171430710-3", Valid),
                ("1714307103", Valid),
                ("1714616123", Valid),
                ("1714307104", Invalid),
                ("2714307103", Invalid),
                ("171430710", Invalid),
            ],
        );
    }
}
