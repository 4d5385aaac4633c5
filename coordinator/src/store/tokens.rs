//! `refresh_tokens` and `api_tokens`: what callers show instead of a password.
//!
//! Owns the rows and the rotation. Only hashes come here; making and hashing tokens is for `api`.
//! **Invariant:** a refresh token is exchanged once; shown again, it ends every token of its family, because
//! one of the two who showed it stole it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::{TokenId, UserId};
use uuid::Uuid;

use super::clock;
use super::columns::{DbJson, DbTime, DbUuid, MaybeTime, MaybeUuid, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::{api_tokens, refresh_tokens};
use super::violations::JsonList;

/// What became of a refresh token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It was good, and is used up; the new one is in place.
    Rotated {
        /// Whose it is.
        user: UserId,
    },
    /// It was used before: its family is revoked.
    Reused {
        /// Whose it was.
        user: UserId,
    },
    /// Unknown, revoked or expired.
    Refused,
}

/// An API token to add.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// Its id.
    pub id: TokenId,
    /// The hash of its secret.
    pub token_hash: Vec<u8>,
    /// For people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The role it stands for, if any.
    pub role: Option<String>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// How long it is good; for ever without.
    pub ttl: Option<Duration>,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = api_tokens)]
pub struct ApiToken {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: TokenId,
    /// For people.
    pub name: String,
    /// What it may do.
    #[diesel(deserialize_as = DbJson)]
    pub scopes: Scopes,
    /// The role it stands for, if any.
    pub role: Option<String>,
    /// Who made it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub created_by: Option<UserId>,
    /// When it was made.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it ends.
    #[diesel(deserialize_as = MaybeTime)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to about a minute.
    #[diesel(deserialize_as = MaybeTime)]
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[diesel(deserialize_as = MaybeTime)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What a token may do.
pub type Scopes = JsonList<String>;

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
        return Ok(Rotation::Rotated { user });
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
    revoke(conn, family, now)?;
    Ok(Rotation::Reused { user: user.into() })
}

/// Ends the family a refresh token belongs to: signing out. `false` if the token is unknown.
///
/// # Errors
/// As any query.
pub fn end_family(conn: &mut Conn, shown_hash: &[u8]) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let family: Option<DbUuid> = with_conn!(conn, |c| refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(shown_hash))
        .select(refresh_tokens::family)
        .first(c)
        .optional())?;
    if let Some(family) = family {
        revoke(conn, family, now)?;
    }
    Ok(family.is_some())
}

/// Ends all of somebody's sign-ins; says how many tokens that concerned.
///
/// # Errors
/// As any query.
pub fn end_all_of(conn: &mut Conn, user: UserId) -> StoreResult<usize> {
    let now = DbTime::from(clock::now(conn)?);
    Ok(with_conn!(conn, |c| diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::user_id.eq(DbUuid::from(user)))
            .filter(refresh_tokens::revoked_at.is_null())
    )
    .set(refresh_tokens::revoked_at.eq(Some(now)))
    .execute(c))?)
}

/// Adds an API token.
///
/// # Errors
/// As any query.
pub fn insert_api(conn: &mut Conn, new: &NewApiToken) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let row = (
        api_tokens::id.eq(DbUuid::from(new.id)),
        api_tokens::token_hash.eq(&new.token_hash),
        api_tokens::name.eq(storable(&new.name).into_owned()),
        api_tokens::scopes.eq(DbJson::of(&new.scopes)?),
        api_tokens::role.eq(new.role.as_ref()),
        api_tokens::created_by.eq(new.created_by.map(DbUuid::from)),
        api_tokens::created_at.eq(DbTime::from(now)),
        api_tokens::expires_at.eq(new.ttl.map(|ttl| DbTime::from(clock::after(now, ttl)))),
    );
    with_conn!(conn, |c| diesel::insert_into(api_tokens::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// The API token with that hash, if it is neither revoked nor expired.
///
/// # Errors
/// As any query.
pub fn api_by_hash(conn: &mut Conn, token_hash: &[u8]) -> StoreResult<Option<ApiToken>> {
    let now = DbTime::from(clock::now(conn)?);
    Ok(with_conn!(conn, |c| api_tokens::table
        .filter(api_tokens::token_hash.eq(token_hash))
        .filter(api_tokens::revoked_at.is_null())
        .filter(
            api_tokens::expires_at
                .is_null()
                .or(api_tokens::expires_at.gt(now))
        )
        .select(ApiToken::as_select())
        .first(c)
        .optional())?)
}

/// Notes that an API token was used; writes at most once a minute for each.
///
/// # Errors
/// As any query.
pub fn note_api_use(conn: &mut Conn, id: TokenId) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let a_minute_ago = DbTime::from(now - chrono::TimeDelta::minutes(1));
    with_conn!(conn, |c| diesel::update(
        api_tokens::table.find(DbUuid::from(id)).filter(
            api_tokens::last_used_at
                .is_null()
                .or(api_tokens::last_used_at.lt(a_minute_ago))
        )
    )
    .set(api_tokens::last_used_at.eq(Some(DbTime::from(now))))
    .execute(c))?;
    Ok(())
}

/// All API tokens, newest first, revoked ones too.
///
/// # Errors
/// As any query.
pub fn list_api(conn: &mut Conn) -> StoreResult<Vec<ApiToken>> {
    Ok(with_conn!(conn, |c| api_tokens::table
        .order(api_tokens::id.desc())
        .select(ApiToken::as_select())
        .load(c))?)
}

/// Revokes an API token; `false` if there is none, or if it was revoked before.
///
/// # Errors
/// As any query.
pub fn revoke_api(conn: &mut Conn, id: TokenId) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let revoked = with_conn!(conn, |c| diesel::update(
        api_tokens::table
            .find(DbUuid::from(id))
            .filter(api_tokens::revoked_at.is_null())
    )
    .set(api_tokens::revoked_at.eq(Some(now)))
    .execute(c))?;
    Ok(revoked == 1)
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

fn revoke(conn: &mut Conn, family: DbUuid, now: DbTime) -> StoreResult<()> {
    with_conn!(conn, |c| diesel::update(
        refresh_tokens::table
            .filter(refresh_tokens::family.eq(family))
            .filter(refresh_tokens::revoked_at.is_null())
    )
    .set(refresh_tokens::revoked_at.eq(Some(now)))
    .execute(c))?;
    Ok(())
}
