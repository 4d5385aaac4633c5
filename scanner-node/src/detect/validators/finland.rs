//! Finnish personal identity codes: date of birth, century sign, serial, check character modulo 31.
//!
//! Owns its arithmetic. **Invariant:** valid means that date and check character hold.
//!
//! # Source
//! <https://dvv.fi/en/personal-identity-code>.

use super::Verdict;
use super::arithmetic::{is_date, number};

const CHECK_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Checks a personal identity code.
pub(super) fn hetu(value: &str) -> Verdict {
    let upper = value.to_ascii_uppercase();
    let Ok([date @ .., sign, s1, s2, s3, check]) = <[u8; 11]>::try_from(upper.as_bytes()) else {
        return Verdict::invalid("not eleven characters");
    };
    let serial = [s1, s2, s3];
    if !date.iter().chain(&serial).all(u8::is_ascii_digit) {
        return Verdict::invalid("a letter where digits belong");
    }
    let (date, serial) = (date.map(|b| b - b'0'), number(&serial.map(|b| b - b'0')));
    let century = match sign {
        b'+' => 1800,
        b'-' | b'U'..=b'Y' => 1900,
        b'A'..=b'F' => 2000,
        _ => return Verdict::invalid("no such century sign"),
    };
    let is_born = is_date(
        century + number(&date[4..]),
        number(&date[2..4]),
        number(&date[..2]),
    );
    if !is_born || serial < 2 {
        return Verdict::invalid("no such date of birth or serial");
    }
    let place = usize::try_from((number(&date) * 1000 + serial) % 31).unwrap_or(0);
    if CHECK_CHARACTERS.get(place) != Some(&check) {
        return Verdict::invalid("check character does not hold");
    }
    // Serials from 900 on are for tests and temporary use.
    Verdict::valid("date of birth and check character hold").test_value(serial >= 900)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn date_and_check_character_have_to_hold() {
        for (number, expected) in [
            ("131052-308T", Valid),
            ("131052-308t", Valid),
            ("131052A308T", Valid),
            ("131052Y308T", Valid),
            ("010100+990H", Invalid),
            ("131052-308U", Invalid),
            ("310252-308Y", Invalid),
            ("131052G308T", Invalid),
            ("131052308T", Invalid),
        ] {
            assert_eq!(hetu(number).check, expected, "{number}");
        }
    }
}
