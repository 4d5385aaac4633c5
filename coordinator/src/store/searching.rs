//! How a list with a search goes through its rows: a few along its own order, then all by the index of words.
//!
//! Owns which way is tried when. What the rows of a list are is for the table files, what a search is for `words`.
//! **Invariant:** what a page costs does not grow with how often a word was written: often, and the nearest rows have
//! a page of it; seldom, and the index of words names few rows. SQLite has no such index and walks.

use super::connection::{Conn, Database};
use super::error::StoreResult;
use super::page::Position;
use super::words::Search;

/// Rows walked along the list's order before the index of words is asked. A word that fills no page of them stands in
/// so few rows that fetching and sorting all of these is quick.
pub(super) const NEAREST: u32 = 10_000;

/// As many rows that a search finds are counted.
pub const SEARCHED: u32 = 100;

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

/// The ways to go through a list, in turn. `horizon` is the place of the last of the [`NEAREST`] rows; none if there
/// are not so many.
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

/// A page of the list: of the first way that fills it.
pub(super) fn page<T>(
    conn: &mut Conn,
    reaches: &[Reach],
    limit: usize,
    mut load: impl FnMut(&mut Conn, Reach) -> StoreResult<Vec<T>>,
) -> StoreResult<Vec<T>> {
    let mut rows = Vec::new();
    for reach in reaches {
        rows = load(conn, *reach)?;
        if rows.len() >= limit || *reach == Reach::Near(None) {
            break;
        }
    }
    Ok(rows)
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
