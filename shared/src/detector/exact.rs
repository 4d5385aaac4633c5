//! The rows that an exact data match looks for, as data.
//!
//! Owns the limits, and what can be seen to be wrong without reading the index. Leaves the index itself to
//! the engine.
//! **Invariant:** no value of a row is in here, only hashes under a key that is not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::SpecFault;

/// Of an `exact_data_match`: rows of a table, hashed, and what of them has to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactData {
    /// The names of the columns, the primary one first.
    pub columns: Vec<String>,
    /// How many values of the same row have to stand near the primary one.
    #[serde(default = "one")]
    pub min_corroborating: u8,
    /// How far from the primary value they count, in bytes.
    #[serde(default = "window")]
    pub window: u32,
    /// The hashes, in base64, as `weir edm build` writes them.
    pub index: Arc<str>,
}

fn one() -> u8 {
    1
}

fn window() -> u32 {
    ExactData::DEFAULT_WINDOW
}

impl ExactData {
    /// Most rows.
    pub const MAX_ROWS: usize = 1_000_000;
    /// Most columns, the primary one included.
    pub const MAX_COLUMNS: usize = 8;
    /// Longest name of a column, in bytes.
    pub const MAX_COLUMN_NAME_BYTES: usize = 200;
    /// How far other values count unless it is said, in bytes.
    pub const DEFAULT_WINDOW: u32 = 300;
    /// Farthest that they count, in bytes.
    pub const MAX_WINDOW: u32 = 2_000;
    /// Longest index in base64: a million rows of eight columns take 48 000 000 bytes and a head.
    pub const MAX_INDEX_BYTES: usize = 48_000_256;

    pub(super) fn check(&self, faults: &mut Vec<SpecFault>) {
        let max = Self::MAX_COLUMNS;
        if self.columns.is_empty() || self.columns.len() > max {
            let count = self.columns.len();
            faults.push(SpecFault::Columns { count, max });
        }
        let names = self.columns.iter().take(max).enumerate();
        faults.extend(names.filter_map(|(at, name)| {
            (name.len() > Self::MAX_COLUMN_NAME_BYTES).then_some(SpecFault::EntryTooLong {
                field: "columns",
                number: at + 1,
                max: Self::MAX_COLUMN_NAME_BYTES,
            })
        }));
        let others = self.columns.len().saturating_sub(1);
        if usize::from(self.min_corroborating) > others {
            faults.push(SpecFault::TooManyCorroborating { others });
        }
        if self.window > Self::MAX_WINDOW {
            faults.push(SpecFault::FarCorroborating);
        }
        if self.index.len() > Self::MAX_INDEX_BYTES {
            let max = Self::MAX_INDEX_BYTES;
            faults.push(SpecFault::TooLong {
                field: "index",
                max,
            });
        }
    }
}
