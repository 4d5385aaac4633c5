//! Since when somebody's sessions are good.
//!
//! Owns ending them and telling whose were ended lately. Refresh tokens are for `store::tokens`.
//! **Invariant:** of one person the time only moves on: what was issued before is never good again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use shared::ids::{TokenId, UserId};

use super::User;
use crate::store::clock;
use crate::store::columns::{DbTime, DbUuid, MaybeUuid};
use crate::store::connection::{Conn, Database, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::users;

/// Somebody whose sessions were ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct EndedSessions {
    /// Who.
    #[diesel(deserialize_as = DbUuid, column_name = id)]
    pub user: UserId,
    /// What was issued before is not good,
    #[diesel(deserialize_as = DbTime, column_name = sessions_since)]
    pub since: DateTime<Utc>,
    /// but for this session.
    #[diesel(deserialize_as = MaybeUuid, column_name = spared_session)]
    pub spared: Option<TokenId>,
}

/// Somebody, by id, locked until the transaction ends: what is decided of them now holds when it commits.
///
/// # Errors
/// As any query.
pub fn hold(conn: &mut Conn, id: UserId) -> StoreResult<Option<User>> {
    let somebody = users::table
        .find(DbUuid::from(id))
        .filter(users::erased_at.is_null());
    Ok(match &mut conn.db {
        Database::Postgres(c) => somebody
            .select(User::as_select())
            .for_no_key_update()
            .first(c)
            .optional()?,
        Database::Sqlite(c) => somebody.select(User::as_select()).first(c).optional()?,
    })
}

/// Somebody, by id, who stays what they are until the transaction ends; several may hold them so.
///
/// # Errors
/// As any query.
pub fn hold_shared(conn: &mut Conn, id: UserId) -> StoreResult<Option<User>> {
    let somebody = users::table
        .find(DbUuid::from(id))
        .filter(users::erased_at.is_null());
    Ok(match &mut conn.db {
        Database::Postgres(c) => somebody
            .select(User::as_select())
            .for_share()
            .first(c)
            .optional()?,
        Database::Sqlite(c) => somebody.select(User::as_select()).first(c).optional()?,
    })
}

/// Those who are admins and can sign in, locked until the transaction ends: of two transactions that take an
/// admin away, the second one sees what the first left.
///
/// # Errors
/// As any query.
pub fn hold_admins(conn: &mut Conn, admin: &str) -> StoreResult<Vec<UserId>> {
    let admins = users::table
        .filter(users::role.eq(admin))
        .filter(users::disabled.eq(false))
        .order(users::id);
    let ids: Vec<DbUuid> = match &mut conn.db {
        Database::Postgres(c) => admins.select(users::id).for_no_key_update().load(c)?,
        Database::Sqlite(c) => admins.select(users::id).load(c)?,
    };
    Ok(ids.into_iter().map(Into::into).collect())
}

/// Ends the sessions of somebody who is held, but for the one that is spared: what was issued to them so far
/// is not good any more.
///
/// # Errors
/// As any query.
pub fn end_sessions(conn: &mut Conn, user: &User, spared: Option<TokenId>) -> StoreResult<()> {
    // A clock that was set back must not make old tokens good again.
    let since = clock::now(conn)?.max(user.sessions_since + TimeDelta::microseconds(1));
    let changes = (
        users::sessions_since.eq(DbTime::from(since)),
        users::spared_session.eq(spared.map(DbUuid::from)),
    );
    with_conn!(conn, |c| diesel::update(
        users::table.find(DbUuid::from(user.id))
    )
    .set(changes)
    .execute(c))?;
    Ok(())
}

/// Whose sessions were ended within the last `window`.
///
/// # Errors
/// As any query.
pub fn sessions_ended_within(conn: &mut Conn, window: Duration) -> StoreResult<Vec<EndedSessions>> {
    let since = DbTime::from(clock::now(conn)? - window);
    Ok(with_conn!(conn, |c| users::table
        .filter(users::sessions_since.ge(since))
        .select(EndedSessions::as_select())
        .load(c))?)
}
