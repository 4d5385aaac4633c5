//! The keys of what admins registered.
//!
//! Owns that they go together. Leaves deriving them to `shared::seal`, and their use to `exact` and
//! `documents`. **Invariant:** an engine has all of them or none.

use super::documents::DocumentKey;
use super::exact::ExactKey;

/// The keys under which rows of tables and documents are known again.
#[derive(Clone, Debug)]
pub struct IndexKeys {
    /// Of values in tables.
    pub exact: ExactKey,
    /// Of documents.
    pub documents: DocumentKey,
}
