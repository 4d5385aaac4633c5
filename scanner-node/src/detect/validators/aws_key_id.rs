//! AWS access key ids: a kind, then base32 that holds the account number.
//!
//! Owns the form of the id. **Invariant:** decodes offline; asks nobody.
//!
//! # Source
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>.

use super::Verdict;

/// Checks that the account part decodes to an account number of at most twelve digits.
pub(super) fn check(value: &str) -> Verdict {
    let Some(account) = account(value) else {
        return Verdict::invalid("not base32");
    };
    if account == 0 || account > 999_999_999_999 {
        return Verdict::shaped("holds no account number").test_value(is_example(value));
    }
    Verdict::valid("holds an account number").test_value(is_example(value))
}

fn is_example(value: &str) -> bool {
    value.ends_with("EXAMPLE")
}

/// Bits 1 to 40 of the base32 text after the four letters of the kind.
fn account(value: &str) -> Option<u64> {
    let body = value.get(4..14)?;
    let bits = body.bytes().try_fold(0_u64, |bits, byte| {
        let five = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        Some(bits << 5 | u64::from(five))
    })?;
    // 50 bits of text: the first 48 are the six bytes that hold it.
    Some((bits >> 2 & 0x7fff_ffff_ff80) >> 7)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn reads_the_account_number_off_the_id() {
        assert_eq!(account("AKIAYVP4CIPPERUVIFXG"), Some(595_918_472_158));
        assert_eq!(check("AKIAYVP4CIPPERUVIFXG").check, Check::Valid);
    }

    #[test]
    fn the_documented_example_is_marked() {
        assert!(check("AKIAIOSFODNN7EXAMPLE").test_value);
        assert_ne!(check("AKIAIOSFODNN7EXAMPLE").check, Check::Invalid);
        assert_eq!(check("AKIA01").check, Check::Invalid);
    }
}
