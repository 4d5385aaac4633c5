//! Walking the chain from end to end, a segment at a time.
//!
//! **Invariant:** a segment is read in order of place and takes as much memory as it has entries.

use diesel::prelude::*;

use super::AuditEvent;
use super::list::Row;
use crate::store::columns::signed;
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::audit_events;

/// Entries behind one another.
pub type Segment = Vec<AuditEvent>;

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
    Ok(rows
        .into_iter()
        .map(AuditEvent::try_from)
        .collect::<Result<_, _>>()?)
}
