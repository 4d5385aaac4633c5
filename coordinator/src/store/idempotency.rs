//! `idempotency_keys`: what was answered to a request that names itself.
//!
//! Owns claiming a key in the transaction of the deed, and the answer that rests under it. Leaves reading the
//! header and rendering the answer to `api::idempotency`.
//! **Invariant:** a key is claimed before its deed is done and in the same transaction, so that of two
//! requests at once the second waits for the first and then finds its answer.
//!
//! # Source
//! draft-ietf-httpapi-idempotency-key-header-07.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};
use shared::ids::UserId;

use super::clock;
use super::columns::{DbJson, DbTime, DbUuid};
use super::connection::{Conn, Database, with_conn};
use super::error::{StoreError, StoreResult};
use super::schema::idempotency_keys as keys;

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_hours(24);

/// A request that names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRequest {
    /// Who sends it.
    pub caller: UserId,
    /// Method and path.
    pub route: &'static str,
    /// What they call it.
    pub key: String,
    /// The hash of its body.
    pub request_hash: Vec<u8>,
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Nothing: it is to be carried out, and its answer recorded before the transaction ends.
    New,
    /// It was carried out, and this was the answer.
    Answered(Value),
    /// Another request had that name.
    Other,
}

/// Claims a request's name. Call it through [`Store::write`](super::Store::write), before anything else: whoever
/// claims the same name meanwhile waits for the end of this transaction.
///
/// # Errors
/// As any query.
pub fn claim(conn: &mut Conn, request: &NamedRequest) -> StoreResult<Known> {
    let now = clock::now(conn)?;
    let row = (
        keys::caller.eq(DbUuid::from(request.caller)),
        keys::route.eq(request.route),
        keys::key.eq(&request.key),
        keys::request_hash.eq(&request.request_hash),
        keys::answer.eq(DbJson::from(json!(null))),
        keys::created_at.eq(DbTime::from(now)),
    );
    let claimed = with_conn!(conn, |c| diesel::insert_into(keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if claimed == 1 {
        return Ok(Known::New);
    }
    // Between the two statements the janitor may have deleted it.
    let there = lock(conn, request)?.ok_or(StoreError::Conflict)?;
    if now - DateTime::<Utc>::from(there.created_at) > kept() {
        take_over(conn, request, now)?;
        return Ok(Known::New);
    }
    if there.request_hash != request.request_hash {
        return Ok(Known::Other);
    }
    Ok(Known::Answered(there.answer.into()))
}

/// Records the answer to a request that was claimed in this transaction.
///
/// # Errors
/// As any query.
pub fn record(conn: &mut Conn, request: &NamedRequest, answer: Value) -> StoreResult<()> {
    with_conn!(conn, |c| diesel::update(keys::table.find(id(request)))
        .set(keys::answer.eq(DbJson::from(answer)))
        .execute(c))?;
    Ok(())
}

/// Deletes answers whose time is over, at most `limit`; says how many.
///
/// # Errors
/// As any query.
pub fn delete_expired(conn: &mut Conn, limit: u32) -> StoreResult<usize> {
    let before = DbTime::from(clock::now(conn)? - kept());
    let expired: Vec<(DbUuid, String, String)> = with_conn!(conn, |c| keys::table
        .filter(keys::created_at.lt(before))
        .order(keys::created_at)
        .limit(limit.into())
        .select((keys::caller, keys::route, keys::key))
        .load(c))?;
    for (caller, route, key) in &expired {
        let one = keys::table
            .find((caller, route, key))
            .filter(keys::created_at.lt(before));
        with_conn!(conn, |c| diesel::delete(one).execute(c))?;
    }
    Ok(expired.len())
}

/// Deletes what somebody was answered.
///
/// # Errors
/// As any query.
pub fn forget_all_of(conn: &mut Conn, caller: UserId) -> StoreResult<()> {
    with_conn!(conn, |c| diesel::delete(
        keys::table.filter(keys::caller.eq(DbUuid::from(caller)))
    )
    .execute(c))?;
    Ok(())
}

fn kept() -> chrono::TimeDelta {
    chrono::TimeDelta::from_std(KEPT).unwrap_or(chrono::TimeDelta::MAX)
}

fn id(request: &NamedRequest) -> (DbUuid, &str, &str) {
    (request.caller.into(), request.route, &request.key)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct Row {
    request_hash: Vec<u8>,
    answer: DbJson,
    created_at: DbTime,
}

fn lock(conn: &mut Conn, request: &NamedRequest) -> StoreResult<Option<Row>> {
    let row = keys::table.find(id(request));
    Ok(match &mut conn.db {
        Database::Postgres(c) => row
            .select(Row::as_select())
            .for_update()
            .first(c)
            .optional()?,
        Database::Sqlite(c) => row.select(Row::as_select()).first(c).optional()?,
    })
}

/// What was kept too long makes way for a new request of that name.
fn take_over(conn: &mut Conn, request: &NamedRequest, now: DateTime<Utc>) -> StoreResult<()> {
    with_conn!(conn, |c| diesel::update(keys::table.find(id(request)))
        .set((
            keys::request_hash.eq(&request.request_hash),
            keys::answer.eq(DbJson::from(json!(null))),
            keys::created_at.eq(DbTime::from(now)),
        ))
        .execute(c))?;
    Ok(())
}
