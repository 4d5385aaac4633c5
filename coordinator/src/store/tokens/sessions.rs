//! What the refresh tokens of somebody tell: when they signed in, and for how long.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::{TokenId, UserId};

use crate::store::columns::{DbTime, DbUuid, MaybeTime};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::refresh_tokens;

/// A refresh token that was given out.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = refresh_tokens)]
pub struct Session {
    /// The sign-in it belongs to.
    #[diesel(deserialize_as = DbUuid)]
    pub family: TokenId,
    /// When it was given out.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    #[diesel(deserialize_as = DbTime)]
    pub expires_at: DateTime<Utc>,
    /// When it was exchanged for another.
    #[diesel(deserialize_as = MaybeTime)]
    pub used_at: Option<DateTime<Utc>>,
    /// When it was ended.
    #[diesel(deserialize_as = MaybeTime)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Somebody's refresh tokens, oldest first.
///
/// # Errors
/// As any query.
pub fn sessions_of(conn: &mut Conn, user: UserId) -> StoreResult<Vec<Session>> {
    Ok(with_conn!(conn, |c| refresh_tokens::table
        .filter(refresh_tokens::user_id.eq(DbUuid::from(user)))
        .order(refresh_tokens::id)
        .select(Session::as_select())
        .load(c))?)
}

/// Deletes somebody's refresh tokens; says how many.
///
/// # Errors
/// As any query.
pub fn forget_sessions_of(conn: &mut Conn, user: UserId) -> StoreResult<usize> {
    Ok(with_conn!(conn, |c| diesel::delete(
        refresh_tokens::table.filter(refresh_tokens::user_id.eq(DbUuid::from(user)))
    )
    .execute(c))?)
}
