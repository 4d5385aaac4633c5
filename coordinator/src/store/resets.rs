//! `password_resets`: tokens that are good once, to set a new password.
//!
//! Owns the rows. Only hashes come here; making tokens and telling them to people is for others.
//! **Invariant:** a token is used once: of two who show it, one gets the row.

use std::time::Duration;

use diesel::prelude::*;
use shared::ids::{TokenId, UserId};

use super::clock;
use super::columns::{DbTime, DbUuid};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::password_resets;

/// Adds a token.
///
/// # Errors
/// As any query.
pub fn insert(
    conn: &mut Conn,
    id: TokenId,
    token_hash: &[u8],
    user: UserId,
    ttl: Duration,
) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let row = (
        password_resets::id.eq(DbUuid::from(id)),
        password_resets::token_hash.eq(token_hash),
        password_resets::user_id.eq(DbUuid::from(user)),
        password_resets::created_at.eq(DbTime::from(now)),
        password_resets::expires_at.eq(DbTime::from(clock::after(now, ttl))),
    );
    with_conn!(conn, |c| diesel::insert_into(password_resets::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// How many somebody got within the last `window`, used ones too.
///
/// # Errors
/// As any query.
pub fn made_within(conn: &mut Conn, user: UserId, window: Duration) -> StoreResult<u64> {
    let since = DbTime::from(clock::now(conn)? - window);
    let made: i64 = with_conn!(conn, |c| password_resets::table
        .filter(password_resets::user_id.eq(DbUuid::from(user)))
        .filter(password_resets::created_at.gt(since))
        .count()
        .get_result(c))?;
    Ok(u64::try_from(made).unwrap_or_default())
}

/// Whose token it is, if it is neither used nor too old.
///
/// # Errors
/// As any query.
pub fn owner_of(conn: &mut Conn, token_hash: &[u8]) -> StoreResult<Option<UserId>> {
    let now = DbTime::from(clock::now(conn)?);
    let owner: Option<DbUuid> = with_conn!(conn, |c| password_resets::table
        .filter(password_resets::token_hash.eq(token_hash))
        .filter(password_resets::used_at.is_null())
        .filter(password_resets::expires_at.gt(now))
        .select(password_resets::user_id)
        .first(c)
        .optional())?;
    Ok(owner.map(Into::into))
}

/// Uses a token up; `false` if it is unknown, used or too old.
///
/// # Errors
/// As any query.
pub fn consume(conn: &mut Conn, token_hash: &[u8]) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    // The flag is set and tested by one statement: of two that show the same token, one gets the row.
    let used = with_conn!(conn, |c| diesel::update(
        password_resets::table
            .filter(password_resets::token_hash.eq(token_hash))
            .filter(password_resets::used_at.is_null())
            .filter(password_resets::expires_at.gt(now))
    )
    .set(password_resets::used_at.eq(Some(now)))
    .execute(c))?;
    Ok(used == 1)
}

/// Makes all of somebody's tokens worthless.
///
/// # Errors
/// As any query.
pub fn void_all_of(conn: &mut Conn, user: UserId) -> StoreResult<usize> {
    let now = DbTime::from(clock::now(conn)?);
    Ok(with_conn!(conn, |c| diesel::update(
        password_resets::table
            .filter(password_resets::user_id.eq(DbUuid::from(user)))
            .filter(password_resets::used_at.is_null())
    )
    .set(password_resets::used_at.eq(Some(now)))
    .execute(c))?)
}

/// Deletes all of somebody's tokens.
///
/// # Errors
/// As any query.
pub fn forget_all_of(conn: &mut Conn, user: UserId) -> StoreResult<()> {
    with_conn!(conn, |c| diesel::delete(
        password_resets::table.filter(password_resets::user_id.eq(DbUuid::from(user)))
    )
    .execute(c))?;
    Ok(())
}

/// Deletes tokens that have been too old for a day; says how many.
///
/// # Errors
/// As any query.
pub fn forget_old(conn: &mut Conn) -> StoreResult<usize> {
    let since = DbTime::from(clock::now(conn)? - chrono::TimeDelta::days(1));
    Ok(with_conn!(conn, |c| diesel::delete(
        password_resets::table.filter(password_resets::expires_at.lt(since))
    )
    .execute(c))?)
}
