//! Access tokens: JWT signed with HMAC-SHA256, good for fifteen minutes.
//!
//! Owns issuing and checking them. Leaves refreshing (opaque tokens in the database) to others; time comes
//! from the injected clock, not from the JWT library.
//! **Invariant:** only HS256 under our key, with our issuer and audience, is ever accepted.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use shared::clock::SharedClock;
use shared::ids::{TokenId, UserId};
use shared::job::RetryClass;
use shared::secret::SecretString;

use crate::domain::roles::Role;

/// How long an access token is good for.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_mins(15);

const ISSUER: &str = "weir";
const AUDIENCE: &str = "weir-api";
/// Ours are some 400 long; anything longer is not worth decoding.
const MAX_LENGTH: usize = 2048;

/// Issues and checks access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    signing: EncodingKey,
    checking: DecodingKey,
    clock: SharedClock,
}

/// A token fresh from the press.
#[derive(Debug)]
pub struct IssuedToken {
    /// What the caller sends back as `Authorization: Bearer`.
    pub token: SecretString,
    /// How long it is good for.
    pub expires_in: Duration,
}

/// Whom a token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserId,
    /// The role the user had when the token was issued.
    pub role: Role,
    /// The session it belongs to.
    pub session: TokenId,
    /// Since when the user's sessions were good when the token was issued. Comparing it with what the database
    /// has now needs no clock: neither whole seconds nor two machines that differ can pass a token by.
    pub since: DateTime<Utc>,
}

/// Why a token is not accepted. The caller hears no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours: another form, algorithm, key, issuer or audience.
    #[error("the access token is not valid")]
    Invalid,
    /// It was one, once.
    #[error("the access token has expired")]
    Expired,
    /// It could not be signed.
    #[error("the access token cannot be signed")]
    Signing,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    role: Role,
    iat: i64,
    exp: i64,
    jti: TokenId,
    sid: TokenId,
    /// [`Identity::since`], in microseconds since 1970.
    since: i64,
}

impl TokenError {
    /// Permanent: the same token will not become good.
    pub const fn class(self) -> RetryClass {
        RetryClass::Permanent
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokens")
    }
}

impl AccessTokens {
    /// Wraps the key of this purpose.
    pub fn new(key: &[u8; 32], clock: SharedClock) -> Self {
        Self {
            signing: EncodingKey::from_secret(key),
            checking: DecodingKey::from_secret(key),
            clock,
        }
    }

    /// Issues a token.
    ///
    /// # Errors
    /// [`TokenError::Signing`] (permanent).
    pub fn issue(&self, identity: &Identity) -> Result<IssuedToken, TokenError> {
        let now = self.clock.now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: identity.user,
            role: identity.role,
            iat: now.timestamp(),
            exp: (now + ACCESS_TOKEN_LIFETIME).timestamp(),
            jti: TokenId::fresh(),
            sid: identity.session,
            since: identity.since.timestamp_micros(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .or(Err(TokenError::Signing))?;
        Ok(IssuedToken {
            token: token.into(),
            expires_in: ACCESS_TOKEN_LIFETIME,
        })
    }

    /// Whom a token names, if it is ours and still good.
    ///
    /// # Errors
    /// [`TokenError`] (permanent).
    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        // The library's errors can quote the token: only their kind is looked at.
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &validation())
            .map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => TokenError::Expired,
                _ => TokenError::Invalid,
            })?
            .claims;
        let now = self.clock.now().timestamp();
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        Ok(Identity {
            user: claims.sub,
            role: claims.role,
            session: claims.sid,
            since: DateTime::from_timestamp_micros(claims.since).ok_or(TokenError::Invalid)?,
        })
    }
}

/// The library would ask the system's clock for `exp`: that is checked above.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use shared::clock::ManualClock;
    use shared::secret::ExposeSecret;

    use super::*;

    const KEY: [u8; 32] = [3; 32];
    const NOW: i64 = 1_700_000_000;

    fn at(seconds: i64) -> (AccessTokens, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(
            DateTime::from_timestamp(seconds, 0).unwrap(),
        ));
        (AccessTokens::new(&KEY, clock.clone()), clock)
    }

    fn claims() -> Value {
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": UserId::fresh(), "role": "admin",
            "iat": NOW, "exp": NOW + 900, "jti": TokenId::fresh(), "sid": TokenId::fresh(), "since": 5})
    }

    fn somebody(role: Role) -> Identity {
        Identity {
            user: UserId::fresh(),
            role,
            session: TokenId::fresh(),
            since: DateTime::from_timestamp_micros(1_700_000_000_000_007).unwrap(),
        }
    }

    fn signed(header: &Header, claims: &Value, key: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(key)).unwrap()
    }

    #[test]
    fn a_token_reads_back_whom_it_was_issued_for() {
        let (tokens, _) = at(NOW);
        let somebody = somebody(Role::Auditor);
        let issued = tokens.issue(&somebody).unwrap();
        assert_eq!(tokens.verify(issued.token.expose_secret()), Ok(somebody));
    }

    #[test]
    fn a_token_is_good_for_fifteen_minutes_by_the_injected_clock() {
        let (tokens, clock) = at(NOW);
        let issued = tokens.issue(&somebody(Role::Admin)).unwrap();
        clock.advance(Duration::from_secs(15 * 60 - 1));
        assert!(tokens.verify(issued.token.expose_secret()).is_ok());
        clock.advance(Duration::from_secs(1));
        assert_eq!(
            tokens.verify(issued.token.expose_secret()),
            Err(TokenError::Expired)
        );
    }

    #[test]
    fn refuses_another_key_issuer_audience_and_algorithm() {
        let (tokens, _) = at(NOW);
        let ours = Header::new(Algorithm::HS256);
        assert!(tokens.verify(&signed(&ours, &claims(), &KEY)).is_ok());
        assert_eq!(
            tokens.verify(&signed(&ours, &claims(), &[4; 32])),
            Err(TokenError::Invalid)
        );
        let stronger = Header::new(Algorithm::HS512);
        assert_eq!(
            tokens.verify(&signed(&stronger, &claims(), &KEY)),
            Err(TokenError::Invalid)
        );
        for (claim, value) in [
            ("iss", "other"),
            ("aud", "other"),
            ("role", "root"),
            ("sub", "1"),
        ] {
            let mut changed = claims();
            changed[claim] = value.into();
            assert_eq!(
                tokens.verify(&signed(&ours, &changed, &KEY)),
                Err(TokenError::Invalid),
                "{claim}"
            );
        }
    }

    #[test]
    fn refuses_a_token_that_lacks_a_claim() {
        let (tokens, _) = at(NOW);
        for claim in ["iss", "aud", "sub", "exp", "role", "jti", "sid", "since"] {
            let mut lacking = claims();
            lacking.as_object_mut().unwrap().remove(claim);
            let token = signed(&Header::new(Algorithm::HS256), &lacking, &KEY);
            assert_eq!(tokens.verify(&token), Err(TokenError::Invalid), "{claim}");
        }
    }

    #[test]
    fn refuses_a_token_that_nobody_signed() {
        let (tokens, _) = at(NOW);
        let payload = URL_SAFE_NO_PAD.encode(claims().to_string());
        for alg in ["none", "None", "NONE"] {
            let header = URL_SAFE_NO_PAD.encode(json!({"typ": "JWT", "alg": alg}).to_string());
            for signature in ["", "AAAA"] {
                let token = format!("{header}.{payload}.{signature}");
                assert_eq!(tokens.verify(&token), Err(TokenError::Invalid), "{alg}");
            }
        }
    }

    #[test]
    fn refuses_what_is_no_token() {
        let (tokens, _) = at(NOW);
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            "weir_pat_x",
            &"x".repeat(MAX_LENGTH + 1),
        ] {
            assert_eq!(tokens.verify(text), Err(TokenError::Invalid));
        }
    }
}
