//! `users`: who signs in.
//!
//! Owns the rows, their list (`list`), since when their sessions are good (`sessions`), and forgetting whose they are
//! (`erase`). Leaves passwords and rights to `api` and `domain`; only hashes come here.
//! **Invariant:** an e-mail address is stored in lower case, so that one person is one row; whoever was erased is
//! found by nobody.

mod erase;
mod list;
mod sessions;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::UserId;

use super::clock;
use super::columns::{DbTime, DbUuid, MaybeTime, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::users;
use super::words::Words;
use crate::domain::address;

pub use erase::erase;
pub use list::{UserFilter, page};
pub use sessions::{
    EndedSessions, end_sessions, hold, hold_admins, hold_shared, sessions_ended_within,
};

/// Somebody to add.
#[derive(Clone)]
pub struct NewUser {
    /// Their id.
    pub id: UserId,
    /// Their address, in any case.
    pub email: String,
    /// The hash of their password, in PHC form.
    pub password_hash: String,
    /// Their role's word.
    pub role: String,
}

/// Somebody who signs in.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    /// Their id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: UserId,
    /// Their address, in lower case.
    pub email: String,
    /// The hash of their password, in PHC form.
    pub password_hash: String,
    /// Their role's word.
    pub role: String,
    /// Whether they are kept out.
    pub disabled: bool,
    /// When they were added.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When they last signed in.
    #[diesel(deserialize_as = MaybeTime)]
    pub last_login_at: Option<DateTime<Utc>>,
    /// What was issued to them before is not good any more.
    #[diesel(deserialize_as = DbTime)]
    pub sessions_since: DateTime<Utc>,
    /// Grows with every change.
    pub version: i32,
}

/// Shows neither the address nor the hash.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

/// What to change of somebody; `None` leaves it.
#[derive(Clone, Default)]
pub struct UserChange {
    /// Their role's word.
    pub role: Option<String>,
    /// Whether they are kept out.
    pub disabled: Option<bool>,
    /// The hash of a new password.
    pub password_hash: Option<String>,
}

/// Adds somebody.
///
/// # Errors
/// [`StoreError::Duplicate`](super::StoreError::Duplicate) if the address is known; as any query.
pub fn insert(conn: &mut Conn, new: &NewUser) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    let email = folded(&new.email);
    let row = (
        users::id.eq(DbUuid::from(new.id)),
        users::words.eq(Words::of([email.as_str()])),
        users::email.eq(email),
        users::password_hash.eq(&new.password_hash),
        users::role.eq(&new.role),
        users::disabled.eq(false),
        users::created_at.eq(now),
        users::sessions_since.eq(now),
        users::version.eq(1),
    );
    with_conn!(conn, |c| diesel::insert_into(users::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Somebody, by id.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: UserId) -> StoreResult<Option<User>> {
    Ok(with_conn!(conn, |c| users::table
        .find(DbUuid::from(id))
        .filter(users::erased_at.is_null())
        .select(User::as_select())
        .first(c)
        .optional())?)
}

/// Somebody, by address in any case.
///
/// # Errors
/// As any query.
pub fn by_email(conn: &mut Conn, email: &str) -> StoreResult<Option<User>> {
    Ok(with_conn!(conn, |c| users::table
        .filter(users::email.eq(folded(email)))
        .filter(users::erased_at.is_null())
        .select(User::as_select())
        .first(c)
        .optional())?)
}

/// Everybody, by address.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<User>> {
    Ok(with_conn!(conn, |c| users::table
        .filter(users::erased_at.is_null())
        .order(users::email)
        .select(User::as_select())
        .load(c))?)
}

/// How many there are.
///
/// # Errors
/// As any query.
pub fn count(conn: &mut Conn) -> StoreResult<u64> {
    let count: i64 = with_conn!(conn, |c| users::table
        .filter(users::erased_at.is_null())
        .count()
        .get_result(c))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Changes somebody; `false` if there is no such person.
///
/// # Errors
/// As any query.
pub fn update(conn: &mut Conn, id: UserId, change: &UserChange) -> StoreResult<bool> {
    let changes = (
        users::version.eq(users::version + 1),
        change.role.as_ref().map(|role| users::role.eq(role)),
        change.disabled.map(|disabled| users::disabled.eq(disabled)),
        change
            .password_hash
            .as_ref()
            .map(|hash| users::password_hash.eq(hash)),
    );
    let updated = with_conn!(conn, |c| diesel::update(users::table)
        .filter(users::id.eq(DbUuid::from(id)))
        .set(changes)
        .execute(c))?;
    Ok(updated == 1)
}

/// Notes that somebody signed in.
///
/// # Errors
/// As any query.
pub fn note_login(conn: &mut Conn, id: UserId) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    with_conn!(conn, |c| diesel::update(
        users::table.find(DbUuid::from(id))
    )
    .set(users::last_login_at.eq(Some(now)))
    .execute(c))?;
    Ok(())
}

fn folded(email: &str) -> String {
    storable(&address::folded(email)).into_owned()
}
