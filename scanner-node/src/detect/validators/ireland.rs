//! Irish personal public service numbers: weights 8 to 2, and 9 for a second letter, modulo 23.
//!
//! Owns its arithmetic. **Invariant:** valid means that the check letter holds.
//!
//! # Source
//! <https://en.wikipedia.org/wiki/Personal_Public_Service_Number>,
//! <https://www.gov.ie/en/department-of-social-protection/>.

use super::Verdict;
use super::arithmetic::{letters, weighted};

const CHECK_LETTERS: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";

/// Checks a personal public service number.
pub(super) fn ppsn(value: &str) -> Verdict {
    let (characters, second) = match (letters::<8>(value), letters::<9>(value)) {
        (Some(characters), _) => (characters, None),
        (None, Some([characters @ .., second])) => (characters, Some(second)),
        (None, None) => return Verdict::invalid("not eight or nine letters and digits"),
    };
    let [body @ .., check] = characters;
    if !body.iter().all(u8::is_ascii_digit) {
        return Verdict::invalid("seven digits stand in front");
    }
    // W, T and X marked wives and tax cases and do not count; the letters given out since 2013 do.
    let of_second = match second {
        None | Some(b'W' | b'T' | b'X') => 0,
        Some(letter @ (b'A' | b'B' | b'H')) => u32::from(letter - b'A' + 1),
        Some(_) => return Verdict::invalid("no such second letter"),
    };
    let sum = weighted(&body.map(|byte| byte - b'0'), &[8, 7, 6, 5, 4, 3, 2]) + 9 * of_second;
    let place = usize::try_from(sum % 23).unwrap_or(0);
    if CHECK_LETTERS.get(place) != Some(&check) {
        return Verdict::invalid("check letter does not hold");
    }
    Verdict::valid("check letter holds").test_value(body == *b"1234567")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check::{Invalid, Valid};

    use super::*;

    #[test]
    fn the_check_letter_has_to_hold() {
        for (number, expected) in [
            ("6433435F", Valid),
            ("6433435FT", Valid),
            ("6433435FW", Valid),
            ("6433435OA", Valid),
            ("6433435IH", Valid),
            ("1234567T", Valid),
            ("6433435E", Invalid),
            ("6433435VH", Invalid),
            ("6433435FZ", Invalid),
            ("643343F", Invalid),
        ] {
            assert_eq!(ppsn(number).check, expected, "{number}");
        }
        assert!(ppsn("1234567T").test_value);
    }
}
