//! `api_tokens`: the credentials of programs.
//!
//! **Invariant:** a token that is revoked or too old is found by nobody who shows it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use shared::ids::{TokenId, UserId};

use crate::store::clock;
use crate::store::columns::{DbJson, DbTime, DbUuid, MaybeTime, MaybeUuid, storable};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{Page, Paging};
use crate::store::schema::api_tokens;
use crate::store::violations::JsonList;

/// Uses within so short a time are one to us.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

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
    /// When it ends.
    pub end: TokenEnd,
}

/// When an API token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEnd {
    /// Not by itself.
    Never,
    /// So long after it was made.
    After(Duration),
    /// Then.
    At(DateTime<Utc>),
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

impl TokenEnd {
    fn at(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => None,
            Self::After(time) => Some(clock::after(now, time)),
            Self::At(time) => Some(time),
        }
    }
}

impl ApiToken {
    /// Whether the time of its last use is to be noted again.
    pub fn is_use_old(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at
            .is_none_or(|used| now.signed_duration_since(used) >= USE_NOTED_EVERY)
    }
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
        api_tokens::expires_at.eq(new.end.at(now).map(DbTime::from)),
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
    let a_minute_ago = DbTime::from(now - USE_NOTED_EVERY);
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

/// Somebody's API tokens, newest first, revoked ones too.
///
/// # Errors
/// As any query.
pub fn list_api_of(conn: &mut Conn, owner: UserId) -> StoreResult<Vec<ApiToken>> {
    Ok(with_conn!(conn, |c| api_tokens::table
        .filter(api_tokens::created_by.eq(DbUuid::from(owner)))
        .order(api_tokens::id.desc())
        .select(ApiToken::as_select())
        .load(c))?)
}

/// Deletes somebody's API tokens; says how many.
///
/// # Errors
/// As any query.
pub fn forget_api_of(conn: &mut Conn, owner: UserId) -> StoreResult<usize> {
    Ok(with_conn!(conn, |c| diesel::delete(
        api_tokens::table.filter(api_tokens::created_by.eq(DbUuid::from(owner)))
    )
    .execute(c))?)
}

/// An API token, revoked or not.
///
/// # Errors
/// As any query.
pub fn get_api(conn: &mut Conn, id: TokenId) -> StoreResult<Option<ApiToken>> {
    Ok(with_conn!(conn, |c| api_tokens::table
        .find(DbUuid::from(id))
        .select(ApiToken::as_select())
        .first(c)
        .optional())?)
}

/// API tokens, newest first, revoked ones too.
///
/// # Errors
/// As any query.
pub fn page_api(conn: &mut Conn, paging: Paging) -> StoreResult<Page<ApiToken>> {
    let (rows, total): (Vec<ApiToken>, i64) = with_conn!(conn, |c| {
        let rows = api_tokens::table
            .filter(api_tokens::id.lt(paging.below()))
            .order(api_tokens::id.desc())
            .limit(paging.rows())
            .select(ApiToken::as_select())
            .load(c)?;
        (rows, api_tokens::table.count().get_result(c)?)
    });
    Ok(Page::new(rows, total))
}

/// How many of somebody's API tokens are good.
///
/// # Errors
/// As any query.
pub fn count_live_api(conn: &mut Conn, owner: UserId) -> StoreResult<u64> {
    let now = DbTime::from(clock::now(conn)?);
    let live: i64 = with_conn!(conn, |c| api_tokens::table
        .filter(api_tokens::created_by.eq(DbUuid::from(owner)))
        .filter(api_tokens::revoked_at.is_null())
        .filter(
            api_tokens::expires_at
                .is_null()
                .or(api_tokens::expires_at.gt(now))
        )
        .count()
        .get_result(c))?;
    Ok(u64::try_from(live).unwrap_or_default())
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
