//! Users as a list, newest first.

use diesel::prelude::*;

use super::User;
use crate::store::columns::storable;
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{Page, Paging, Seen, total_of};
use crate::store::schema::users;
use crate::store::words::Search;

/// Which users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserFilter {
    /// Only of that role.
    pub role: Option<String>,
    /// Only those who are kept out, or only those who are not.
    pub disabled: Option<bool>,
    /// Only with these words in their address.
    pub search: Option<Search>,
}

/// Users, newest first.
///
/// # Errors
/// As any query.
pub fn page(conn: &mut Conn, filter: &UserFilter, paging: Paging) -> StoreResult<Page<User>> {
    let found = filter
        .search
        .as_ref()
        .map(|search| search.condition(conn, "users.words"));

    macro_rules! filtered {
        () => {{
            let mut query = users::table.filter(users::erased_at.is_null()).into_boxed();
            if let Some(role) = &filter.role {
                query = query.filter(users::role.eq(storable(role).into_owned()));
            }
            if let Some(disabled) = filter.disabled {
                query = query.filter(users::disabled.eq(disabled));
            }
            if let Some(found) = found.clone() {
                query = query.filter(found);
            }
            query
        }};
    }

    let rows: Vec<User> = with_conn!(conn, |c| filtered!()
        .filter(users::id.lt(paging.below()))
        .order(users::id.desc())
        .limit(paging.rows())
        .select(User::as_select())
        .load(c))?;
    let total = total_of!(conn, filter, Seen::of(paging, rows.len()), filtered!())?;
    Ok(Page::new(rows, total))
}
