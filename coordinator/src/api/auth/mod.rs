//! Who is calling, and may they.
//!
//! Owns passwords, access tokens, opaque tokens, and the guards that handlers take as first argument.
//! Leaves users and stored tokens to `store`, behind [`TokenLookup`]; what a role may do to `domain::roles`.
//! **Invariant:** a secret is kept only as a hash; no error says which part of a credential was wrong.

mod argon;
mod authenticator;
mod authorized;
mod jwt;
mod opaque;
mod password;

pub use authenticator::{Authenticator, Credential, Principal, TokenLookup};
pub use authorized::{Authorized, Public, RequiredRight, Visitor, permit};
pub use jwt::{ACCESS_TOKEN_LIFETIME, AccessTokens, Identity, IssuedToken, TokenError};
pub use opaque::{Minted, NoRandomness, OpaqueTokens, TokenHash, TokenKind};
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, PasswordError, Passwords};
