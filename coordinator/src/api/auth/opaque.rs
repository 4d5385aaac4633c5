//! Refresh tokens, API tokens and tokens to reset a password: random, and known to us only by a keyed hash.
//!
//! Owns their form and their hash. Leaves rows, expiry and revocation to `store`.
//! **Invariant:** whoever reads the database can make no token from it, nor test guesses without the key.

use std::fmt;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::job::RetryClass;
use shared::secret::SecretString;

const SECRET_BYTES: usize = 32;
/// 32 bytes in base64 without padding.
const SECRET_CHARS: usize = 43;

/// What a token is for; told by its prefix, so that scanners (ours too) know it when they see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Gets a new access token, once.
    Refresh,
    /// A program's credential.
    Api,
    /// Sets a new password, once.
    Reset,
}

/// What is stored of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// A new token, and what to store of it.
#[derive(Debug)]
pub struct Minted {
    /// Shown to its owner, once.
    pub token: SecretString,
    /// Stored.
    pub hash: TokenHash,
}

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness for a token")]
pub struct NoRandomness;

/// Makes and recognises tokens.
#[derive(Clone)]
pub struct OpaqueTokens(hmac::Key);

impl NoRandomness {
    /// Transient: the system may have some later.
    pub const fn class(self) -> RetryClass {
        RetryClass::Transient
    }
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Refresh, Self::Api, Self::Reset];

    /// How its tokens begin.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "weir_rt_",
            Self::Api => "weir_pat_",
            Self::Reset => "weir_rst_",
        }
    }
}

impl TokenHash {
    /// A hash read from the database; none if it is not 32 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store and to look up by.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

impl fmt::Debug for OpaqueTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpaqueTokens")
    }
}

impl OpaqueTokens {
    /// Wraps the key of this purpose.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`NoRandomness`] (transient).
    pub fn mint(&self, kind: TokenKind) -> Result<Minted, NoRandomness> {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).or(Err(NoRandomness))?;
        let token = format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(secret));
        Ok(Minted {
            hash: self.hash(&token),
            token: token.into(),
        })
    }

    /// What to look a token up by; none if it is not of the form of `kind`.
    pub fn recognise(&self, kind: TokenKind, token: &str) -> Option<TokenHash> {
        let secret = token.strip_prefix(kind.prefix())?;
        let well_formed = secret.len() == SECRET_CHARS
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        well_formed.then(|| self.hash(token))
    }

    fn hash(&self, token: &str) -> TokenHash {
        let tag = hmac::sign(&self.0, token.as_bytes());
        let mut bytes = [0; 32];
        bytes
            .iter_mut()
            .zip(tag.as_ref())
            .for_each(|(to, from)| *to = *from);
        TokenHash(bytes)
    }
}

#[cfg(test)]
mod tests {
    use shared::secret::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_is_recognised_by_its_hash() {
        let tokens = OpaqueTokens::new(&[1; 32]);
        for kind in TokenKind::ALL {
            let minted = tokens.mint(kind).unwrap();
            let text = minted.token.expose_secret();
            assert_eq!(tokens.recognise(kind, text), Some(minted.hash));
            assert_eq!(
                TokenHash::from_bytes(minted.hash.as_bytes()),
                Some(minted.hash)
            );
        }
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_the_other() {
        let tokens = OpaqueTokens::new(&[1; 32]);
        let refresh = tokens.mint(TokenKind::Refresh).unwrap();
        assert_eq!(
            tokens.recognise(TokenKind::Api, refresh.token.expose_secret()),
            None
        );
    }

    #[test]
    fn another_key_gives_another_hash() {
        let minted = OpaqueTokens::new(&[1; 32]).mint(TokenKind::Api).unwrap();
        let elsewhere = OpaqueTokens::new(&[2; 32]);
        let hash = elsewhere.recognise(TokenKind::Api, minted.token.expose_secret());
        assert_ne!(hash, Some(minted.hash));
    }

    #[test]
    fn no_two_tokens_are_alike() {
        let tokens = OpaqueTokens::new(&[1; 32]);
        let hashes: std::collections::HashSet<_> = (0..64)
            .map(|_| tokens.mint(TokenKind::Api).unwrap().hash)
            .collect();
        assert_eq!(hashes.len(), 64);
    }

    #[test]
    fn neither_token_nor_hash_is_shown() {
        let minted = OpaqueTokens::new(&[1; 32]).mint(TokenKind::Api).unwrap();
        let shown = format!("{minted:?}");
        assert!(
            !shown.contains("weir_pat_") && shown.contains("TokenHash"),
            "{shown}"
        );
    }

    #[test]
    fn what_is_no_token_is_not_looked_up() {
        let tokens = OpaqueTokens::new(&[1; 32]);
        for text in [
            "",
            "weir_pat_",
            "weir_pat_short",
            &format!("weir_pat_{}", "!".repeat(43)),
        ] {
            assert_eq!(tokens.recognise(TokenKind::Api, text), None, "{text}");
        }
    }
}
