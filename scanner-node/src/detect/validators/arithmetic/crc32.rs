//! CRC-32 as tokens carry it: in base 62 or base 36, zeros in front.
//!
//! Owns the two notations. **Invariant:** the text has the width asked for, whatever the bytes.
//!
//! # Source
//! <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/> (base 62);
//! <https://docs.gitlab.com/ee/architecture/blueprints/cells/routing-service.html> (base 36).

const BASE_62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE_36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Six digits of base 62: the digits, the capitals, the small letters.
pub(in crate::detect::validators) fn base62(bytes: &[u8]) -> [u8; 6] {
    written(crc32fast::hash(bytes), BASE_62)
}

/// Seven digits of base 36: the digits, the small letters.
pub(in crate::detect::validators) fn base36(bytes: &[u8]) -> [u8; 7] {
    written(crc32fast::hash(bytes), BASE_36)
}

fn written<const WIDTH: usize>(number: u32, alphabet: &[u8]) -> [u8; WIDTH] {
    let mut rest = usize::try_from(number).unwrap_or(0);
    let mut text = [b'0'; WIDTH];
    for slot in text.iter_mut().rev() {
        *slot = alphabet.get(rest % alphabet.len()).copied().unwrap_or(b'0');
        rest /= alphabet.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_check_value_of_the_standard() {
        // CRC-32 of "123456789" is 0xCBF43926.
        assert_eq!(&base62(b"123456789"), b"3jZRME");
        assert_eq!(&base36(b"123456789"), b"1kl8mjq");
        assert_eq!(&base62(b""), b"000000");
        assert_eq!(&base36(b""), b"0000000");
    }
}
