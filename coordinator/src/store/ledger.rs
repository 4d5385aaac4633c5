//! Whether everything that was accepted was scanned.
//!
//! Owns the one question behind the promise, asked of the tables themselves: by the load generator, and by
//! whoever wants to check.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::columns::DbTime;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::{inbound_events, scan_jobs, scan_results};

/// What became of a group of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Distinct events that were accepted.
    pub events: usize,
    /// Jobs of theirs with a result.
    pub results: usize,
    /// Jobs of theirs without one.
    pub open: usize,
    /// From an event's arrival to the commit of its result.
    pub latencies: Vec<Duration>,
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
    let jobs: Vec<(DbTime, Option<DbTime>)> = with_conn!(conn, |c| inbound_events::table
        .inner_join(
            scan_jobs::table.on(scan_jobs::inbound_event_id.eq(inbound_events::id.nullable()))
        )
        .left_join(scan_results::table.on(scan_results::job_id.eq(scan_jobs::id)))
        .filter(inbound_events::event_id.like(&pattern))
        .select((
            inbound_events::received_at,
            scan_results::committed_at.nullable()
        ))
        .load(c))?;
    let mut ledger = Ledger {
        events: usize::try_from(events).unwrap_or_default(),
        ..Ledger::default()
    };
    for (received, committed) in jobs {
        match committed {
            Some(committed) => {
                ledger.results += 1;
                ledger.latencies.push(between(received.0, committed.0));
            }
            None => ledger.open += 1,
        }
    }
    Ok(ledger)
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}
