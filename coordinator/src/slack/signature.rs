//! Slack's request signature, version 0.
//!
//! Owns signing and checking of `X-Slack-Signature` over the raw body. Leaves reading the headers and
//! answering to the HTTP handlers; time is handed in.
//! **Invariant:** nothing of a body is looked at before its signature held.

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use shared::job::RetryClass;
use shared::secret::{ExposeSecret, SecretString};

/// Header with the second the request was signed, as Unix time.
pub const TIMESTAMP_HEADER: &str = "X-Slack-Request-Timestamp";
/// Header with the signature: `v0=` and 64 hex digits.
pub const SIGNATURE_HEADER: &str = "X-Slack-Signature";
/// How far the signing time may be from now, in both directions.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(300);

const VERSION: &str = "v0";
/// Enough digits until the year 33658; keeps the parse from overflowing.
const MAX_TIMESTAMP_DIGITS: usize = 12;

/// The app's signing secret, ready for use.
#[derive(Clone, Debug)]
pub struct SigningSecret(hmac::Key);

/// The two headers, as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignatureHeaders<'a> {
    /// Value of [`TIMESTAMP_HEADER`].
    pub timestamp: Option<&'a str>,
    /// Value of [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
}

/// Why a request is not taken for Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is absent.
    #[error("signature or timestamp header is missing")]
    Missing,
    /// A header is not of the form Slack sends.
    #[error("signature or timestamp header is malformed")]
    Malformed,
    /// Signed too long ago, or too far ahead: a replay, or a clock that is off.
    #[error("request was signed more than 300 seconds away from now")]
    Stale,
    /// Signed with another secret, or changed on the way.
    #[error("signature does not match")]
    Mismatch,
}

/// A signing secret of no characters would let anybody sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the slack signing secret is empty")]
pub struct EmptySecret;

impl SignatureError {
    /// Never worth a retry of the same request.
    pub const fn class(self) -> RetryClass {
        RetryClass::Permanent
    }

    /// The word for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Stale => "stale",
            Self::Mismatch => "mismatch",
        }
    }
}

impl EmptySecret {
    /// Permanent: the configuration has to change.
    pub const fn class(self) -> RetryClass {
        RetryClass::Permanent
    }
}

impl SigningSecret {
    /// Prepares the secret.
    ///
    /// # Errors
    /// [`EmptySecret`] (permanent).
    pub fn new(secret: &SecretString) -> Result<Self, EmptySecret> {
        let secret = secret.expose_secret().trim();
        if secret.is_empty() {
            return Err(EmptySecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())))
    }

    /// Checks that `body` was signed with this secret, and lately. Compares in constant time.
    ///
    /// # Errors
    /// [`SignatureError`] (permanent).
    ///
    /// # Source
    /// <https://docs.slack.dev/authentication/verifying-requests-from-slack>
    pub fn verify(
        &self,
        headers: SignatureHeaders<'_>,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), SignatureError> {
        let (Some(timestamp), Some(signature)) = (headers.timestamp, headers.signature) else {
            return Err(SignatureError::Missing);
        };
        let signed_at = read_timestamp(timestamp)?;
        let tag = read_tag(signature)?;
        if now.timestamp().abs_diff(signed_at) > TOLERANCE.num_seconds().unsigned_abs() {
            return Err(SignatureError::Stale);
        }
        // aws-lc-rs says only that it does not match: there is no source to keep.
        hmac::verify(&self.0, &base_string(timestamp, body), &tag).or(Err(SignatureError::Mismatch))
    }

    /// Signs a body as Slack would: the value of [`SIGNATURE_HEADER`].
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &base_string(&timestamp.to_string(), body));
        format!("{VERSION}={}", hex::encode(tag))
    }
}

fn base_string(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [VERSION.as_bytes(), b":", timestamp.as_bytes(), b":", body].concat()
}

fn read_timestamp(text: &str) -> Result<i64, SignatureError> {
    let well_formed =
        text.len() <= MAX_TIMESTAMP_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    if !well_formed {
        return Err(SignatureError::Malformed);
    }
    text.parse().or(Err(SignatureError::Malformed))
}

fn read_tag(signature: &str) -> Result<[u8; 32], SignatureError> {
    let digits = signature
        .strip_prefix(VERSION)
        .and_then(|rest| rest.strip_prefix('='))
        .ok_or(SignatureError::Malformed)?;
    let mut tag = [0; 32];
    hex::decode_to_slice(digits, &mut tag).or(Err(SignatureError::Malformed))?;
    Ok(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const SIGNED_AT: i64 = 1_531_420_618;
    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::new(&SecretString::from(text)).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn check(timestamp: &str, signature: &str, now: i64) -> Result<(), SignatureError> {
        let headers = SignatureHeaders {
            timestamp: Some(timestamp),
            signature: Some(signature),
        };
        secret(SECRET).verify(headers, BODY, at(now))
    }

    #[test]
    fn accepts_the_documented_example() {
        assert_eq!(check("1531420618", SIGNATURE, SIGNED_AT), Ok(()));
        assert_eq!(secret(SECRET).sign(SIGNED_AT, BODY), SIGNATURE);
    }

    #[test]
    fn rejects_a_stale_signature_in_both_directions() {
        for (away, expected) in [
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(SignatureError::Stale)),
            (-301, Err(SignatureError::Stale)),
        ] {
            assert_eq!(
                check("1531420618", SIGNATURE, SIGNED_AT + away),
                expected,
                "{away}"
            );
        }
    }

    #[test]
    fn rejects_absent_headers() {
        let none = SignatureHeaders::default();
        assert_eq!(
            secret(SECRET).verify(none, BODY, at(SIGNED_AT)),
            Err(SignatureError::Missing)
        );
    }

    #[test]
    fn rejects_malformed_headers() {
        for timestamp in [
            "",
            "+1531420618",
            "-1",
            "1531420618.0",
            "soon",
            "9999999999999",
        ] {
            assert_eq!(
                check(timestamp, SIGNATURE, SIGNED_AT),
                Err(SignatureError::Malformed),
                "{timestamp}"
            );
        }
        for signature in ["", "v0=", "v0=00", "v1=a2114d57", "a2114d57", "v0=zz"] {
            assert_eq!(
                check("1531420618", signature, SIGNED_AT),
                Err(SignatureError::Malformed),
                "{signature}"
            );
        }
    }

    #[test]
    fn rejects_the_signature_of_another_secret() {
        let signature = secret("another").sign(SIGNED_AT, BODY);
        assert_eq!(
            check("1531420618", &signature, SIGNED_AT),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn an_empty_secret_is_refused() {
        for empty in ["", "  \n"] {
            assert_eq!(
                SigningSecret::new(&SecretString::from(empty)).unwrap_err(),
                EmptySecret
            );
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_fails(
            body in proptest::collection::vec(any::<u8>(), 1..300),
            position in any::<proptest::sample::Index>(),
            flip in 1_u8..,
        ) {
            let signature = secret(SECRET).sign(SIGNED_AT, &body);
            let timestamp = SIGNED_AT.to_string();
            let headers = SignatureHeaders { timestamp: Some(&timestamp), signature: Some(&signature) };
            prop_assert_eq!(secret(SECRET).verify(headers, &body, at(SIGNED_AT)), Ok(()));
            let mut changed = body.clone();
            changed[position.index(body.len())] ^= flip;
            prop_assert_eq!(
                secret(SECRET).verify(headers, &changed, at(SIGNED_AT)),
                Err(SignatureError::Mismatch)
            );
        }
    }
}
