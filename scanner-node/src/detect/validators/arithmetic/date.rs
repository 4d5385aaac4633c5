//! Calendar dates inside numbers.
//!
//! Owns what is a day of the calendar. Leaves whether it is in the future out: the engine has no clock.
//! **Invariant:** a date with a two-digit year counts if some century had that day.

use chrono::NaiveDate;

/// Whether the day exists.
pub(crate) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let (Ok(year), Ok(month), Ok(day)) = (
        i32::try_from(year),
        u32::try_from(month),
        u32::try_from(day),
    ) else {
        return false;
    };
    NaiveDate::from_ymd_opt(year, month, day).is_some()
}

/// Whether a day with this two-digit year exists. Of 1900 and 2000 only the latter was a leap year, so
/// it stands for all.
pub(crate) fn is_date_of_some_century(year: u64, month: u64, day: u64) -> bool {
    year < 100 && is_date(2000 + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        assert!(is_date(2024, 2, 29));
        assert!(!is_date(2023, 2, 29));
        assert!(!is_date(1900, 2, 29));
        assert!(!is_date(2023, 13, 1));
        assert!(!is_date(2023, 4, 31));
        assert!(!is_date(u64::MAX, 1, 1));
        assert!(is_date_of_some_century(0, 2, 29));
        assert!(!is_date_of_some_century(1, 2, 29));
        assert!(!is_date_of_some_century(100, 1, 1));
    }
}
