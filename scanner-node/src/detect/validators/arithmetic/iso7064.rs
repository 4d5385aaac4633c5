//! Check characters of ISO/IEC 7064.
//!
//! Owns the systems that identity and account numbers use. **Invariant:** each takes the number with its
//! check characters and says whether they hold.
//!
//! # Source
//! ISO/IEC 7064:2003.

/// MOD 11,10: digits, the last of which is the check digit.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((last, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, &digit| {
        let sum = (product + u32::from(digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + u32::from(*last)) % 10 == 1
}

/// MOD 11-2: digits, then a check character whose value is given (X is 10).
pub(crate) fn mod_11_2(digits: &[u8], check: u32) -> bool {
    let sum = digits
        .iter()
        .fold(0, |sum, &digit| (sum + u32::from(digit)) * 2 % 11);
    (sum + check) % 11 == 1
}

/// The number modulo 97, letters counted from A = 10; none if there is anything else in it.
pub(crate) fn mod_97(characters: impl Iterator<Item = u8>) -> Option<u32> {
    let mut characters = characters;
    characters.try_fold(0, |sum, byte| match byte {
        b'0'..=b'9' => Some((sum * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((sum * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_hold() {
        assert!(mod_11_10(&[0, 7, 9, 4, 5]));
        assert!(!mod_11_10(&[0, 7, 9, 4, 6]));
        assert!(!mod_11_10(&[]));
        assert!(mod_11_2(&[0, 7, 9], 10));
        assert!(!mod_11_2(&[0, 7, 8], 10));
        assert_eq!(mod_97(b"79444".iter().copied()), Some(1));
        assert_eq!(
            mod_97(b"3214282912345698765432161182".iter().copied()),
            Some(1)
        );
        assert_eq!(mod_97(b"WEST12345698765432GB82".iter().copied()), Some(1));
        assert_eq!(mod_97(b"a".iter().copied()), None);
    }
}
