//! `oauth_states`: installing that was begun.
//!
//! **Invariant:** a state is good once, and for ten minutes; only its hash is known here.

use std::time::Duration;

use diesel::prelude::*;

use super::clock;
use super::columns::DbTime;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::oauth_states;

/// How long somebody may take to install the app.
pub const GOOD_FOR: Duration = Duration::from_mins(10);

/// Notes that somebody began.
///
/// # Errors
/// As any query.
pub fn begin(conn: &mut Conn, state_hash: &[u8]) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let over = oauth_states::table.filter(oauth_states::expires_at.le(DbTime::from(now)));
    with_conn!(conn, |c| diesel::delete(over).execute(c))?;
    let row = (
        oauth_states::state_hash.eq(state_hash),
        oauth_states::expires_at.eq(DbTime::from(clock::after(now, GOOD_FOR))),
    );
    with_conn!(conn, |c| diesel::insert_into(oauth_states::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Takes a state; `false` if nobody began with it, if it was taken before, or if it is over. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn take(conn: &mut Conn, state_hash: &[u8]) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let good = oauth_states::table
        .filter(oauth_states::state_hash.eq(state_hash))
        .filter(oauth_states::expires_at.gt(now));
    Ok(with_conn!(conn, |c| diesel::delete(good).execute(c))? == 1)
}
