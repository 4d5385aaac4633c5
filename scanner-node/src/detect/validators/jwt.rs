//! JSON web tokens: header and payload decode to JSON objects.
//!
//! Owns the structure of RFC 7519. Does not verify signatures; having no clock, it judges expiry only
//! against a day before this version was made.
//! **Invariant:** what it calls valid names an algorithm, and had not expired on that day.
//!
//! # Source
//! RFC 7519, RFC 7515.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Verdict;

/// The token that jwt.io shows.
const EXAMPLE_SUBJECT: &str = "1234567890";
/// Midnight of 1 January 2026, UTC: what had expired by then is stale whenever this runs.
const STALE_BEFORE: i64 = 1_767_225_600;

/// Decodes header and payload.
pub(super) fn check(value: &str) -> Verdict {
    let mut parts = value.split('.');
    let Some(header) = parts.next().and_then(object) else {
        return Verdict::invalid("header is no JSON object");
    };
    if !header.get("alg").is_some_and(Value::is_string) {
        return Verdict::invalid("header names no algorithm");
    }
    let Some(payload) = parts.next().and_then(object) else {
        return Verdict::shaped("header names an algorithm, payload is no JSON object");
    };
    let subject = payload.get("sub").and_then(Value::as_str);
    judged(&header, &payload).test_value(subject == Some(EXAMPLE_SUBJECT))
}

fn judged(header: &Map<String, Value>, payload: &Map<String, Value>) -> Verdict {
    let expiry = payload.get("exp").and_then(Value::as_i64);
    if expiry.is_some_and(|expiry| (0..STALE_BEFORE).contains(&expiry)) {
        return Verdict::shaped("expired before 2026");
    }
    let algorithm = header.get("alg").and_then(Value::as_str);
    if algorithm.is_some_and(|name| name.eq_ignore_ascii_case("none")) {
        return Verdict::valid("header and payload are JSON, and nobody signed it");
    }
    Verdict::valid("header and payload are JSON, an algorithm is named")
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use shared::detector::Check;

    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    #[test]
    fn decodes_header_and_payload() {
        for (header, payload, check_) in [
            (r#"{"alg":"HS256"}"#, r#"{"sub":"u1"}"#, Check::Valid),
            (r#"{"alg":"none"}"#, "{}", Check::Valid),
            (r#"{"alg":"HS256"}"#, r#"{"exp":4102444800}"#, Check::Valid),
            (
                r#"{"alg":"HS256"}"#,
                r#"{"exp":1577836800}"#,
                Check::StructurallyValid,
            ),
            (r#"{"alg":"RS256"}"#, "text", Check::StructurallyValid),
            (r#"{"typ":"JWT"}"#, "{}", Check::Invalid),
            ("text", "{}", Check::Invalid),
        ] {
            assert_eq!(check(&token(header, payload)).check, check_, "{header}");
        }
    }
}
