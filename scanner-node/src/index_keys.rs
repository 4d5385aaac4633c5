//! From the keys of a ring to those of the engine, which knows of no rings.
//!
//! **Invariant:** each key has one use.

use shared::seal::LookupKeys;

use crate::detect::{DocumentKey, ExactKey, IndexKeys};

/// The engine's keys.
pub fn index_keys(of: &LookupKeys) -> IndexKeys {
    IndexKeys {
        exact: ExactKey::new(of.exact_data().expose()),
        documents: DocumentKey::new(of.shingles().expose(), of.documents().expose()),
    }
}
