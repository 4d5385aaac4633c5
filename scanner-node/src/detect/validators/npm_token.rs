//! npm tokens: the last six characters are a CRC-32 of the thirty before them, in base 62.
//!
//! Owns the length. **Invariant:** never refuses a token of the right form; one whose checksum does not
//! hold is less likely.
//!
//! # Source
//! <https://github.blog/2021-09-23-announcing-npms-new-access-token-format/>.

use super::Verdict;
use super::github_token::{holds, judged};

/// Checks the checksum.
pub(super) fn check(value: &str) -> Verdict {
    let token = value.strip_prefix("npm_").filter(|token| token.len() == 36);
    match token.and_then(holds) {
        Some(held) => judged(held),
        None => Verdict::invalid("not of the length of npm's tokens"),
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::super::arithmetic::crc32;
    use super::*;

    #[test]
    fn tells_checksums_that_hold_from_those_that_do_not() {
        for body in ["aB3".repeat(10), "0".repeat(30), "Zy9x8W".repeat(5)] {
            let checksum = crc32::base62(body.as_bytes());
            let good = format!("npm_{body}{}", String::from_utf8_lossy(&checksum));
            assert_eq!(check(&good).check, Check::Valid, "{good}");
            let wrong = format!("npm_1{}", good.trim_start_matches("npm_").split_at(1).1);
            assert_eq!(check(&wrong).check, Check::StructurallyValid, "{wrong}");
            assert_eq!(check(&format!("{good}0")).check, Check::Invalid);
        }
        assert_eq!(check("npm_").check, Check::Invalid);
    }
}
