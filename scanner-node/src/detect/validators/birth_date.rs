//! Days on which a person may have been born.
//!
//! Owns reading a day in the orders that people write it in. The engine has no clock, so it cannot tell a
//! day to come from one that was. **Invariant:** a date is never called valid, only a day of the calendar.
//!
//! # Source
//! <https://en.wikipedia.org/wiki/List_of_date_formats_by_country>.

use super::Verdict;
use super::arithmetic::is_date;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Checks a date with a year of four digits.
pub(super) fn check(value: &str) -> Verdict {
    let parts: Vec<&str> = value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let Some([a, b, c]) = parts.first_chunk::<3>().filter(|_| parts.len() == 3) else {
        return Verdict::invalid("not three parts");
    };
    let orders = [(a, b, c), (c, b, a), (c, a, b)];
    let exists = orders.iter().any(|(year, month, day)| {
        let (Ok(year), Some(month), Some(day)) = (year.parse(), month_of(month), day_of(day))
        else {
            return false;
        };
        (1900..2040).contains(&year) && is_date(year, month, day)
    });
    if !exists {
        return Verdict::invalid("no day of the calendar");
    }
    Verdict::shaped("a day of the calendar")
}

fn month_of(text: &str) -> Option<u64> {
    let name = text.get(..3).unwrap_or_default().to_ascii_lowercase();
    match MONTHS.iter().position(|month| *month == name) {
        Some(place) => u64::try_from(place + 1).ok(),
        None => text.parse().ok(),
    }
}

/// `1`, `01` or `1st`.
fn day_of(text: &str) -> Option<u64> {
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic())
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, StructurallyValid};

    use super::*;

    #[test]
    fn the_day_has_to_exist_in_some_order() {
        for (date, expected) in [
            ("1987-03-14", StructurallyValid),
            ("14.03.1987", StructurallyValid),
            ("03/14/1987", StructurallyValid),
            ("March 14th, 1987", StructurallyValid),
            ("14 mar 1987", StructurallyValid),
            ("31.02.1987", Invalid),
            ("1887-03-14", Invalid),
            ("13/14/1987", Invalid),
            ("14 foo 1987", Invalid),
            ("1987-03", Invalid),
        ] {
            assert_eq!(check(date).check, expected, "{date}");
        }
    }
}
