//! Private keys in PEM: a body of base64 behind the opening line.
//!
//! Owns how much body makes a key. **Invariant:** an opening line that is only talked about is refused.
//!
//! # Source
//! RFC 7468; RFC 1421 (`Proc-Type: 4,ENCRYPTED`); `OpenPGP` armor, RFC 9580.

use super::Verdict;

/// Fewer characters of base64 are no key.
const SHORTEST_BODY: usize = 16;
/// The shortest real key (Ed25519 in PKCS #8) has this many.
const WHOLE_BODY: usize = 64;

/// Counts the body.
pub(super) fn check(value: &str) -> Verdict {
    let body = value.split("KEY").nth(1).unwrap_or_default();
    let body = body.trim_start_matches(" BLOCK").trim_start_matches('-');
    let body = body.split("-----END").next().unwrap_or_default();
    let letters = body
        .split(char::is_whitespace)
        .map(longest_base64)
        .max()
        .unwrap_or(0);
    let total: usize = body.bytes().filter(u8::is_ascii_alphanumeric).count();
    if letters < SHORTEST_BODY {
        return Verdict::invalid("no key follows the opening line");
    }
    if value.contains("ENCRYPTED") {
        return Verdict::shaped("encrypted under a passphrase");
    }
    if total < WHOLE_BODY {
        return Verdict::shaped("shorter than any whole key");
    }
    Verdict::valid("a key follows the opening line")
}

fn longest_base64(line: &str) -> usize {
    line.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '='))
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn a_body_makes_the_key() {
        let block = |kind: &str, body: &str| {
            format!("-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----")
        };
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC".repeat(3);
        assert_eq!(check(&block("RSA ", &body)).check, Check::Valid);
        assert_eq!(
            check(&block("ENCRYPTED ", &body)).check,
            Check::StructurallyValid
        );
        assert_eq!(
            check(&block("", "MIIEvQIBADANBgkq")).check,
            Check::StructurallyValid
        );
        assert_eq!(check(&block("", "...")).check, Check::Invalid);
        assert_eq!(
            check(&block("", "put your own key here")).check,
            Check::Invalid
        );
    }
}
