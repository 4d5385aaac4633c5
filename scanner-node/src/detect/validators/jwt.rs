//! JSON web tokens: header and payload decode to JSON objects.
//!
//! Owns the structure of RFC 7519; neither verifies signatures nor, having no clock, judges expiry.
//! **Invariant:** what it calls valid names an algorithm.
//!
//! # Source
//! RFC 7519, RFC 7515.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Verdict;

/// The token that jwt.io shows.
const EXAMPLE_SUBJECT: &str = "1234567890";

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
    Verdict::valid("header and payload are JSON, an algorithm is named")
        .test_value(subject == Some(EXAMPLE_SUBJECT))
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
            (r#"{"alg":"RS256"}"#, "text", Check::StructurallyValid),
            (r#"{"typ":"JWT"}"#, "{}", Check::Invalid),
            ("text", "{}", Check::Invalid),
        ] {
            assert_eq!(check(&token(header, payload)).check, check_, "{header}");
        }
    }
}
