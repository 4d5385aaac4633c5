//! From the rows of a table to an index.
//!
//! Owns which values are worth looking for. Leaves reading tables to the caller.
//! **Invariant:** of a value nothing is kept but its hash; what was left out is told as counts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::detector::ExactData;

use super::index::{MAX_ROWS_EACH, Rows};
use super::value::{ExactKey, Shapes};

/// A primary value with fewer letters and digits is in too many texts.
pub const MIN_PRIMARY_CHARS: usize = 4;
/// Another value with fewer would say nothing.
pub const MIN_OTHER_CHARS: usize = 3;
/// A primary value may be in so many rows, however few rows there are.
const ALWAYS_FEW: usize = 3;
const MAX_OTHERS: usize = ExactData::MAX_COLUMNS - 1;

/// Takes rows and hashes them at once.
#[derive(Debug)]
pub struct ExactIndexBuilder {
    key: ExactKey,
    /// Columns besides the primary one.
    columns: usize,
    rows: Vec<Row>,
    primary_shapes: Shapes,
    other_shapes: Shapes,
    left_out: LeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    primary: u64,
    cells: [u32; MAX_OTHERS],
}

/// What was not worth looking for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Rows whose primary value is empty or has fewer than four letters and digits.
    pub short_primaries: usize,
    /// Rows whose primary value has too many words, or a word too long.
    pub long_primaries: usize,
    /// Rows whose primary value is in too many rows.
    pub common_primaries: usize,
    /// Other values that are empty or have fewer than three letters and digits.
    pub short_others: usize,
    /// Other values that have too many words, or a word too long.
    pub long_others: usize,
    /// Rows that say the same as another.
    pub doubled_rows: usize,
}

/// An index that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltIndex {
    /// In base64.
    pub index: String,
    /// Rows in it.
    pub rows: usize,
    /// What is not in it.
    pub left_out: LeftOut,
}

impl ExactIndexBuilder {
    /// For rows with so many columns besides the primary one, at most seven.
    pub fn new(key: ExactKey, columns: usize) -> Self {
        Self {
            key,
            columns: columns.min(MAX_OTHERS),
            rows: Vec::new(),
            primary_shapes: Shapes::default(),
            other_shapes: Shapes::default(),
            left_out: LeftOut::default(),
        }
    }

    /// Adds a row.
    pub fn add<'c>(&mut self, primary: &str, others: impl IntoIterator<Item = &'c str>) {
        if is_shorter(primary, MIN_PRIMARY_CHARS) {
            self.left_out.short_primaries += 1;
            return;
        }
        let Some((hash, shape)) = self.key.value_of(primary) else {
            self.left_out.long_primaries += 1;
            return;
        };
        self.primary_shapes.add(shape);
        let mut row = Row {
            primary: hash,
            cells: [0; MAX_OTHERS],
        };
        // What a row says twice is no second piece of evidence.
        let mut said = [hash; MAX_OTHERS + 1];
        for (at, other) in others.into_iter().enumerate().take(self.columns) {
            let Some(value) = self.other(other) else {
                continue;
            };
            if said.contains(&value) {
                continue;
            }
            if let (Some(cell), Some(said)) = (row.cells.get_mut(at), said.get_mut(at + 1)) {
                *cell = self.key.bound(value, hash);
                *said = value;
            }
        }
        self.rows.push(row);
    }

    fn other(&mut self, cell: &str) -> Option<u64> {
        if is_shorter(cell, MIN_OTHER_CHARS) {
            self.left_out.short_others += 1;
            return None;
        }
        let Some((hash, shape)) = self.key.value_of(cell) else {
            self.left_out.long_others += 1;
            return None;
        };
        self.other_shapes.add(shape);
        Some(hash)
    }

    /// Makes the index. A primary value in more than `most_percent` of the rows, or in more than 64, is left
    /// out.
    pub fn build(mut self, most_percent: usize) -> BuiltIndex {
        let all = self.rows.len();
        let most = (all * most_percent / 100).clamp(ALWAYS_FEW, MAX_ROWS_EACH);
        self.rows.sort_unstable();
        self.rows.dedup();
        self.left_out.doubled_rows = all - self.rows.len();
        let mut kept = Rows {
            columns: self.columns,
            primary_shapes: self.primary_shapes,
            other_shapes: self.other_shapes,
            ..Rows::default()
        };
        for same in self.rows.chunk_by(|a, b| a.primary == b.primary) {
            if same.len() > most {
                self.left_out.common_primaries += same.len();
                continue;
            }
            for row in same {
                kept.primaries.push(row.primary);
                kept.cells.extend(row.cells.iter().take(self.columns));
            }
        }
        BuiltIndex {
            index: STANDARD.encode(kept.to_bytes(&self.key)),
            rows: kept.primaries.len(),
            left_out: self.left_out,
        }
    }
}

fn is_shorter(cell: &str, least: usize) -> bool {
    cell.chars()
        .filter(|c| c.is_alphanumeric())
        .take(least)
        .count()
        < least
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(rows: &[(&str, [&str; 2])]) -> BuiltIndex {
        let mut builder = ExactIndexBuilder::new(ExactKey::new(&[7; 32]), 2);
        for (primary, others) in rows {
            builder.add(primary, *others);
        }
        builder.build(1)
    }

    #[test]
    fn what_is_short_long_common_or_said_twice_is_counted_and_left_out() {
        let common: Vec<String> = (0..4).map(|n| format!("number {n}")).collect();
        let long = "word ".repeat(9);
        let mut rows = vec![
            ("12-3", ["Anna", "Berg"]),
            ("", ["Anna", "Berg"]),
            (&long, ["Anna", "Berg"]),
            ("E-1001", ["Anna", "CA"]),
            ("E 1001", ["anna", ""]),
            ("E-1002", [&long, "E1002"]),
        ];
        rows.extend(
            common
                .iter()
                .map(|other| ("default", [other.as_str(), "Berg"])),
        );
        let built = built(&rows);
        let left_out = LeftOut {
            short_primaries: 2,
            long_primaries: 1,
            common_primaries: 4,
            short_others: 2,
            long_others: 1,
            doubled_rows: 1,
        };
        assert_eq!((built.rows, built.left_out), (2, left_out));
    }

    #[test]
    fn an_index_does_not_depend_on_the_order_of_rows_and_equal_cities_look_different() {
        let (a, b) = (
            ("E-1001", ["Anna", "Berlin"]),
            ("E-1002", ["Bert", "Berlin"]),
        );
        assert_eq!(built(&[a, b]), built(&[b, a]));
        let bytes = STANDARD.decode(built(&[a, b]).index).unwrap();
        let rows = Rows::of_bytes(&bytes, &ExactKey::new(&[7; 32])).unwrap();
        assert_ne!(rows.cells_of(0)[1], rows.cells_of(1)[1]);
    }
}
