//! Forgetting whose an account was.
//!
//! **Invariant:** the row stays as long as access tokens may be out, and says nothing but that they are not good.

use diesel::prelude::*;

use super::{User, end_sessions};
use crate::store::clock;
use crate::store::columns::{DbTime, DbUuid};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::users;
use crate::store::words::Words;

/// No hash: no password fits it.
const NO_PASSWORD: &str = "";

/// Takes address and password of somebody who is held, and ends their sessions.
///
/// # Errors
/// As any query.
pub fn erase(conn: &mut Conn, user: &User) -> StoreResult<()> {
    end_sessions(conn, user, None)?;
    let now = DbTime::from(clock::now(conn)?);
    let changes = (
        // No address: nobody can sign in or be added with it.
        users::email.eq(format!("erased:{}", user.id)),
        users::words.eq(Words::of([])),
        users::password_hash.eq(NO_PASSWORD),
        users::disabled.eq(true),
        users::last_login_at.eq(None::<DbTime>),
        users::erased_at.eq(Some(now)),
        users::version.eq(users::version + 1),
    );
    with_conn!(conn, |c| diesel::update(
        users::table.find(DbUuid::from(user.id))
    )
    .set(changes)
    .execute(c))?;
    Ok(())
}
