//! The index of a table: bytes as they travel, and the table to look values up in.
//!
//! Owns the layout. All numbers are little-endian.
//!
//! | bytes | hold |
//! |---|---|
//! | 0..8 | `weiredm1` |
//! | 8..16 | by which the key is known again |
//! | 16..20 | rows |
//! | 20..24 | columns besides the primary one |
//! | 24..28 | numbers of words: of primary values, of others |
//! | 28..32 | 0 |
//! | 32..48 | lengths of numbers: of primary values, of others |
//! | then | for each row the hash of its primary value, 8 bytes, ascending |
//! | then | for each row and column 4 bytes of the hash of the other value together with the row's primary hash; 0: none |
//!
//! **Invariant:** no byte says anything of a value to who lacks the key, but for how many words or digits
//! values have, and which rows have the same primary value.

use std::ops::Range;

use super::value::{ExactKey, Shapes};
use crate::detect::bitmap::Bitmap;

const MAGIC: [u8; 8] = *b"weiredm1";
const HEAD_BYTES: usize = 48;
/// Most rows that one primary value may have.
pub(super) const MAX_ROWS_EACH: usize = 64;

/// Why bytes are no index to be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// They are none.
    Malformed,
    /// Its hashes were made under another key.
    OtherKey,
}

/// The hashes of rows, sorted by those of their primary values.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) primaries: Vec<u64>,
    /// Of all rows, one after the other.
    pub(super) cells: Vec<u32>,
    /// Cells of a row.
    pub(super) columns: usize,
    pub(super) primary_shapes: Shapes,
    pub(super) other_shapes: Shapes,
}

/// Rows with a filter in front.
#[derive(Debug)]
pub(super) struct Index {
    filter: Bitmap,
    pub(super) rows: Rows,
}

impl Rows {
    pub(super) fn to_bytes(&self, key: &ExactKey) -> Vec<u8> {
        let body = 8 * self.primaries.len() + 4 * self.cells.len();
        let mut bytes = Vec::with_capacity(HEAD_BYTES + body);
        bytes.extend(MAGIC);
        bytes.extend(key.check().to_le_bytes());
        for count in [self.primaries.len(), self.columns] {
            bytes.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        let (primary, other) = (self.primary_shapes, self.other_shapes);
        bytes.extend(primary.words.to_le_bytes());
        bytes.extend(other.words.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(primary.numbers.to_le_bytes());
        bytes.extend(other.numbers.to_le_bytes());
        bytes.extend(self.primaries.iter().flat_map(|hash| hash.to_le_bytes()));
        bytes.extend(self.cells.iter().flat_map(|cell| cell.to_le_bytes()));
        bytes
    }

    /// # Errors
    /// They are not what [`Self::to_bytes`] gives under `key`.
    pub(super) fn of_bytes(bytes: &[u8], key: &ExactKey) -> Result<Self, Unusable> {
        let mut read = Reader(bytes);
        if read.take()? != MAGIC {
            return Err(Unusable::Malformed);
        }
        if u64::from_le_bytes(read.take()?) != key.check() {
            return Err(Unusable::OtherKey);
        }
        let (rows, columns) = (read.count()?, read.count()?);
        let words = [read.take()?, read.take()?].map(u16::from_le_bytes);
        read.take::<4>()?;
        let numbers = [read.take()?, read.take()?].map(u64::from_le_bytes);
        let body = rows.checked_mul(8 + 4 * columns.min(u8::MAX.into()));
        if columns > usize::from(u8::MAX) || body != Some(read.0.len()) {
            return Err(Unusable::Malformed);
        }
        let (primaries, cells) = read.0.split_at(8 * rows);
        let (primaries, _) = primaries.as_chunks();
        let primaries: Vec<u64> = primaries.iter().map(|b| u64::from_le_bytes(*b)).collect();
        let (cells, _) = cells.as_chunks();
        if !primaries.is_sorted() {
            return Err(Unusable::Malformed);
        }
        let [primary_shapes, other_shapes] = [0, 1].map(|which| Shapes {
            words: words.get(which).copied().unwrap_or(0),
            numbers: numbers.get(which).copied().unwrap_or(0),
        });
        Ok(Self {
            primaries,
            cells: cells.iter().map(|b| u32::from_le_bytes(*b)).collect(),
            columns,
            primary_shapes,
            other_shapes,
        })
    }

    /// The cells of a row.
    pub(super) fn cells_of(&self, row: usize) -> &[u32] {
        let start = row * self.columns;
        self.cells
            .get(start..start + self.columns)
            .unwrap_or_default()
    }
}

impl Index {
    pub(super) fn new(rows: Rows) -> Self {
        Self {
            filter: Bitmap::of(&rows.primaries),
            rows,
        }
    }

    /// The rows that have this primary value.
    #[inline]
    pub(super) fn rows_of(&self, hash: u64) -> Range<usize> {
        if !self.filter.may_hold(hash) {
            return 0..0;
        }
        let primaries = &self.rows.primaries;
        let start = primaries.partition_point(|other| *other < hash);
        let same = primaries.iter().skip(start).take(MAX_ROWS_EACH);
        start..start + same.take_while(|other| **other == hash).count()
    }
}

/// Bytes that are read from the front.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unusable> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Unusable::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn count(&mut self) -> Result<usize, Unusable> {
        usize::try_from(u32::from_le_bytes(self.take()?)).or(Err(Unusable::Malformed))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> ExactKey {
        ExactKey::new(&[7; 32])
    }

    fn rows() -> Rows {
        Rows {
            primaries: vec![3, 5, 5, 9],
            cells: (1..=8).collect(),
            columns: 2,
            primary_shapes: Shapes {
                words: 2,
                numbers: 16,
            },
            other_shapes: Shapes {
                words: 6,
                numbers: 0,
            },
        }
    }

    #[test]
    fn an_index_is_read_as_it_was_written_under_its_own_key_only() {
        let bytes = rows().to_bytes(&key());
        assert_eq!(bytes.len(), HEAD_BYTES + 4 * 8 + 8 * 4);
        assert_eq!(Rows::of_bytes(&bytes, &key()), Ok(rows()));
        let other = ExactKey::new(&[8; 32]);
        assert_eq!(Rows::of_bytes(&bytes, &other), Err(Unusable::OtherKey));
        let cut = bytes.get(..bytes.len() - 1).unwrap();
        assert_eq!(Rows::of_bytes(cut, &key()), Err(Unusable::Malformed));
    }

    #[test]
    fn the_rows_of_a_value_are_found_and_no_others() {
        let index = Index::new(rows());
        assert_eq!(index.rows_of(5), 1..3);
        assert_eq!(index.rows_of(9), 3..4);
        assert!(index.rows_of(4).is_empty() && index.rows_of(u64::MAX).is_empty());
        assert_eq!(index.rows.cells_of(2), [5, 6]);
        assert!(Index::new(Rows::default()).rows_of(0).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(head in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut bytes = MAGIC.to_vec();
            bytes.extend(key().check().to_le_bytes());
            bytes.extend(head);
            // Whatever is read can be looked up in.
            if let Ok(rows) = Rows::of_bytes(&bytes, &key()) {
                Index::new(rows).rows_of(1);
            }
        }
    }
}
