//! `refresh_tokens` and `api_tokens`: what callers show instead of a password.
//!
//! Owns the rows of both, and the rotation; API tokens are in the file beside this one. Only hashes come here;
//! making and hashing tokens is for the API.
//! **Invariant:** a refresh token is exchanged once; shown again, it ends every token of its family, because
//! one of the two who showed it stole it.

mod api;
mod sessions;

use std::time::Duration;

use diesel::prelude::*;
use shared::ids::{TokenId, UserId};
use uuid::Uuid;

use super::clock;
use super::columns::{DbTime, DbUuid};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::refresh_tokens;

pub use api::{
    ApiToken, NewApiToken, Scopes, TokenEnd, api_by_hash, count_live_api, forget_api_of, get_api,
    insert_api, list_api, list_api_of, note_api_use, page_api, revoke_api,
};
pub use sessions::{Session, forget_sessions_of, sessions_of};

/// What became of a refresh token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was good, and is used up; the new one is in place.
    Rotated {
        /// Whose it is.
        user: UserId,
        /// The sign-in it belongs to.
        family: TokenId,
    },
    /// It was used before: its family is revoked.
    Reused {
        /// Whose it was.
        user: UserId,
        /// The sign-in it belonged to.
        family: TokenId,
        /// How many tokens that ended; none if the family had ended before.
        ended: usize,
    },
    /// Unknown, revoked or expired.
    Refused,
}

/// Starts a family: the first refresh token of a sign-in.
///
/// # Errors
/// As any query.
pub fn begin_family(
    conn: &mut Conn,
    id: TokenId,
    token_hash: &[u8],
    user: UserId,
    ttl: Duration,
) -> StoreResult<()> {
    // The first token's id names the family.
    insert_refresh(conn, id, token_hash, (id.as_uuid(), user), ttl)
}

/// Exchanges a refresh token for a new one. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn rotate(
    conn: &mut Conn,
    shown_hash: &[u8],
    new_id: TokenId,
    new_hash: &[u8],
    ttl: Duration,
) -> StoreResult<Rotation> {
    let now = DbTime::from(clock::now(conn)?);
    // The flag is set and tested by one statement: of two that show the same token, one gets the row.
    let exchanged: Option<(DbUuid, DbUuid)> = with_conn!(conn, |c| diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::token_hash.eq(shown_hash))
            .filter(refresh_tokens::used_at.is_null())
            .filter(refresh_tokens::revoked_at.is_null())
            .filter(refresh_tokens::expires_at.gt(now))
    )
    .set(refresh_tokens::used_at.eq(Some(now)))
    .returning((refresh_tokens::family, refresh_tokens::user_id))
    .get_result(c)
    .optional())?;
    if let Some((family, user)) = exchanged {
        let user = UserId::from(user);
        insert_refresh(conn, new_id, new_hash, (family.0, user), ttl)?;
        let family = family.into();
        return Ok(Rotation::Rotated { user, family });
    }
    let spent: Option<(DbUuid, DbUuid)> = with_conn!(conn, |c| refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(shown_hash))
        .filter(refresh_tokens::used_at.is_not_null())
        .select((refresh_tokens::family, refresh_tokens::user_id))
        .first(c)
        .optional())?;
    let Some((family, user)) = spent else {
        return Ok(Rotation::Refused);
    };
    let ended = revoke(conn, family, now)?;
    Ok(Rotation::Reused {
        user: user.into(),
        family: family.into(),
        ended,
    })
}

/// Whose refresh token it is, whatever became of it.
///
/// # Errors
/// As any query.
pub fn owner_of_refresh(conn: &mut Conn, shown_hash: &[u8]) -> StoreResult<Option<UserId>> {
    let owner: Option<DbUuid> = with_conn!(conn, |c| refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(shown_hash))
        .select(refresh_tokens::user_id)
        .first(c)
        .optional())?;
    Ok(owner.map(Into::into))
}

/// Ends the family a refresh token belongs to: signing out. Says whose and which it was, if it had not ended
/// before.
///
/// # Errors
/// As any query.
pub fn end_family(conn: &mut Conn, shown_hash: &[u8]) -> StoreResult<Option<(UserId, TokenId)>> {
    let now = DbTime::from(clock::now(conn)?);
    let found: Option<(DbUuid, DbUuid)> = with_conn!(conn, |c| refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(shown_hash))
        .select((refresh_tokens::user_id, refresh_tokens::family))
        .first(c)
        .optional())?;
    let Some((user, family)) = found else {
        return Ok(None);
    };
    let ended = revoke(conn, family, now)?;
    Ok((ended > 0).then(|| (user.into(), family.into())))
}

/// Ends all of somebody's sign-ins, but for the one that is spared; says how many tokens that concerned.
///
/// # Errors
/// As any query.
pub fn end_all_of(conn: &mut Conn, user: UserId, spared: Option<TokenId>) -> StoreResult<usize> {
    let now = DbTime::from(clock::now(conn)?);
    // No family has this name.
    let spared = DbUuid(spared.map_or(Uuid::nil(), |family| family.as_uuid()));
    Ok(with_conn!(conn, |c| diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::user_id.eq(DbUuid::from(user)))
            .filter(refresh_tokens::family.ne(spared))
            .filter(refresh_tokens::revoked_at.is_null())
    )
    .set(refresh_tokens::revoked_at.eq(Some(now)))
    .execute(c))?)
}

fn insert_refresh(
    conn: &mut Conn,
    id: TokenId,
    token_hash: &[u8],
    (family, user): (Uuid, UserId),
    ttl: Duration,
) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let row = (
        refresh_tokens::id.eq(DbUuid::from(id)),
        refresh_tokens::token_hash.eq(token_hash),
        refresh_tokens::family.eq(DbUuid(family)),
        refresh_tokens::user_id.eq(DbUuid::from(user)),
        refresh_tokens::created_at.eq(DbTime::from(now)),
        refresh_tokens::expires_at.eq(DbTime::from(clock::after(now, ttl))),
    );
    with_conn!(conn, |c| diesel::insert_into(refresh_tokens::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

fn revoke(conn: &mut Conn, family: DbUuid, now: DbTime) -> StoreResult<usize> {
    Ok(with_conn!(conn, |c| diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::family.eq(family))
            .filter(refresh_tokens::revoked_at.is_null())
    )
    .set(refresh_tokens::revoked_at.eq(Some(now)))
    .execute(c))?)
}
