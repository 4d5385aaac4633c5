//! How a list with a search goes through its rows: a few along its own order, then all by the index of words.
//!
//! Owns which way is tried when. What the rows of a list are is for the table files, what a search is for `words`.
//! **Invariant:** what a page costs does not grow with how often a word was written: often, and the nearest rows have
//! a page of it; seldom, and the index of words names few rows. SQLite has no such index and walks.

use super::connection::{Conn, Database};
use super::error::StoreResult;
use super::page::{COUNTED_BY_FETCHING, Paging, Position, Seen};
use super::words::{Found, Search};

/// How many rows are walked along the list's order before the index of words is asked. A word that fills no page of
/// them stands in so few rows that fetching and sorting all of these is quick. Rows that pass filters lie scattered,
/// and each costs a page to be fetched.
pub(super) const fn nearest(filters: usize) -> i64 {
    if filters == 0 { 10_000 } else { 1_000 }
}

/// Which rows are looked through, and along which index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All, along the list's order.
    Whole,
    /// Those from the page's beginning up to this place, along the list's order; all behind it if there are few.
    Near(Option<Position>),
    /// All that the index of words names.
    Indexed,
}

impl Reach {
    /// The condition of a search, as it serves this way.
    pub(super) fn condition(
        self,
        search: Option<&Search>,
        conn: &Conn,
        column: &str,
    ) -> Option<Found> {
        search.map(|search| match self {
            Self::Indexed => search.condition(conn, column),
            Self::Near(_) | Self::Whole => search.walking(conn, column),
        })
    }
}

/// The ways to go through a list, in turn. `horizon` is the place of the last of the [`nearest`] rows that pass but for
/// the search; none if there are not so many.
pub(super) fn reaches(
    conn: &mut Conn,
    search: Option<&Search>,
    horizon: impl FnOnce(&mut Conn) -> StoreResult<Option<Position>>,
) -> StoreResult<Vec<Reach>> {
    if search.is_none() || matches!(conn.db, Database::Sqlite(_)) {
        return Ok(vec![Reach::Whole]);
    }
    Ok(vec![Reach::Near(horizon(conn)?), Reach::Indexed])
}

/// A page of the list, of the first way that fills it, and what was seen of the list on the way. `load` gives as many
/// rows as it is asked for, if there are so many.
pub(super) fn page<T>(
    conn: &mut Conn,
    reaches: &[Reach],
    paging: Paging,
    mut load: impl FnMut(&mut Conn, Reach, i64) -> StoreResult<Vec<T>>,
) -> StoreResult<(Vec<T>, Seen)> {
    let mut rows = Vec::new();
    let mut seen = Seen::of(paging, 0);
    for reach in reaches {
        // What the index of words names is fetched whole and sorted: the rows to be counted are among them.
        let asked = match reach {
            Reach::Indexed => paging.limit.max(COUNTED_BY_FETCHING),
            Reach::Near(_) | Reach::Whole => paging.limit,
        };
        rows = load(conn, *reach, asked.into())?;
        let limit = asked;
        seen = Seen::of(Paging { limit, ..paging }, rows.len());
        if rows.len() >= asked as usize || *reach == Reach::Near(None) {
            break;
        }
    }
    rows.truncate(paging.limit as usize);
    Ok((rows, seen))
}

/// How many rows the list has, counted up to `most`: by the first way that finds so many, or by the last.
pub(super) fn count(
    conn: &mut Conn,
    reaches: &[Reach],
    most: u32,
    mut count: impl FnMut(&mut Conn, Reach) -> StoreResult<i64>,
) -> StoreResult<i64> {
    let mut counted = 0;
    // What is behind a page says nothing of what is before it.
    for reach in reaches.iter().filter(|it| **it != Reach::Near(None)) {
        counted = count(conn, *reach)?;
        if counted >= most.into() {
            break;
        }
    }
    Ok(counted)
}
