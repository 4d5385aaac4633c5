//! From an `Authorization` header to a principal.
//!
//! Owns telling the two credentials apart and the 401 that answers bad ones. Leaves stored API tokens to
//! whoever implements [`TokenLookup`].
//! **Invariant:** a refresh token opens nothing but the refresh route; an access token of a session that was
//! ended opens nothing.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use async_trait::async_trait;
use shared::ids::{TokenId, UserId};

use super::jwt::AccessTokens;
use super::opaque::{OpaqueTokens, TokenHash, TokenKind};
use crate::api::problem::{ApiError, ErrorCode};
use crate::domain::roles::{Permissions, Role};
use crate::ended_sessions::EndedSessions;

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user, also behind an API token.
    pub user: UserId,
    /// The user's role.
    pub role: Role,
    /// What they may do now: the role's permissions, narrowed by the token's.
    pub permissions: Permissions,
    /// How they proved it.
    pub credential: Credential,
}

/// How a principal proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// By an access token of this session.
    Session(TokenId),
    /// By this API token.
    ApiToken(TokenId),
}

/// Finds the owner of an API token.
#[async_trait]
pub trait TokenLookup: Send + Sync {
    /// The token's principal; none if there is no such token, it is revoked, or its owner may not sign in.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] (transient) if the tokens cannot be read now.
    async fn principal_of(&self, token: &TokenHash) -> Result<Option<Principal>, ApiError>;
}

/// Checks credentials. Lives in the app's data.
#[derive(Clone)]
pub struct Authenticator {
    /// Access tokens.
    pub access: AccessTokens,
    /// Refresh and API tokens.
    pub opaque: OpaqueTokens,
    /// The stored API tokens.
    pub lookup: Arc<dyn TokenLookup>,
    /// Whose sessions were ended lately.
    pub ended: Arc<EndedSessions>,
}

impl Principal {
    /// Somebody with all that their role gives.
    pub fn of_session(user: UserId, role: Role, session: TokenId) -> Self {
        Self {
            user,
            role,
            permissions: role.permissions(),
            credential: Credential::Session(session),
        }
    }

    /// The session, for what an API token may never do: a credential that got out must not be able to make
    /// itself last.
    ///
    /// # Errors
    /// [`ErrorCode::Forbidden`] (permanent): the caller is an API token.
    pub fn session(&self) -> Result<TokenId, ApiError> {
        match self.credential {
            Credential::Session(session) => Ok(session),
            Credential::ApiToken(_) => Err(ApiError::new(ErrorCode::Forbidden)
                .with_detail("an API token cannot do this: sign in")),
        }
    }

    /// A token of somebody's, with what both the role and the token give.
    pub fn of_api_token(user: UserId, role: Role, token: TokenId, granted: Permissions) -> Self {
        Self {
            user,
            role,
            permissions: role.permissions().narrowed_to(granted),
            credential: Credential::ApiToken(token),
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator")
    }
}

impl Authenticator {
    /// Who sent this `Authorization` header.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] (permanent); what [`TokenLookup`] says.
    pub async fn authenticate(&self, authorization: Option<&str>) -> Result<Principal, ApiError> {
        let Some(header) = authorization else {
            return Err(unauthenticated("Bearer realm=\"weir\""));
        };
        let token = bearer(header).ok_or_else(invalid_token)?;
        if let Some(hash) = self.opaque.recognise(TokenKind::Api, token) {
            return self
                .lookup
                .principal_of(&hash)
                .await?
                .ok_or_else(invalid_token);
        }
        let identity = self
            .access
            .verify(token)
            .map_err(|error| invalid_token().with_source(error))?;
        if self.ended.has_ended(&identity) {
            return Err(invalid_token());
        }
        Ok(Principal::of_session(
            identity.user,
            identity.role,
            identity.session,
        ))
    }
}

/// The scheme's name is case-insensitive (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

fn invalid_token() -> ApiError {
    unauthenticated("Bearer realm=\"weir\", error=\"invalid_token\"")
}

/// # Source
/// RFC 6750, section 3
fn unauthenticated(challenge: &'static str) -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated)
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_taken_out_of_its_header() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"] {
            assert_eq!(bearer(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_never_gives_more_than_its_owners_role() {
        let principal = Principal::of_api_token(
            UserId::fresh(),
            Role::Auditor,
            TokenId::fresh(),
            Role::Admin.permissions(),
        );
        assert_eq!(principal.permissions, Role::Auditor.permissions());
    }
}
