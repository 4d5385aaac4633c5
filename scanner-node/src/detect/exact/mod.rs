//! Exact data match: values that are in somebody's own table, with others of the same row nearby.
//!
//! Owns finding them. A text is cut into values once for all tables, each is hashed under the key, and almost
//! all of them end at a bitmap; what passes is looked up among the sorted hashes, and only around a primary
//! value that is there others are looked for. Leaves weighing to `likelihood`.
//! **Invariant:** the time a text takes does not depend on how many rows there are, but where their values
//! stand; values of two rows never speak for each other; a text without any of them allocates nothing.

mod build;
mod index;
#[cfg(test)]
mod tests;
mod value;

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use shared::detector::{DetectorSpec, ExactData};

use self::index::{Index, MAX_ROWS_EACH, Rows, Unusable};
use self::value::Shapes;
use super::error::Problem;

pub use self::build::{BuiltIndex, ExactIndexBuilder, LeftOut, MIN_OTHER_CHARS, MIN_PRIMARY_CHARS};
pub use self::value::ExactKey;

/// Around so many primary values of one text others are looked for; a table pasted whole has more.
const MAX_LOOKS: usize = 2_000;

/// All tables of a set.
#[derive(Debug, Default)]
pub(super) struct Tables {
    key: Option<ExactKey>,
    of: Vec<Table>,
    /// Of the primary values of all tables.
    shapes: Shapes,
}

/// One table, and what has to be seen of a row.
#[derive(Debug)]
pub(super) struct Table {
    detector: usize,
    index: Index,
    min_corroborating: u8,
    window: usize,
}

/// A primary value with enough others of its row nearby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) detector: usize,
    /// Of the primary value.
    pub(super) span: Range<usize>,
    pub(super) corroboration: Corroboration,
}

/// How many other values of the row are nearby, and how many have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corroboration {
    pub(super) seen: u8,
    pub(super) needed: u8,
}

impl Table {
    /// The table of a detector, whose number is its place in the set; none if it has none.
    pub(super) fn compile(
        detector: usize,
        spec: &DetectorSpec,
        key: Option<&ExactKey>,
    ) -> Result<Option<Self>, Problem> {
        let Some(data) = &spec.exact_data else {
            return Ok(None);
        };
        let key = key.ok_or(Problem::NoKey)?;
        let bytes = STANDARD.decode(&*data.index).or(Err(Problem::BadIndex))?;
        let rows = Rows::of_bytes(&bytes, key).map_err(|why| match why {
            Unusable::Malformed => Problem::BadIndex,
            Unusable::OtherKey => Problem::OtherKey,
        })?;
        let too_many = rows.primaries.len() > ExactData::MAX_ROWS;
        if too_many || rows.columns + 1 != data.columns.len() {
            return Err(Problem::BadIndex);
        }
        Ok(Some(Self {
            detector,
            index: Index::new(rows),
            min_corroborating: data.min_corroborating,
            window: usize::try_from(data.window).unwrap_or(usize::MAX),
        }))
    }

    /// How many other values of a row stand near its primary value; of the row of which most do.
    fn corroborating(&self, key: &ExactKey, text: &str, (hash, span, rows): Primary<'_>) -> u8 {
        let begin = text.floor_char_boundary(span.start.saturating_sub(self.window));
        let end = text.ceil_char_boundary(span.end.saturating_add(self.window));
        let table = &self.index.rows;
        let mut seen = [0_u8; MAX_ROWS_EACH];
        key.each(text, begin..end, table.other_shapes, &mut |value| {
            if value.span.start < span.end && span.start < value.span.end {
                return;
            }
            let bound = key.bound(value.hash, hash);
            for (row, seen) in rows.clone().zip(&mut seen) {
                for (column, cell) in table.cells_of(row).iter().enumerate() {
                    *seen |= u8::from(*cell == bound) << column;
                }
            }
        });
        let most = seen.iter().map(|columns| columns.count_ones()).max();
        u8::try_from(most.unwrap_or(0)).unwrap_or(u8::MAX)
    }
}

/// The hash of a primary value, where it stands, and the rows that have it.
type Primary<'t> = (u64, &'t Range<usize>, Range<usize>);

impl Tables {
    pub(super) fn new(key: Option<&ExactKey>, tables: Vec<Table>) -> Self {
        let mut shapes = Shapes::default();
        for table in &tables {
            shapes.join(table.index.rows.primary_shapes);
        }
        Self {
            key: key.cloned(),
            of: tables,
            shapes,
        }
    }

    /// Tells `found` every row in `text`; says whether there may be more.
    pub(super) fn each(&self, text: &str, found: &mut dyn FnMut(Row)) -> bool {
        let (Some(key), false) = (&self.key, self.of.is_empty()) else {
            return false;
        };
        let mut looks = 0;
        key.each(text, 0..text.len(), self.shapes, &mut |value| {
            for table in &self.of {
                let rows = table.index.rows_of(value.hash);
                if rows.is_empty() || looks >= MAX_LOOKS {
                    looks += usize::from(!rows.is_empty());
                    continue;
                }
                looks += 1;
                let primary = (value.hash, &value.span, rows);
                let corroboration = Corroboration {
                    seen: table.corroborating(key, text, primary),
                    needed: table.min_corroborating,
                };
                if corroboration.seen >= corroboration.needed {
                    found(Row {
                        detector: table.detector,
                        span: value.span.clone(),
                        corroboration,
                    });
                }
            }
        });
        looks > MAX_LOOKS
    }
}
