//! Pages of a list, newest first.
//!
//! Owns the two shapes every list has. Cursors that callers see are the API's business.
//! **Invariant:** ids are ordered by time, so "older than this id" is a place in a list that stays put while
//! new rows arrive.

use uuid::Uuid;

use super::columns::DbUuid;

/// Where a page begins and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Only rows older than this id.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Newest first.
    pub items: Vec<T>,
    /// How many rows the filters leave, on all pages.
    pub total: u64,
}

impl Paging {
    /// The newest `limit` rows.
    pub fn first(limit: u32) -> Self {
        Self {
            before: None,
            limit,
        }
    }

    pub(super) fn rows(self) -> i64 {
        i64::from(self.limit)
    }

    /// The end of the list is before the highest id there can be: one query serves every page.
    pub(super) fn below(self) -> DbUuid {
        DbUuid(self.before.unwrap_or(Uuid::max()))
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
