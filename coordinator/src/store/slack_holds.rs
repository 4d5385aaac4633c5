//! `slack_holds`: Slack said to wait, and until when.
//!
//! Owns the rows that let all coordinators know. Leaves not calling to `slack::client`.
//! **Invariant:** a hold only ever grows.

use std::time::Duration;

use diesel::prelude::*;
use diesel::upsert::excluded;
use shared::ids::WorkspaceId;

use super::clock;
use super::columns::{DbText, DbTime, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::slack_holds;

/// Nobody is to call a method for a workspace for so long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// For whom.
    pub workspace: WorkspaceId,
    /// Slack's name of the method.
    pub method: String,
    /// How long from now.
    pub left: Duration,
}

/// Writes a hold down, unless there is a longer one. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn note(conn: &mut Conn, hold: &Hold) -> StoreResult<()> {
    // The prelude's `filter` is for selects; an upsert's is this one.
    use diesel::query_dsl::methods::FilterDsl;

    let until = DbTime::from(clock::after(clock::now(conn)?, hold.left));
    let row = (
        slack_holds::workspace_id.eq(storable(hold.workspace.as_str())),
        slack_holds::method.eq(hold.method.as_str()),
        slack_holds::until_at.eq(until),
    );
    with_conn!(conn, |c| diesel::insert_into(slack_holds::table)
        .values(row)
        .on_conflict((slack_holds::workspace_id, slack_holds::method))
        .do_update()
        .set(slack_holds::until_at.eq(excluded(slack_holds::until_at)))
        .filter(slack_holds::until_at.lt(until))
        .execute(c))?;
    Ok(())
}

/// The holds that are not over.
///
/// # Errors
/// As any query.
pub fn current(conn: &mut Conn) -> StoreResult<Vec<Hold>> {
    let now = clock::now(conn)?;
    let rows: Vec<(DbText, String, DbTime)> = with_conn!(conn, |c| slack_holds::table
        .filter(slack_holds::until_at.gt(DbTime::from(now)))
        .select((
            slack_holds::workspace_id,
            slack_holds::method,
            slack_holds::until_at,
        ))
        .load(c))?;
    let hold = |(workspace, method, until): (DbText, String, DbTime)| Hold {
        workspace: workspace.into(),
        method,
        left: (until.0 - now).to_std().unwrap_or_default(),
    };
    Ok(rows.into_iter().map(hold).collect())
}

/// Forgets holds that are over.
///
/// # Errors
/// As any query.
pub fn forget_old(conn: &mut Conn) -> StoreResult<usize> {
    let now = DbTime::from(clock::now(conn)?);
    let old = slack_holds::table.filter(slack_holds::until_at.le(now));
    Ok(with_conn!(conn, |c| diesel::delete(old).execute(c))?)
}
