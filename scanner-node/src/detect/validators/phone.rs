//! Telephone numbers that a network could assign.
//!
//! Owns the lengths of E.164 and the rules of the North American plan. Leaves the plans of single
//! countries out. **Invariant:** refuses only what cannot be dialled.
//!
//! # Source
//! ITU-T E.164; North American Numbering Plan, <https://www.nanpa.com/>.

use super::{Verdict, all_same, digits_of, leading};

/// Digits of a local number of North America, without its area.
const LOCAL: usize = 7;

/// Checks length and, for North America, area and exchange.
pub(super) fn check(value: &str) -> Verdict {
    let digits = digits_of(value);
    if all_same(&digits) {
        return Verdict::invalid("one digit throughout");
    }
    if begins_with_day(value) {
        return Verdict::invalid("a day of the calendar");
    }
    let international = value.trim_start().starts_with('+');
    if let ([0, 0, rest @ ..], false) = (digits.as_slice(), international) {
        return e164(rest);
    }
    if !international && value.trim_start_matches('(').starts_with('0') {
        return national_form(&digits);
    }
    let national = match digits.as_slice() {
        [1, national @ ..] if national.len() == 10 => national,
        all if all.len() == 10 && !international => all,
        all if international => return e164(all),
        all if all.len() == LOCAL && value.contains([' ', '-']) => {
            return Verdict::shaped("of the length of a local number");
        }
        all => return national_form(all),
    };
    let area = leading(national, 3);
    let exchange = leading(national.get(3..).unwrap_or_default(), 3);
    let line = leading(national.get(6..).unwrap_or_default(), 4);
    if area < 200 || area % 100 == 11 || exchange < 200 || exchange % 100 == 11 {
        return Verdict::invalid("no such area or exchange in North America");
    }
    Verdict::valid("assignable in North America")
        .test_value(exchange == 555 && (100..200).contains(&line))
}

/// A number as it is dialled within some country.
fn national_form(digits: &[u8]) -> Verdict {
    if is_day(digits) {
        return Verdict::invalid("a day of the calendar");
    }
    if !(8..=11).contains(&digits.len()) {
        return Verdict::invalid("no plan has this length");
    }
    Verdict::shaped("of a length that national plans use")
}

/// Whether eight digits name a day, as `2024-01-15` does.
fn is_day(digits: &[u8]) -> bool {
    let part = |from: usize, count| leading(digits.get(from..).unwrap_or_default(), count);
    let is = |year: u32, month: u32, day: u32| {
        (1900..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
    };
    digits.len() == 8
        && (is(part(0, 4), part(4, 2), part(6, 2))
            || is(part(4, 4), part(2, 2), part(0, 2))
            || is(part(4, 4), part(0, 2), part(2, 2)))
}

/// Whether the first three groups of several are a day, as in `21.03.2024 10`.
fn begins_with_day(value: &str) -> bool {
    let mut groups = value.split(['.', '-', '/', ' ']);
    let first: Vec<&str> = groups.by_ref().take(3).collect();
    let is_grouped = match first.as_slice() {
        [year, month, day] if (year.len(), month.len(), day.len()) == (4, 2, 2) => {
            year.starts_with(['1', '2'])
        }
        [day, month, year] => (day.len(), month.len(), year.len()) == (2, 2, 4),
        _ => false,
    };
    is_grouped && groups.next().is_some() && is_day(&digits_of(&first.concat()))
}

fn e164(digits: &[u8]) -> Verdict {
    let starts_with_zero = digits.first() == Some(&0);
    if starts_with_zero || !(8..=15).contains(&digits.len()) {
        return Verdict::invalid("not a length of E.164");
    }
    Verdict::valid("assignable under E.164")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn knows_what_can_be_dialled() {
        for (number, check_) in [
            ("+1 415 555 2671", Check::Valid),
            ("(415) 555-2671", Check::Valid),
            ("+49 30 901820", Check::Valid),
            ("+44 20 7946 0958", Check::Valid),
            ("115-555-2671", Check::Invalid),
            ("415-155-2671", Check::Invalid),
            ("+0 123 456 789", Check::Invalid),
            ("+12 34", Check::Invalid),
            ("0490 75 40 81", Check::StructurallyValid),
            ("0049 30 901820", Check::Valid),
            ("0000 30 901820", Check::Invalid),
            ("451 5986", Check::StructurallyValid),
            ("4515986", Check::Invalid),
            ("2024-01-15", Check::Invalid),
            ("15.01.2024", Check::Invalid),
            ("21.03.2024 10", Check::Invalid),
            ("2024-03-21 101 22", Check::Invalid),
            ("0431 19 97 94", Check::StructurallyValid),
            ("22 43 2024 10", Check::Valid),
            ("024 971", Check::Invalid),
            ("222-222-2222", Check::Invalid),
        ] {
            assert_eq!(check(number).check, check_, "{number}");
        }
        assert!(check("415-555-0123").test_value);
    }
}
