//! GitHub tokens: the last six characters are a CRC-32 of the thirty before them, in base 62.
//!
//! Owns the checksum of classic tokens. Lengths it does not know are not judged: GitHub reserves the
//! right to make tokens longer.
//! **Invariant:** never refuses a token; a checksum that does not hold makes it less likely, since
//! tokens get mistyped, cut and imitated in ways worth seeing.
//!
//! # Source
//! <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>.

use shared::detector::Check;

use super::Verdict;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters after the prefix of a classic token, six of them checksum.
const CLASSIC: usize = 36;

/// Checks the checksum.
pub(super) fn check(value: &str) -> Verdict {
    let Some((_, token)) = value.split_once('_') else {
        return Verdict::invalid("no prefix");
    };
    let (Some(body), Some(checksum)) = (token.get(..CLASSIC - 6), token.get(CLASSIC - 6..)) else {
        return Verdict::new(Check::NotApplicable, "length is not a classic token's");
    };
    if token.len() != CLASSIC {
        return Verdict::new(Check::NotApplicable, "length is not a classic token's");
    }
    if checksum.as_bytes() == base62(crc32fast::hash(body.as_bytes())) {
        Verdict::valid("checksum holds")
    } else {
        Verdict::shaped("checksum does not hold")
    }
}

/// Six digits of base 62, zeros in front.
fn base62(mut number: u32) -> [u8; 6] {
    let mut text = [b'0'; 6];
    for slot in text.iter_mut().rev() {
        let index = usize::try_from(number % 62).unwrap_or(0);
        *slot = ALPHABET.get(index).copied().unwrap_or(b'0');
        number /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(body: &str) -> String {
        let checksum = base62(crc32fast::hash(body.as_bytes()));
        format!(
            "ghp_{body}{}",
            String::from_utf8(checksum.to_vec()).unwrap()
        )
    }

    #[test]
    fn tells_checksums_that_hold_from_those_that_do_not() {
        let good = token("abcdefghij0123456789ABCDEFGHIJ");
        assert_eq!(check(&good).check, Check::Valid);
        let swapped = good.replacen("ab", "ba", 1);
        assert_eq!(check(&swapped).check, Check::StructurallyValid);
    }

    #[test]
    fn a_length_it_does_not_know_is_not_judged() {
        assert_eq!(
            check(&format!("ghs_{}", "aB3".repeat(20))).check,
            Check::NotApplicable
        );
        assert_eq!(check("ghp_abc").check, Check::NotApplicable);
    }
}
