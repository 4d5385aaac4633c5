//! `workspaces`: the tenants seen so far.
//!
//! Owns noticing a new one. Leaves installations and their tokens to others.
//! **Invariant:** a tenant that is known costs a read, not a write.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::WorkspaceId;

use super::columns::{DbText, DbTime, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::workspaces;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = workspaces)]
pub struct Workspace {
    /// Slack's id, or `api`.
    #[diesel(deserialize_as = DbText)]
    pub id: WorkspaceId,
    /// What people call it, once known.
    pub name: Option<String>,
    /// When its first event came.
    #[diesel(deserialize_as = DbTime)]
    pub first_seen_at: DateTime<Utc>,
}

/// All tenants, by id.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<Workspace>> {
    Ok(with_conn!(conn, |c| workspaces::table
        .select(Workspace::as_select())
        .order(workspaces::id)
        .load(c))?)
}

/// Gives a tenant its name; `false` if there is no such tenant.
///
/// # Errors
/// As any query.
pub fn rename(conn: &mut Conn, id: &WorkspaceId, name: &str) -> StoreResult<bool> {
    let name = storable(name);
    let renamed = with_conn!(conn, |c| diesel::update(
        workspaces::table.find(id.as_str())
    )
    .set(workspaces::name.eq(name.as_ref()))
    .execute(c))?;
    Ok(renamed == 1)
}

/// Makes rows for those not seen before.
pub(super) fn note<'a>(
    conn: &mut Conn,
    ids: impl Iterator<Item = &'a WorkspaceId>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    // In order, so that two transactions that meet the same tenants do not wait for each other in a ring.
    let ids: BTreeSet<_> = ids.map(|id| storable(id.as_str())).collect();
    let known: Vec<String> = with_conn!(conn, |c| workspaces::table
        .filter(workspaces::id.eq_any(&ids))
        .select(workspaces::id)
        .load(c))?;
    for id in ids.iter().filter(|id| !known.iter().any(|k| k == *id)) {
        let row = (
            workspaces::id.eq(id.as_ref()),
            workspaces::first_seen_at.eq(DbTime::from(now)),
        );
        with_conn!(conn, |c| diesel::insert_into(workspaces::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}
