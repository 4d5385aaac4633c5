//! Atlassian tokens: the last eight characters are a CRC-32 of all that precedes them, in hexadecimal.
//!
//! Owns that checksum. **Invariant:** never refuses a token; one whose checksum does not hold is less
//! likely.
//!
//! # Source
//! <https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/>;
//! the checksum as open secret scanners verify it.

use super::Verdict;

/// Characters of the checksum.
const CHECKSUM: usize = 8;

/// Checks the checksum.
pub(super) fn check(value: &str) -> Verdict {
    let body = value.len().saturating_sub(CHECKSUM);
    let Some((body, checksum)) = value.split_at_checked(body) else {
        return Verdict::invalid("no checksum");
    };
    let expected = format!("{:08X}", crc32fast::hash(body.as_bytes()));
    if checksum.eq_ignore_ascii_case(&expected) {
        Verdict::valid("checksum holds")
    } else {
        Verdict::shaped("checksum does not hold")
    }
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn tells_checksums_that_hold_from_those_that_do_not() {
        // CRC-32 of "123456789" is the check value of the standard.
        assert_eq!(check("123456789CBF43926").check, Check::Valid);
        assert_eq!(check("123456789cbf43926").check, Check::Valid);
        let body = format!("ATATT3{}=", "xFfGF0aB".repeat(22));
        let good = format!("{body}{:08X}", crc32fast::hash(body.as_bytes()));
        assert_eq!(check(&good).check, Check::Valid);
        for wrong in [
            "123456789CBF43927".to_owned(),
            "123456798CBF43926".to_owned(),
            good.replacen("xF", "Fx", 1),
        ] {
            assert_eq!(check(&wrong).check, Check::StructurallyValid, "{wrong}");
        }
    }
}
