//! What proves that a call comes from here: secrets and the signatures they make.
//!
//! Owns both. **Invariant:** a secret is shown by [`SigningSecret::expose`] only, and prints as nothing.
//!
//! # Source
//! Standard Webhooks 1.0.0, <https://www.standardwebhooks.com>: `whsec_` and base64; HMAC-SHA256 over
//! `id.timestamp.body`; `v1,` and base64, several separated by blanks.

use std::fmt;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::OLD_SECRET_SIGNS;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret; the standard asks for 24 to 64.
const BYTES: usize = 32;

/// What a receiver checks calls with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SigningSecret(String);

/// The secrets of a webhook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    current: SigningSecret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

/// A secret whose place another took.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    secret: SigningSecret,
    until: DateTime<Utc>,
}

/// There is no randomness. Transient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness for a secret")]
pub struct NoRandomness;

impl SigningSecret {
    /// Makes a secret.
    ///
    /// # Errors
    /// Transient.
    pub fn fresh() -> Result<Self, NoRandomness> {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).or(Err(NoRandomness))?;
        Ok(Self(format!("{PREFIX}{}", STANDARD.encode(bytes))))
    }

    /// The secret, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn sign(&self, message: &[&[u8]]) -> Option<String> {
        let bytes = STANDARD.decode(self.0.strip_prefix(PREFIX)?).ok()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let mut context = hmac::Context::with_key(&key);
        for part in message {
            context.update(part);
        }
        Some(format!("v1,{}", STANDARD.encode(context.sign())))
    }
}

impl Secrets {
    /// One secret, which nothing was signed with.
    pub fn new(current: SigningSecret) -> Self {
        Self {
            current,
            previous: None,
        }
    }

    /// Another secret in place of the current one, which signs for a day more.
    #[must_use]
    pub fn rotated(self, current: SigningSecret, now: DateTime<Utc>) -> Self {
        let previous = Previous {
            secret: self.current,
            until: now + OLD_SECRET_SIGNS,
        };
        Self {
            current,
            previous: Some(previous),
        }
    }

    /// The `webhook-signature` of a call: one for each secret that counts at `now`.
    pub fn sign(&self, name: &str, timestamp: i64, body: &[u8], now: DateTime<Utc>) -> String {
        let timestamp = timestamp.to_string();
        let message: [&[u8]; 5] = [name.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        let previous = self
            .previous
            .as_ref()
            .filter(|previous| previous.until > now);
        let secrets = [
            Some(&self.current),
            previous.map(|previous| &previous.secret),
        ];
        let signatures: Vec<String> = secrets
            .into_iter()
            .flatten()
            .filter_map(|secret| secret.sign(&message))
            .collect();
        signatures.join(" ")
    }

    pub(super) fn written(&self) -> Vec<u8> {
        // Two texts and a time always can be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's own reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NAME: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn known() -> Secrets {
        Secrets::new(SigningSecret(SECRET.to_owned()))
    }

    #[test]
    fn signs_as_the_standards_own_example() {
        let signature = known().sign(NAME, 1_614_265_330, BODY, at(1_614_265_330));
        assert_eq!(signature, SIGNATURE);
    }

    #[test]
    fn after_a_rotation_both_sign_for_a_day() {
        let fresh = SigningSecret::fresh().unwrap();
        let rotated = known().rotated(fresh.clone(), at(0));
        let both = rotated.sign(NAME, 1_614_265_330, BODY, at(86_399));
        let [new, old]: [&str; 2] = both.split(' ').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(old, SIGNATURE);
        let alone = Secrets::new(fresh).sign(NAME, 1_614_265_330, BODY, at(0));
        assert_eq!(new, alone);
        assert_eq!(rotated.sign(NAME, 1_614_265_330, BODY, at(86_400)), alone);
    }

    #[test]
    fn a_second_rotation_ends_the_oldest() {
        let twice = known()
            .rotated(SigningSecret::fresh().unwrap(), at(0))
            .rotated(SigningSecret::fresh().unwrap(), at(1));
        assert!(
            !twice
                .sign(NAME, 1_614_265_330, BODY, at(2))
                .contains(SIGNATURE)
        );
    }

    #[test]
    fn another_name_time_or_body_is_another_signature() {
        for (name, timestamp, body) in [
            ("msg_x", 1_614_265_330, BODY),
            (NAME, 1, BODY),
            (NAME, 1_614_265_330, b"{}".as_slice()),
        ] {
            assert_ne!(known().sign(name, timestamp, body, at(0)), SIGNATURE);
        }
    }

    #[test]
    fn secrets_are_long_differ_read_back_and_are_not_printed() {
        let (one, two) = (
            SigningSecret::fresh().unwrap(),
            SigningSecret::fresh().unwrap(),
        );
        assert_ne!(one, two);
        assert_eq!(one.expose().len(), PREFIX.len() + 44);
        let secrets = Secrets::new(one.clone()).rotated(two, at(5));
        assert_eq!(Secrets::read(&secrets.written()).unwrap(), secrets);
        assert!(!format!("{secrets:?} {one:?}").contains("whsec_"));
    }
}
