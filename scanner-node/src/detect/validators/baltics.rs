//! Estonian, Lithuanian and Latvian personal codes: dates and check digits modulo 11.
//!
//! Owns their arithmetic; Estonia and Lithuania share one scheme, in which a sum of ten is taken again
//! with other weights. **Invariant:** valid means that date and check digit hold.
//!
//! # Source
//! <https://et.wikipedia.org/wiki/Isikukood>, <https://lt.wikipedia.org/wiki/Asmens_kodas>,
//! <https://lv.wikipedia.org/wiki/Personas_kods>.

use super::Verdict;
use super::arithmetic::{digits, is_date, number, weighted};

/// Checks a personal code of Estonia.
pub(super) fn estonia(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let century = match digits[0] {
        sign @ 1..=8 => 1800 + u64::from((sign - 1) / 2) * 100,
        _ => return Verdict::invalid("no such sex and century"),
    };
    dated_code(&digits, century)
}

/// Checks a personal code of Lithuania.
pub(super) fn lithuania(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    let century = match digits[0] {
        sign @ 1..=6 => 1800 + u64::from((sign - 1) / 2) * 100,
        9 if check_digit(&digits) == u32::from(digits[10]) => {
            return Verdict::shaped("check digit holds, without a date of birth");
        }
        _ => return Verdict::invalid("no such sex and century"),
    };
    dated_code(&digits, century)
}

fn dated_code(digits: &[u8; 11], century: u64) -> Verdict {
    let (year, month, day) = (
        century + number(&digits[1..3]),
        number(&digits[3..5]),
        number(&digits[5..7]),
    );
    if !is_date(year, month, day) {
        return Verdict::invalid("no such date of birth");
    }
    if check_digit(digits) != u32::from(digits[10]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth and check digit hold")
}

fn check_digit(digits: &[u8; 11]) -> u32 {
    let first = weighted(&digits[..10], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(&digits[..10], &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    (if first < 10 { first } else { second }) % 10
}

/// Checks a personal code of Latvia. Codes given out since 2017 begin with 32 to 39 and hold no date.
pub(super) fn latvia(value: &str) -> Verdict {
    let Some(digits) = digits::<11>(value) else {
        return Verdict::invalid("not eleven digits");
    };
    if digits[0] == 3 && digits[1] > 1 {
        return Verdict::shaped("of the form without a date");
    }
    let century = match digits[6] {
        sign @ 0..=2 => 1800 + u64::from(sign) * 100,
        _ => return Verdict::invalid("no such century"),
    };
    let (day, month, year) = (
        number(&digits[..2]),
        number(&digits[2..4]),
        century + number(&digits[4..6]),
    );
    if !is_date(year, month, day) {
        return Verdict::invalid("no such date of birth");
    }
    let sum = 1 + weighted(&digits[..10], &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    if sum % 11 % 10 != u32::from(digits[10]) {
        return Verdict::invalid("check digit does not hold");
    }
    Verdict::valid("date of birth and check digit hold")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid, Valid};

    use super::super::holds;
    use super::*;

    #[test]
    fn estonian_codes_need_a_date_and_their_check_digit() {
        holds(
            estonia,
            &[
                ("36805280109", Valid),
                ("37605030299", Valid),
                ("49403136515", Valid),
                ("36805280108", Invalid),
                ("36813280109", Invalid),
                ("96805280109", Invalid),
                ("3680528010", Invalid),
            ],
        );
    }

    #[test]
    fn lithuanian_codes_need_a_date_and_their_check_digit() {
        holds(
            lithuania,
            &[
                ("33309240064", Valid),
                ("38703181745", Valid),
                ("33309240065", Invalid),
                ("33309310064", Invalid),
                ("73309240064", Invalid),
                ("3330924006", Invalid),
            ],
        );
    }

    #[test]
    fn latvian_codes_need_a_date_or_the_newer_form() {
        holds(
            latvia,
            &[
                ("161175-19997", Valid),
                ("16117519997", Valid),
                ("327673-00679", StructurallyValid),
                ("161175-19998", Invalid),
                ("161375-19997", Invalid),
                ("161175-39997", Invalid),
                ("161175-1999", Invalid),
            ],
        );
    }
}
