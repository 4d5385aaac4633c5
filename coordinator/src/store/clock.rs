//! The clock that judges deadlines.
//!
//! Owns the one way to ask for it. Several coordinators share PostgreSQL, so its clock is the one they agree
//! on; SQLite has one process, whose own clock it is.
//! **Invariant:** `due_at` and leases are written and compared with this clock only.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::RunQueryDsl;
use diesel::dsl::{select, sql};
use std::time::Duration;

use super::columns::{DbTime, Ts};
use super::connection::{Conn, Database};
use super::error::StoreResult;

/// The present, by the database.
///
/// # Errors
/// As any query.
pub fn now(conn: &mut Conn) -> StoreResult<DateTime<Utc>> {
    match &mut conn.db {
        Database::Postgres(c) => {
            let now: DbTime = select(sql::<Ts>("clock_timestamp()")).get_result(c)?;
            Ok(now.0)
        }
        Database::Sqlite(_) => Ok(conn.clock.now()),
    }
}

/// So much earlier, or the beginning of time.
pub fn before(now: DateTime<Utc>, delay: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(delay)
        .ok()
        .and_then(|delay| now.checked_sub_signed(delay))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// So much later, or the end of time.
pub fn after(now: DateTime<Utc>, delay: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(delay)
        .ok()
        .and_then(|delay| now.checked_add_signed(delay))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
