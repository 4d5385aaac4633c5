//! Credentials of basic authentication: a user and a password, in base64 or as they are.
//!
//! Owns the decoding. Leaves what a placeholder is to `password`.
//! **Invariant:** what holds no password is refused.
//!
//! # Source
//! RFC 7617.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Verdict;
use super::password::is_placeholder;

/// Pairs of every manual.
const EXAMPLES: &[&str] = &[
    "aladdin:open sesame",
    "aladdin:opensesame",
    "user:pass",
    "user:password",
    "username:password",
    "admin:admin",
    "admin:password",
    "foo:bar",
    "test:test",
];

/// Checks `user:password`, plain or in base64.
pub(super) fn check(value: &str) -> Verdict {
    if value.contains(':') {
        return judged(value);
    }
    let bytes = STANDARD_NO_PAD.decode(value.trim_end_matches('='));
    match bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(pair) => judged(&pair),
        None => Verdict::invalid("does not decode to text"),
    }
}

fn judged(pair: &str) -> Verdict {
    let Some((user, password)) = pair.split_once(':') else {
        return Verdict::invalid("no password");
    };
    if pair.chars().any(char::is_control) || user.is_empty() && password.is_empty() {
        return Verdict::invalid("no pair of user and password");
    }
    let pair = pair.to_ascii_lowercase();
    if EXAMPLES.contains(&pair.as_str()) {
        return Verdict::shaped("a pair of the manuals").test_value(true);
    }
    // A token is often the user, with an empty password behind it.
    let secret = if password.is_empty() { user } else { password };
    if secret.len() < 3 || secret.starts_with('$') || is_placeholder(secret) {
        return Verdict::invalid("a variable or a placeholder");
    }
    Verdict::valid("a user and a password")
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    #[test]
    fn knows_pairs_from_placeholders() {
        let encoded = |pair: &str| STANDARD_NO_PAD.encode(pair);
        for (pair, check_) in [
            ("deploy:k3yB0ard", Check::Valid),
            ("k3yB0ardAndMore:", Check::Valid),
            (":k3yB0ard", Check::Valid),
            ("user:pass", Check::StructurallyValid),
            ("user:${PASSWORD}", Check::Invalid),
            ("user:$PASSWORD", Check::Invalid),
            ("user:****", Check::Invalid),
            (":", Check::Invalid),
        ] {
            assert_eq!(check(pair).check, check_, "{pair}");
            assert_eq!(check(&encoded(pair)).check, check_, "{pair}, encoded");
        }
        assert_eq!(check(&encoded("no pair")).check, Check::Invalid);
        assert_eq!(
            check("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").check,
            Check::StructurallyValid
        );
        assert!(check("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").test_value);
        assert_eq!(check("////").check, Check::Invalid);
    }
}
