//! Brazilian taxpayer numbers: CPF of people and CNPJ of companies, two check digits modulo 11 each.
//!
//! Owns their arithmetic, that of company numbers with letters too, which are given out from 2026 on.
//! **Invariant:** valid means that both check digits hold.
//!
//! # Source
//! <https://www.gov.br/receitafederal/pt-br/assuntos/meu-cpf>,
//! <https://www.gov.br/receitafederal/pt-br/acesso-a-informacao/acoes-e-programas/programas-e-atividades/cnpj-alfanumerico>.

use super::arithmetic::{digits, letters, weighted};
use super::{Verdict, all_same};

/// Checks the number of a person.
pub(super) fn cpf(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let first = check_digit(weighted(&digits[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]));
    let second = check_digit(weighted(&digits[..10], &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]));
    if all_same(&digits) || [first, second] != digits[9..] {
        return Verdict::invalid("check digits do not hold");
    }
    let is_example = digits[..9] == [1, 2, 3, 4, 5, 6, 7, 8, 9];
    Verdict::valid("both check digits hold").test_value(is_example)
}

/// Checks the number of a company.
pub(super) fn cnpj(value: &str) -> Verdict {
    let Some(characters) = letters::<14>(value) else {
        return Verdict::invalid("not fourteen letters and digits");
    };
    // A letter counts for its place in ASCII after the digit zero.
    let values = characters.map(|byte| byte - b'0');
    if values[12] > 9 || values[13] > 9 {
        return Verdict::invalid("check digits are digits");
    }
    let first = check_digit(weighted(
        &values[..12],
        &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2],
    ));
    let second = check_digit(weighted(
        &values[..13],
        &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2],
    ));
    if all_same(&values) || [first, second] != values[12..] {
        return Verdict::invalid("check digits do not hold");
    }
    Verdict::valid("both check digits hold")
}

fn check_digit(sum: u32) -> u8 {
    match sum % 11 {
        0 | 1 => 0,
        remainder => u8::try_from(11 - remainder).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn both_check_digits_of_people_have_to_hold() {
        for (number, expected) in [
            ("390.533.447-05", Valid),
            ("39053344705", Valid),
            ("123.456.789-09", Valid),
            ("390.533.447-06", Invalid),
            ("231.002.999-00", Invalid),
            ("111.111.111-11", Invalid),
            ("390.533.447-0", Invalid),
        ] {
            assert_eq!(cpf(number).check, expected, "{number}");
        }
        assert!(cpf("123.456.789-09").test_value);
    }

    #[test]
    fn both_check_digits_of_companies_have_to_hold() {
        for (number, expected) in [
            ("16.727.230/0001-97", Valid),
            ("16727230000197", Valid),
            ("12.ABC.345/01DE-35", Valid),
            ("16.727.230.0001-98", Invalid),
            ("12.ABC.345/01DE-36", Invalid),
            ("12.ABC.345/01DE-AB", Invalid),
            ("00000000000000", Invalid),
            ("16.727.230/0001-9", Invalid),
        ] {
            assert_eq!(cnpj(number).check, expected, "{number}");
        }
    }
}
