//! Digits and letters of a value, and sums over them.
//!
//! Owns what may stand between the characters of a number. **Invariant:** a value with a character that
//! belongs to no number has no digits at all.

/// The digits of a value that has exactly `N` of them. Spaces, dots, dashes and slashes may stand between
/// them, nothing else may.
pub(crate) fn digits<const N: usize>(value: &str) -> Option<[u8; N]> {
    let mut found = [0; N];
    let mut slots = found.iter_mut();
    for byte in value.bytes() {
        match byte {
            b'0'..=b'9' => *slots.next()? = byte - b'0',
            b' ' | b'.' | b'-' | b'/' => {}
            _ => return None,
        }
    }
    let is_full = slots.next().is_none();
    is_full.then_some(found)
}

/// The letters, in upper case, and digits of a value that has exactly `N` of them, with the same
/// separators.
pub(crate) fn letters<const N: usize>(value: &str) -> Option<[u8; N]> {
    let mut found = [0; N];
    let mut slots = found.iter_mut();
    for byte in value.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => *slots.next()? = byte.to_ascii_uppercase(),
            b' ' | b'.' | b'-' | b'/' => {}
            _ => return None,
        }
    }
    let is_full = slots.next().is_none();
    is_full.then_some(found)
}

/// The number that the digits spell.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number: u64, &digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit))
    })
}

/// Each digit times the weight at its place, summed.
pub(crate) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(&digit, weight)| u32::from(digit) * weight)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_left_out_and_other_characters_refused() {
        assert_eq!(digits::<4>("1 2-3/4"), Some([1, 2, 3, 4]));
        assert_eq!(digits::<4>("123"), None);
        assert_eq!(digits::<4>("12345"), None);
        assert_eq!(digits::<4>("12a34"), None);
        assert_eq!(letters::<3>("a.1 B"), Some(*b"A1B"));
        assert_eq!(letters::<3>("a1é"), None);
    }

    #[test]
    fn sums_go_by_place() {
        assert_eq!(number(&[0, 4, 2]), 42);
        assert_eq!(weighted(&[1, 2, 3], &[3, 2, 1]), 10);
        assert_eq!(number(&[9; 40]), u64::MAX);
    }
}
