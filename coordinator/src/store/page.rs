//! Pages of a list, newest first unless the list says otherwise.
//!
//! Owns the two shapes every list has, and how its rows are counted. Cursors that callers see are the API's business.
//! **Invariant:** a page begins behind a row and not at a number: a place in a list stays put while new rows
//! arrive.

use std::hash::Hash;

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use uuid::Uuid;

use super::columns::{DbUuid, signed};
use super::connection::Conn;
use super::error::StoreResult;

/// As many rows of a filtered list are counted; a list with more is "at least so many". Counting them all
/// would cost more than showing them.
pub const COUNTED: u32 = 1_000;
/// As many rows are counted where each must be fetched to see whether it passes: behind several filters, or a search.
pub const COUNTED_BY_FETCHING: u32 = 100;

/// How many rows a query gives, which limits itself to [`COUNTED`].
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct Counted<Q>(pub(super) Q);

/// How PostgreSQL would run a query, line by line.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct Explained<Q>(pub(super) Q);

/// A row's place in a list: what the list is ordered by, and the id that tells equal ones apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// What the list is ordered by; 0 where that is the id alone.
    pub key: i64,
    /// The row.
    pub id: Uuid,
}

/// Where a page begins and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Only rows behind this one.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// How many rows the filters leave, on all pages.
    pub total: u64,
}

/// How far a list with so many filters is counted.
pub(super) const fn counted_to(filters: usize, searched: bool) -> u32 {
    if filters > 1 || searched {
        COUNTED_BY_FETCHING
    } else {
        COUNTED
    }
}

/// What was seen of a list while a page of it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    from_the_first: bool,
    asked: u32,
    rows: usize,
}

impl Seen {
    /// So many rows, where a page was asked for.
    pub(super) const fn of(paging: Paging, rows: usize) -> Self {
        Self {
            from_the_first: paging.after.is_none(),
            asked: paging.limit,
            rows,
        }
    }

    /// How many the list has, counted up to `most`, if that can be known by now.
    fn total(self, most: u32) -> Option<i64> {
        let (rows, most) = (signed(self.rows as u64), i64::from(most));
        let known = self.from_the_first && (rows < self.asked.into() || rows >= most);
        known.then(|| rows.min(most))
    }
}

/// How many rows a list has, of which a page shows some, counted up to `most`. It is counted only if neither the page
/// nor a count of lately says it.
pub(super) fn total<L: Hash>(
    conn: &mut Conn,
    list: &L,
    (seen, most): (Seen, u32),
    count: impl FnOnce(&mut Conn) -> StoreResult<i64>,
) -> StoreResult<i64> {
    if let Some(total) = seen.total(most) {
        return Ok(total);
    }
    let key = conn.long_lists.key(list);
    if conn.long_lists.is_known(key, conn.clock.now()) {
        return Ok(most.into());
    }
    let total = count(conn)?;
    if total >= most.into() {
        conn.long_lists.remember(key, conn.clock.now());
    }
    Ok(total)
}

/// As [`total`], of the rows that a query gives.
macro_rules! total_of {
    ($conn:expr, $list:expr, $seen:expr, $rows:expr) => {{
        let most = $crate::store::page::COUNTED;
        $crate::store::page::total($conn, $list, ($seen, most), |conn| {
            $crate::store::page::count!(conn, $rows, most)
        })
    }};
}
pub(super) use total_of;

/// Counts the rows that a query gives, up to so many.
macro_rules! count {
    ($conn:expr, $rows:expr, $most:expr) => {
        $crate::store::connection::with_conn!($conn, |c| {
            let one = diesel::dsl::sql::<diesel::sql_types::BigInt>("1");
            let ones = $rows.limit(i64::from($most)).select(one);
            $crate::store::page::Counted(ones).get_result::<i64>(c)
        })
        .map_err($crate::store::StoreError::from)
    };
}
pub(super) use count;

impl<Q: Query> Query for Counted<Q> {
    type SqlType = BigInt;
}

impl<Q, C> RunQueryDsl<C> for Counted<Q> {}

impl<Q, DB> QueryFragment<DB> for Counted<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT COUNT(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}

impl<Q: Query> Query for Explained<Q> {
    type SqlType = Text;
}

impl<Q, C> RunQueryDsl<C> for Explained<Q> {}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Explained<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("EXPLAIN ");
        self.0.walk_ast(out)
    }
}

impl From<Uuid> for Position {
    fn from(id: Uuid) -> Self {
        Self { key: 0, id }
    }
}

impl Paging {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    pub(super) fn rows(self) -> i64 {
        i64::from(self.limit)
    }

    /// Of a list that is ordered by id, the end is before the highest id there can be: one query serves every
    /// page.
    pub(super) fn below(self) -> DbUuid {
        DbUuid(self.after.map_or(Uuid::max(), |after| after.id))
    }
}

impl<T> Page<T> {
    pub(super) fn new<R: Into<T>>(rows: Vec<R>, total: i64) -> Self {
        Self {
            items: rows.into_iter().map(Into::into).collect(),
            total: u64::try_from(total).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_the_total_if_it_is_the_whole_list_or_as_long_as_counting_goes() {
        let after = Some(Position::from(Uuid::nil()));
        for (after, limit, rows, total) in [
            (None, 51, 7, Some(7)),
            (None, 51, 51, None),
            (None, 150, 120, Some(100)),
            (None, 150, 150, Some(100)),
            (after, 51, 7, None),
            (after, 150, 150, None),
        ] {
            let seen = Seen::of(Paging { after, limit }, rows);
            assert_eq!(seen.total(100), total, "{seen:?}");
        }
    }
}
