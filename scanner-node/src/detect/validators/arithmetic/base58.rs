//! Base 58 with a checksum, as Bitcoin writes keys and addresses.
//!
//! Owns the alphabet and the four bytes of double SHA-256. **Invariant:** text of another
//! alphabet gives no bytes.
//!
//! # Source
//! <https://en.bitcoin.it/wiki/Base58Check_encoding>.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Longer texts are no keys; decoding takes quadratic time.
const LONGEST: usize = 128;

/// The bytes in front of the checksum, if it holds.
pub(crate) fn base58check(text: &str) -> Option<Vec<u8>> {
    let bytes = base58(text)?;
    let (payload, checksum) = bytes.split_at_checked(bytes.len().checked_sub(4)?)?;
    let twice = Sha256::digest(Sha256::digest(payload));
    (twice.get(..4)? == checksum).then(|| payload.to_vec())
}

/// The bytes of a text without a checksum.
pub(crate) fn base58(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST {
        return None;
    }
    let zeros = text.bytes().take_while(|&byte| byte == b'1').count();
    // Least significant byte first.
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|&known| known == letter)?;
        let mut carry = u32::try_from(value).ok()?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry % 256).ok()?;
            carry /= 256;
        }
        if carry > 0 {
            bytes.push(u8::try_from(carry).ok()?);
        }
    }
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_that_holds_gives_the_bytes() {
        let address = base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa").unwrap();
        assert_eq!((address.len(), address[0]), (21, 0));
        assert_eq!(base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), None);
        assert_eq!(base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf0a"), None);
        assert_eq!(base58check(""), None);
        assert_eq!(base58check(&"1".repeat(129)), None);
    }

    #[test]
    fn leading_ones_are_zero_bytes() {
        assert_eq!(base58("112"), Some(vec![0, 0, 1]));
        assert_eq!(base58("5R"), Some(vec![1, 0]));
    }
}
