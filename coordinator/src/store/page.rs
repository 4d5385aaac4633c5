//! Pages of a list, newest first unless the list says otherwise.
//!
//! Owns the two shapes every list has. Cursors that callers see are the API's business.
//! **Invariant:** a page begins behind a row and not at a number: a place in a list stays put while new rows
//! arrive.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use uuid::Uuid;

use super::columns::DbUuid;

/// As many rows of a filtered list are counted; a list with more is "at least so many". Counting them all
/// would cost more than showing them.
pub const COUNTED: u32 = 10_000;

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
