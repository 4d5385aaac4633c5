//! The audit trail beyond its rows: what signs it, proves it, carries it out, and drops what is too old.
//!
//! Owns checkpoints (`checkpoint`), the proof (`examine` one entry after another, `verify` over the database),
//! the exported form (`export`) and retention (`prune`). Leaves rows to `store::audit`, hashing and walking to
//! `domain::chain`, and when to do what to `actors::notary`, the API and the command line.
//! **Invariant:** whoever has only the database can make neither a checkpoint nor the claim that entries were
//! dropped when their time was over.

mod checkpoint;
mod examine;
mod export;
mod prune;
mod verify;

pub use checkpoint::{checkpoint_of, is_genuine};
pub use examine::{Examiner, Verdict};
pub use export::{ExportError, Exported, checkpoint_line, entry_line, read_line};
pub use prune::{drop_pruned, prune};
pub use verify::{Scope, verify};
