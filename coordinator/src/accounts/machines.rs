//! API tokens: the credentials of programs.
//!
//! **Invariant:** what is stored is the keyed hash; the secret is in the one answer that made it.

use serde_json::json;
use shared::ids::{TokenId, UserId};

use super::{AccountError, By};
use crate::api::auth::{Minted, OpaqueTokens, TokenKind};
use crate::domain::roles::Permission;
use crate::store::tokens::{self, ApiToken, NewApiToken, TokenEnd};
use crate::store::{Store, StoreError, audit, users};

/// Tokens that somebody may have at once.
pub const MAX_TOKENS: u64 = 100;

/// A token to make.
#[derive(Debug)]
pub struct NewMachine {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Permission>,
    /// When it ends.
    pub end: TokenEnd,
    /// Whose it is: it never gives more than their role.
    pub owner: UserId,
}

/// Makes a token.
///
/// # Errors
/// [`AccountError::Missing`], [`AccountError::TooManyTokens`] (permanent), or what database and randomness say.
pub async fn add_token(
    store: &Store,
    tokens: &OpaqueTokens,
    new: NewMachine,
    by: By,
) -> Result<(ApiToken, Minted), AccountError> {
    let minted = tokens.mint(TokenKind::Api)?;
    let owner = new.owner;
    let scopes = new.scopes.iter().map(|scope| scope.as_str().to_owned());
    let row = NewApiToken {
        id: TokenId::fresh(),
        token_hash: minted.hash.as_bytes().to_vec(),
        name: new.name,
        scopes: scopes.collect(),
        role: None,
        created_by: Some(owner),
        end: new.end,
    };
    let added = store.write(move |conn| {
        // Held, so that of two who make the last one that may be, one is told no.
        if users::hold(conn, owner)?.is_none() {
            return Ok(Err(AccountError::Missing));
        }
        if tokens::count_live_api(conn, owner)? >= MAX_TOKENS {
            return Ok(Err(AccountError::TooManyTokens));
        }
        tokens::insert_api(conn, &row)?;
        let data = json!({"owner": owner, "scopes": row.scopes});
        audit::append(conn, [by.entry("token.created", row.id, data)]);
        let made = tokens::get_api(conn, row.id)?.ok_or(StoreError::Conflict)?;
        Ok(Ok(made))
    });
    Ok((added.await??, minted))
}

/// Revokes a token; `false` if it was revoked before.
///
/// # Errors
/// [`AccountError::Missing`] (permanent), or what the database says.
pub async fn revoke_token(store: &Store, id: TokenId, by: By) -> Result<bool, AccountError> {
    let revoked = store.write(move |conn| {
        let Some(token) = tokens::get_api(conn, id)? else {
            return Ok(None);
        };
        let revoked = tokens::revoke_api(conn, id)?;
        if revoked {
            let data = json!({"owner": token.created_by});
            audit::append(conn, [by.entry("token.revoked", id, data)]);
        }
        Ok(Some(revoked))
    });
    revoked.await?.ok_or(AccountError::Missing)
}
