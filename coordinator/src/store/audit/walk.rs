//! Walking the chain from end to end, a segment at a time, and dropping the beginning that was given up.
//!
//! **Invariant:** a segment is read in order of place and takes as much memory as it has entries.

use diesel::prelude::*;

use super::AuditEvent;
use super::append::head;
use super::list::Row;
use crate::store::columns::{Undecodable, signed};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::{audit_checkpoints, audit_events};

/// Entries behind one another.
pub type Segment = Vec<AuditEvent>;

/// The entries behind the place `after`, up to the place `up_to`, oldest first.
///
/// # Errors
/// As any query.
pub fn between(conn: &mut Conn, after: u64, up_to: u64) -> StoreResult<Segment> {
    let rows: Vec<Row> = with_conn!(conn, |c| audit_events::table
        .filter(audit_events::seq.gt(signed(after)))
        .filter(audit_events::seq.le(signed(up_to)))
        .order(audit_events::seq)
        .select(Row::as_select())
        .load(c))?;
    Ok(entries_of(rows)?)
}

/// The entries behind the place `after`, at most `limit`, oldest first.
///
/// # Errors
/// As any query.
pub fn segment(conn: &mut Conn, after: u64, limit: u32) -> StoreResult<Segment> {
    let rows: Vec<Row> = with_conn!(conn, |c| audit_events::table
        .filter(audit_events::seq.gt(signed(after)))
        .order(audit_events::seq)
        .limit(limit.into())
        .select(Row::as_select())
        .load(c))?;
    Ok(entries_of(rows)?)
}

fn entries_of(rows: Vec<Row>) -> Result<Segment, Undecodable> {
    rows.into_iter().map(AuditEvent::try_from).collect()
}

/// Deletes entries that were given up, oldest first, and the checkpoints of them but the last; says whether
/// there are more. Call it through [`Store::write`](crate::store::Store::write).
///
/// # Errors
/// As any query.
pub fn delete_pruned(conn: &mut Conn, limit: u32) -> StoreResult<bool> {
    let pruned = signed(head(conn)?.pruned);
    let oldest: Option<i64> = with_conn!(conn, |c| audit_events::table
        .filter(audit_events::seq.le(pruned))
        .order(audit_events::seq)
        .select(audit_events::seq)
        .first(c)
        .optional())?;
    let Some(oldest) = oldest else {
        return Ok(false);
    };
    let last = pruned.min(oldest.saturating_add(i64::from(limit) - 1));
    with_conn!(conn, |c| diesel::delete(
        audit_events::table.filter(audit_events::seq.le(last))
    )
    .execute(c))?;
    with_conn!(conn, |c| diesel::delete(
        audit_checkpoints::table.filter(audit_checkpoints::seq.lt(last))
    )
    .execute(c))?;
    Ok(last < pruned)
}
