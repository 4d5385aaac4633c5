//! Whether everything that was accepted was scanned.
//!
//! Owns the one question behind the promise, asked of the tables themselves: by the load generator, and by
//! whoever wants to check.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, select, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::columns::DbTime;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::{inbound_events, scan_jobs, scan_results};

/// What became of a group of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Distinct events that were accepted.
    pub events: usize,
    /// Jobs of theirs without a result.
    pub open: usize,
    /// The event of each job with a result, and when its transaction wrote the result.
    pub committed: Vec<(String, DateTime<Utc>)>,
}

impl Ledger {
    /// Jobs with a result.
    pub const fn results(&self) -> usize {
        self.committed.len()
    }
}

/// The ledger of the events whose id begins with `prefix`, which may hold letters and digits only.
///
/// # Errors
/// As any query.
pub fn of_events(conn: &mut Conn, prefix: &str) -> StoreResult<Ledger> {
    let pattern = format!("{prefix}%");
    let events: i64 = with_conn!(conn, |c| inbound_events::table
        .filter(inbound_events::event_id.like(&pattern))
        .count()
        .get_result(c))?;
    let jobs: Vec<(String, Option<DbTime>)> = with_conn!(conn, |c| inbound_events::table
        .inner_join(
            scan_jobs::table.on(scan_jobs::inbound_event_id.eq(inbound_events::id.nullable()))
        )
        .left_join(scan_results::table.on(scan_results::job_id.eq(scan_jobs::id)))
        .filter(inbound_events::event_id.like(&pattern))
        .select((
            inbound_events::event_id,
            scan_results::committed_at.nullable()
        ))
        .load(c))?;
    let mut ledger = Ledger {
        events: usize::try_from(events).unwrap_or_default(),
        ..Ledger::default()
    };
    for (event_id, committed) in jobs {
        match committed {
            Some(committed) => ledger.committed.push((event_id, committed.0)),
            None => ledger.open += 1,
        }
    }
    Ok(ledger)
}

/// Whether one of these events still has an open job. Looks at open jobs only, so it may be asked often.
///
/// # Errors
/// As any query.
pub fn has_open(conn: &mut Conn, prefix: &str) -> StoreResult<bool> {
    let pattern = format!("{prefix}%");
    Ok(with_conn!(conn, |c| select(exists(
        scan_jobs::table
            .inner_join(
                inbound_events::table
                    .on(scan_jobs::inbound_event_id.eq(inbound_events::id.nullable()))
            )
            // Literal, so that the planners see that the partial index serves.
            .filter(sql::<Bool>("scan_jobs.state = 1"))
            .filter(inbound_events::event_id.like(&pattern))
    ))
    .get_result(c))?)
}
