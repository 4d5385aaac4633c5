//! API tokens, as the database has them.

use async_trait::async_trait;
use shared::job::RetryClass;

use super::auth::{Principal, TokenHash, TokenLookup};
use super::problem::ApiError;
use crate::domain::roles::{Permission, Permissions, Role};
use crate::store::Store;
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
                Ok(users::get(conn, owner)?
                    .filter(|user| !user.disabled)
                    .map(|user| (token, user)))
            })
            .await?;
        let Some((token, user)) = found else {
            return Ok(None);
        };
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

/// What the token's scopes name. An unknown scope grants nothing.
fn granted(token: &ApiToken) -> Result<Permissions, ApiError> {
    let scopes = token.scopes.0.iter();
    let named: Result<Vec<Permission>, _> =
        scopes.map(|scope| scope.parse::<Permission>()).collect();
    named
        .map(|permissions| permissions.into_iter().collect())
        .map_err(|error| ApiError::failed(RetryClass::Permanent, error))
}
