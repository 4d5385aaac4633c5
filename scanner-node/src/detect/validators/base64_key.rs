//! Keys written in base64: they decode to as many bytes as ciphers and hashes use.
//!
//! Owns which lengths those are. **Invariant:** readable text is no key.
//!
//! # Source
//! RFC 4648; key lengths of AES, HMAC-SHA-256 and HMAC-SHA-512.

use super::Verdict;
use super::arithmetic::base64_any::decoded;

/// Bytes of AES-128, AES-192, AES-256 and HMAC keys.
const LENGTHS: &[usize] = &[16, 20, 24, 32, 48, 64];

/// Decodes the key and looks at its bytes.
pub(super) fn check(value: &str) -> Verdict {
    let Some(key) = decoded(value) else {
        return Verdict::invalid("does not decode");
    };
    if key.windows(2).all(|pair| pair.first() == pair.last()) {
        return Verdict::invalid("one byte throughout");
    }
    let is_text = key
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'));
    if is_text {
        return Verdict::invalid("readable text");
    }
    if LENGTHS.contains(&key.len()) {
        Verdict::valid("of the length of a key")
    } else {
        Verdict::shaped("of no usual length")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use shared::detector::Check;

    use super::*;

    #[test]
    fn knows_the_lengths_of_keys_and_readable_text() {
        let bytes: Vec<u8> = (0_u8..64).map(|byte| byte.wrapping_mul(91)).collect();
        for (length, check_) in [
            (16, Check::Valid),
            (32, Check::Valid),
            (64, Check::Valid),
            (31, Check::StructurallyValid),
        ] {
            let text = STANDARD_NO_PAD.encode(&bytes[..length]);
            assert_eq!(check(&text).check, check_, "{length}");
        }
        for wrong in [
            "dGhpcyBpcyByZWFkYWJsZSB0ZXh0Lg==",
            "AAAAAAAAAAAAAAAAAAAAAA==",
            "a",
            "!",
        ] {
            assert_eq!(check(wrong).check, Check::Invalid, "{wrong}");
        }
    }
}
