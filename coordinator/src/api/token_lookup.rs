//! API tokens, as the database has them.

use async_trait::async_trait;
use shared::ids::TokenId;
use shared::job::RetryClass;

use super::auth::{Principal, TokenHash, TokenLookup};
use super::problem::ApiError;
use crate::domain::roles::{Permission, Permissions, Role};
use crate::store::Store;
use crate::store::clock;
use crate::store::tokens::{self, ApiToken};
use crate::store::users;

/// Looks tokens up in the store.
#[derive(Clone, Debug)]
pub struct StoredTokens(pub Store);

#[async_trait]
impl TokenLookup for StoredTokens {
    async fn principal_of(&self, token: &TokenHash) -> Result<Option<Principal>, ApiError> {
        let hash = *token.as_bytes();
        let found = self
            .0
            .read(move |conn| {
                let Some(token) = tokens::api_by_hash(conn, &hash)? else {
                    return Ok(None);
                };
                let Some(owner) = token.created_by else {
                    return Ok(None);
                };
                let now = clock::now(conn)?;
                Ok(users::get(conn, owner)?
                    .filter(|user| !user.disabled)
                    .map(|user| (token.is_use_old(now), token, user)))
            })
            .await?;
        let Some((is_use_old, token, user)) = found else {
            return Ok(None);
        };
        if is_use_old {
            self.note_use(token.id).await;
        }
        let role: Role = user
            .role
            .parse()
            .map_err(|error| ApiError::failed(RetryClass::Permanent, error))?;
        Ok(Some(Principal::of_api_token(
            user.id,
            role,
            token.id,
            granted(&token)?,
        )))
    }
}

impl StoredTokens {
    /// The time is for people who tidy up: a call does not fail for it.
    async fn note_use(&self, id: TokenId) {
        let noted = self
            .0
            .write(move |conn| tokens::note_api_use(conn, id))
            .await;
        if let Err(error) = noted {
            tracing::debug!(%error, "the use of an api token is not noted");
        }
    }
}

/// What the token's scopes name. An unknown scope grants nothing.
fn granted(token: &ApiToken) -> Result<Permissions, ApiError> {
    let scopes = token.scopes.0.iter();
    let named: Result<Vec<Permission>, _> =
        scopes.map(|scope| scope.parse::<Permission>()).collect();
    named
        .map(|permissions| permissions.into_iter().collect())
        .map_err(|error| ApiError::failed(RetryClass::Permanent, error))
}
