//! The machine-readable zone of passports, visas and identity cards.
//!
//! Owns the check digits of the three sizes: weights 7, 3, 1 over digits, letters from 10 and `<` as 0,
//! modulo 10. Leaves names to nobody: they are not read.
//! **Invariant:** what it calls valid has its number, its birth and its expiry digit right.
//!
//! # Source
//! ICAO Doc 9303, part 3 (check digits), parts 4 to 7 (layouts).

use super::Verdict;

/// Where the number, the birth and the expiry stand in the line that holds them; each is followed by its
/// check digit.
type Fields = [std::ops::Range<usize>; 3];

/// Passports and visas: the second line.
const SECOND_LINE: Fields = [0..9, 13..19, 21..27];

/// Checks the digits of the zone.
pub(super) fn check(value: &str) -> Verdict {
    let lines: Vec<&str> = value.lines().map(str::trim).collect();
    let (held, test) = match lines.as_slice() {
        [first, second] if matches!(first.len(), 36 | 44) && first.len() == second.len() => (
            SECOND_LINE.iter().all(|field| holds(second, field)),
            first.contains("UTO"),
        ),
        [first, second, third] if [first, second, third].iter().all(|line| line.len() == 30) => (
            holds(first, &(5..14)) && holds(second, &(0..6)) && holds(second, &(8..14)),
            first.contains("UTO"),
        ),
        _ => return Verdict::invalid("no zone has these lines"),
    };
    if held {
        // Utopia is the country of the standard's own specimens.
        Verdict::valid("check digits hold").test_value(test)
    } else {
        Verdict::invalid("a check digit does not hold")
    }
}

fn holds(line: &str, field: &std::ops::Range<usize>) -> bool {
    let digit = line.as_bytes().get(field.end).copied();
    let Some(text) = line.get(field.clone()) else {
        return false;
    };
    let sum = text
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .try_fold(0_u32, |sum, (byte, weight)| {
            Some(sum + number(byte)? * weight)
        });
    // An expiry that is not given may have `<` for its digit.
    sum.is_some_and(|sum| digit.and_then(number) == Some(sum % 10))
}

fn number(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 10),
        b'<' => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    /// The specimens of Doc 9303.
    const PASSPORT: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const CARD_TD2: &str =
        "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
    const CARD_TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";

    #[test]
    fn the_specimens_hold_and_are_called_test_values() {
        for zone in [PASSPORT, CARD_TD2, CARD_TD1] {
            assert_eq!(check(zone).check, Check::Valid, "{zone}");
            assert!(check(zone).test_value);
        }
        assert!(!check(&PASSPORT.replace("UTO", "D<<")).test_value);
    }

    #[test]
    fn a_wrong_digit_date_or_length_is_refused() {
        for (right, wrong) in [
            ("L898902C36", "L898902C46"),
            ("7408122", "7408132"),
            ("1204159", "1204169"),
            ("<<<<<10", "<<<<10"),
        ] {
            assert_eq!(
                check(&PASSPORT.replace(right, wrong)).check,
                Check::Invalid,
                "{wrong}"
            );
        }
        assert_eq!(
            check(&CARD_TD1.replace("D23145890", "D23145980")).check,
            Check::Invalid
        );
        assert_eq!(check("P<UTO").check, Check::Invalid);
    }
}
