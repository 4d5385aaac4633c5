//! GitLab tokens: routable ones end in a CRC-32 of all that precedes it, in base 36.
//!
//! Owns the routable form, with and without a version. Older tokens are random and have no checksum.
//! **Invariant:** never refuses a token; lengths it does not know are not judged.
//!
//! # Source
//! <https://docs.gitlab.com/development/cells/routable_tokens/>.

use shared::detector::Check;

use super::Verdict;
use super::arithmetic::crc32;

/// Characters of the checksum.
const CHECKSUM: usize = 7;
/// Characters behind the prefix of a token of the older form.
const RANDOM: usize = 20;

/// What the older tokens to register runners start with.
const REGISTRATION: &str = "GR1348941";

/// Checks the checksum where there is one.
pub(super) fn check(value: &str) -> Verdict {
    if value.starts_with(REGISTRATION) {
        return Verdict::new(Check::NotApplicable, "a form without a checksum");
    }
    let Some((prefix, token)) = value.split_once('-') else {
        return Verdict::invalid("no prefix");
    };
    if token.contains('.') {
        let body = value.len().saturating_sub(CHECKSUM);
        let held = value
            .split_at_checked(body)
            .is_some_and(|(body, sum)| sum.as_bytes() == crc32::base36(body.as_bytes()));
        return if held {
            Verdict::valid("checksum holds")
        } else {
            Verdict::shaped("checksum does not hold")
        };
    }
    if prefix == "glpat" && token.len() == RANDOM {
        // No checksum, but prefix and length leave little else that it could be.
        return Verdict::valid("length of a personal token");
    }
    Verdict::new(Check::NotApplicable, "a form without a checksum")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_manual_holds() {
        // The manual's smallest token, which has no prefix: the checksum covers what is there.
        assert_eq!(
            &crc32::base36(b"bzoxd_Rb5_cHeWe1JH56wr2FCBA.0r"),
            b"1pum4t4"
        );
    }

    #[test]
    fn tells_checksums_that_hold_from_those_that_do_not() {
        for middle in [".0r", ".01.0r"] {
            let body = format!("glpat-{}{middle}", "aB3dE6gH9".repeat(3));
            let checksum = crc32::base36(body.as_bytes());
            let good = format!("{body}{}", String::from_utf8_lossy(&checksum));
            assert_eq!(check(&good).check, Check::Valid, "{good}");
            let wrong = good.replacen("aB", "Ba", 1);
            assert_eq!(check(&wrong).check, Check::StructurallyValid, "{wrong}");
        }
    }

    #[test]
    fn older_tokens_are_told_by_their_length() {
        assert_eq!(
            check(&format!("glpat-{}", "aB3d_".repeat(4))).check,
            Check::Valid
        );
        assert_eq!(
            check(&format!("gldt-{}", "aB3d_".repeat(4))).check,
            Check::NotApplicable
        );
        assert_eq!(
            check(&format!("GR1348941{}", "aB3d_".repeat(4))).check,
            Check::NotApplicable
        );
        assert_eq!(check("glpat").check, Check::Invalid);
    }
}
