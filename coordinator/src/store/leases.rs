//! `leases`: who does a singleton's work.
//!
//! Owns electing by a row and the database's clock: no clock of any coordinator is trusted. Leaves to the
//! holder to stop in time when a renewal fails.
//! **Invariant:** at one instant of the database's clock a lease has at most one holder.

use std::time::Duration;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::clock;
use super::columns::DbTime;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::leases;

/// Takes the lease, or renews it if `holder` has it, for `ttl` from now; `false` if another has it.
///
/// # Errors
/// As any query. After an error nobody can say who has it: behave as if not.
pub fn acquire(conn: &mut Conn, name: &str, holder: &str, ttl: Duration) -> StoreResult<bool> {
    // The prelude's `filter` is for selects; an upsert's is this one.
    use diesel::query_dsl::methods::FilterDsl;

    let now = clock::now(conn)?;
    let now_column = DbTime::from(now);
    let row = (
        leases::name.eq(name),
        leases::holder.eq(holder),
        leases::acquired_at.eq(now_column),
        leases::until_at.eq(DbTime::from(clock::after(now, ttl))),
    );
    let taken = with_conn!(conn, |c| diesel::insert_into(leases::table)
        .values(row)
        .on_conflict(leases::name)
        .do_update()
        .set((
            leases::holder.eq(excluded(leases::holder)),
            leases::acquired_at.eq(excluded(leases::acquired_at)),
            leases::until_at.eq(excluded(leases::until_at)),
        ))
        .filter(
            leases::holder
                .eq(holder)
                .or(leases::until_at.le(now_column))
        )
        .execute(c))?;
    Ok(taken == 1)
}

/// Gives the lease back, so that nobody has to wait for its end; `false` if `holder` did not have it.
///
/// # Errors
/// As any query.
pub fn release(conn: &mut Conn, name: &str, holder: &str) -> StoreResult<bool> {
    let released = with_conn!(conn, |c| diesel::delete(
        leases::table.find(name).filter(leases::holder.eq(holder))
    )
    .execute(c))?;
    Ok(released == 1)
}
