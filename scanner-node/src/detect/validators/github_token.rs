//! GitHub tokens: the last six characters are a CRC-32 of what precedes them, in base 62.
//!
//! Owns which part the checksum covers: the thirty characters before it in a classic token, all that
//! follows the prefix in a fine-grained one. Lengths it does not know are not judged: GitHub reserves the
//! right to make tokens longer.
//! **Invariant:** never refuses a token; a checksum that does not hold makes it less likely, since
//! tokens get mistyped, cut and imitated in ways worth seeing.
//!
//! # Source
//! <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>.

use shared::detector::Check;

use super::Verdict;
use super::arithmetic::crc32;

/// Characters after the prefix of a classic token, six of them checksum.
const CLASSIC: usize = 36;
/// Characters after the prefix of a fine-grained token.
const FINE_GRAINED: usize = 82;
/// Characters of the checksum.
const CHECKSUM: usize = 6;

/// Checks the checksum.
pub(super) fn check(value: &str) -> Verdict {
    if let Some(token) = value.strip_prefix("github_pat_") {
        return match holds(token) {
            Some(true) if token.len() == FINE_GRAINED => Verdict::valid("checksum holds"),
            _ => Verdict::new(Check::NotApplicable, "no checksum that is known"),
        };
    }
    let Some((_, token)) = value.split_once('_') else {
        return Verdict::invalid("no prefix");
    };
    match holds(token) {
        Some(held) if token.len() == CLASSIC => judged(held),
        _ => Verdict::new(Check::NotApplicable, "length is not a classic token's"),
    }
}

/// What a checksum says of a token that others make the same way.
pub(super) fn judged(held: bool) -> Verdict {
    if held {
        Verdict::valid("checksum holds")
    } else {
        Verdict::shaped("checksum does not hold")
    }
}

/// Whether the last six characters are the checksum of the others; none if there are not so many.
pub(super) fn holds(token: &str) -> Option<bool> {
    let (body, checksum) = token.split_at_checked(token.len().checked_sub(CHECKSUM)?)?;
    Some(checksum.as_bytes() == crc32::base62(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(prefix: &str, body: &str) -> String {
        let checksum = crc32::base62(body.as_bytes());
        format!("{prefix}{body}{}", String::from_utf8_lossy(&checksum))
    }

    #[test]
    fn tells_checksums_that_hold_from_those_that_do_not() {
        let good = signed("ghp_", "abcdefghij0123456789ABCDEFGHIJ");
        assert_eq!(check(&good).check, Check::Valid);
        let swapped = good.replacen("ab", "ba", 1);
        assert_eq!(check(&swapped).check, Check::StructurallyValid);
    }

    #[test]
    fn a_fine_grained_token_is_never_worse_off() {
        let body = format!("{}_{}", "1A".repeat(11), "b".repeat(53));
        let good = signed("github_pat_", &body);
        assert_eq!(check(&good).check, Check::Valid);
        let other = good.replacen("1A", "A1", 1);
        assert_eq!(check(&other).check, Check::NotApplicable);
    }

    #[test]
    fn a_length_it_does_not_know_is_not_judged() {
        assert_eq!(
            check(&format!("ghs_{}", "aB3".repeat(20))).check,
            Check::NotApplicable
        );
        assert_eq!(check("ghp_abc").check, Check::NotApplicable);
        assert_eq!(check("ghp").check, Check::Invalid);
    }
}
