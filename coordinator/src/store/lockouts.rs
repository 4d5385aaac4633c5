//! `login_failures`: passwords that were wrong, by the keyed hash of the address.
//!
//! Owns the rows. When they lock an account is for `domain::lockout`; hashing addresses is for the caller.
//! **Invariant:** an address that nobody has and one that somebody has look the same here.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::clock;
use super::columns::{DbTime, MaybeTime};
use super::connection::{Conn, Database, with_conn};
use super::error::StoreResult;
use super::schema::login_failures;
use crate::domain::lockout::{FORGOTTEN_AFTER, Failures};

/// The failures of an address; none at all if there is no row.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, email_hash: &[u8]) -> StoreResult<Failures> {
    let row: Option<Row> = with_conn!(conn, |c| login_failures::table
        .find(email_hash)
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(Failures::from).unwrap_or_default())
}

/// The same, locked until the transaction ends, if there is a row.
///
/// # Errors
/// As any query.
pub fn hold(conn: &mut Conn, email_hash: &[u8]) -> StoreResult<Failures> {
    let of_address = login_failures::table.find(email_hash);
    let row: Option<Row> = match &mut conn.db {
        Database::Postgres(c) => of_address
            .select(Row::as_select())
            .for_update()
            .first(c)
            .optional()?,
        Database::Sqlite(c) => of_address.select(Row::as_select()).first(c).optional()?,
    };
    Ok(row.map(Failures::from).unwrap_or_default())
}

/// The same, and there is a row from now on: of many first failures each waits for those before it.
///
/// # Errors
/// As any query.
pub fn hold_to_count(conn: &mut Conn, email_hash: &[u8]) -> StoreResult<Failures> {
    let none = row(email_hash, &Failures::default());
    with_conn!(conn, |c| diesel::insert_into(login_failures::table)
        .values(none)
        .on_conflict_do_nothing()
        .execute(c))?;
    hold(conn, email_hash)
}

/// Puts the failures of an address, which is held.
///
/// # Errors
/// As any query.
pub fn put(conn: &mut Conn, email_hash: &[u8], failures: &Failures) -> StoreResult<()> {
    let row = row(email_hash, failures);
    with_conn!(conn, |c| diesel::update(
        login_failures::table.find(email_hash)
    )
    .set(row)
    .execute(c))?;
    Ok(())
}

/// Forgets the failures of an address; `false` if there were none.
///
/// # Errors
/// As any query.
pub fn clear(conn: &mut Conn, email_hash: &[u8]) -> StoreResult<bool> {
    let cleared = with_conn!(conn, |c| diesel::delete(
        login_failures::table.find(email_hash)
    )
    .execute(c))?;
    Ok(cleared == 1)
}

/// Forgets what is long past; says how much.
///
/// # Errors
/// As any query.
pub fn forget_old(conn: &mut Conn) -> StoreResult<usize> {
    let since = DbTime::from(clock::now(conn)? - FORGOTTEN_AFTER);
    Ok(with_conn!(conn, |c| diesel::delete(
        login_failures::table.filter(login_failures::last_failed_at.lt(since))
    )
    .execute(c))?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = login_failures)]
struct Row {
    failures: i32,
    #[diesel(deserialize_as = DbTime)]
    last_failed_at: DateTime<Utc>,
    #[diesel(deserialize_as = MaybeTime)]
    locked_until: Option<DateTime<Utc>>,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = login_failures, treat_none_as_null = true, treat_none_as_default_value = false)]
struct NewRow<'a> {
    email_hash: &'a [u8],
    failures: i32,
    last_failed_at: DbTime,
    locked_until: Option<DbTime>,
}

fn row<'a>(email_hash: &'a [u8], failures: &Failures) -> NewRow<'a> {
    NewRow {
        email_hash,
        failures: i32::try_from(failures.count).unwrap_or(i32::MAX),
        last_failed_at: failures.last_at.into(),
        locked_until: failures.locked_until.map(Into::into),
    }
}

impl From<Row> for Failures {
    fn from(row: Row) -> Self {
        Self {
            count: u32::try_from(row.failures).unwrap_or_default(),
            last_at: row.last_failed_at,
            locked_until: row.locked_until,
        }
    }
}
