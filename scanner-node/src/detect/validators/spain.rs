//! Spanish numbers: DNI and NIE (check letter modulo 23), social security (modulo 97).
//!
//! Owns their arithmetic. **Invariant:** valid means that letter or check digits hold.
//!
//! # Source
//! <https://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/calculo-del-digito-de-control-del-nif-nie/>,
//! <https://es.wikipedia.org/wiki/N%C3%BAmero_de_la_Seguridad_Social_(Espa%C3%B1a)>.

use super::arithmetic::{digits, letters, number};
use super::{Verdict, all_same};

const CHECK_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
/// Numbers of specimens and manuals.
const EXAMPLES: &[u64] = &[12_345_678, 99_999_999, 1_234_567];

/// Checks an identity number of a citizen (DNI) or foreigner (NIE).
pub(super) fn identity(value: &str) -> Verdict {
    let Some([first, rest @ .., check]) = letters::<9>(value) else {
        return Verdict::invalid("not nine letters and digits");
    };
    // X, Y and Z of foreigners count as 0, 1 and 2.
    let first = match first {
        b'X'..=b'Z' => first - b'X' + b'0',
        digit => digit,
    };
    if !first.is_ascii_digit() || !rest.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("a letter where digits belong");
    }
    let number = number(&[first - b'0']) * 10_000_000 + number(&rest.map(|byte| byte - b'0'));
    let place = usize::try_from(number % 23).unwrap_or(0);
    if number == 0 || CHECK_LETTERS.get(place) != Some(&check) {
        return Verdict::invalid("check letter does not hold");
    }
    Verdict::valid("check letter holds").test_value(EXAMPLES.contains(&number))
}

/// Checks a social security number.
pub(super) fn social_security(value: &str) -> Verdict {
    let Some(digits) = digits::<12>(value) else {
        return Verdict::invalid("not twelve digits");
    };
    let (province, serial, check) = (
        number(&digits[..2]),
        number(&digits[2..10]),
        number(&digits[10..]),
    );
    // Serials below ten million are counted with seven digits.
    let whole = if serial < 10_000_000 {
        province * 10_000_000 + serial
    } else {
        province * 100_000_000 + serial
    };
    if province == 0 || all_same(&digits) || whole % 97 != check {
        return Verdict::invalid("check digits do not hold");
    }
    Verdict::valid("check digits hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn identity_numbers_need_their_check_letter() {
        for (number, expected) in [
            ("54362315K", Valid),
            ("54362315-k", Valid),
            ("12345678Z", Valid),
            ("X2482300W", Valid),
            ("x-2482300-w", Valid),
            ("54362315Z", Invalid),
            ("X2482300A", Invalid),
            ("5436231K", Invalid),
            ("00000000T", Invalid),
        ] {
            assert_eq!(identity(number).check, expected, "{number}");
        }
        assert!(identity("12345678Z").test_value);
    }

    #[test]
    fn social_security_numbers_need_their_check_digits() {
        for (number, expected) in [
            ("28/12345678/40", Valid),
            ("281234567840", Valid),
            ("08/01234567/41", Invalid),
            ("281234567841", Invalid),
            ("28123456784", Invalid),
        ] {
            assert_eq!(social_security(number).check, expected, "{number}");
        }
    }
}
