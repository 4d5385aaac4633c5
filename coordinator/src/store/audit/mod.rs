//! `audit_events`: what was done, by whom, to what.
//!
//! Owns appending to the chain (`append`), reading it as a list (`list`), walking it from end to end (`walk`)
//! and its signed checkpoints (`checkpoints`). How an entry is hashed is for `domain::chain`.
//! **Invariant:** an entry is written in the transaction of the deed it records, at the end of it; there is
//! no change of an entry, and only the janitor drops whole beginnings of the chain.

mod append;
mod checkpoints;
mod list;
mod walk;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::ids::{AuditEventId, UserId};

use crate::domain::chain::{ChainHash, Link};

pub(super) use append::flush;
pub use append::{Head, append, append_now, head, set_pruned};
pub use checkpoints::{
    Checkpoint, add_checkpoint, checkpoint_at_or_before, checkpoint_before, checkpoints_between,
    latest_checkpoint,
};
pub use list::{AuditFilter, explain, get, list};
pub use walk::{Segment, between, delete_pruned, segment};

/// An entry to append.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// What was done: `detector.updated`.
    pub event_type: String,
    /// By whom: a user's id here, whatever another system calls somebody there; none for Weir itself.
    pub user_id: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// Who handed it in, if it comes from outside.
    pub recorded_by: Option<UserId>,
    /// The rest, as this type of event has it.
    pub variant_data: Value,
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// Its place in the chain: 1 is the first.
    pub seq: u64,
    /// Its id.
    pub id: AuditEventId,
    /// When it was appended, by the database's clock; never before the entry in front of it.
    pub at: DateTime<Utc>,
    /// What was done.
    pub event_type: String,
    /// By whom.
    pub user_id: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// Who handed it in, if it comes from outside.
    pub recorded_by: Option<String>,
    /// The rest, byte for byte as it was hashed: a JSON text.
    pub variant_data: String,
    /// The hash of this entry and all before it.
    pub hash: ChainHash,
}

impl AuditEvent {
    /// The entry, as it is hashed.
    pub fn link(&self) -> Link<'_> {
        Link {
            seq: self.seq,
            id: self.id,
            at: self.at,
            event_type: &self.event_type,
            user_id: self.user_id.as_deref(),
            subject: self.subject.as_deref(),
            recorded_by: self.recorded_by.as_deref(),
            variant_data: &self.variant_data,
        }
    }
}

impl NewAuditEvent {
    /// A deed done in Weir: by somebody, or by itself.
    pub fn deed(event_type: &str, by: Option<UserId>, subject: String, data: Value) -> Self {
        Self {
            id: AuditEventId::fresh(),
            event_type: event_type.to_owned(),
            user_id: by.map(|user| user.to_string()),
            subject: Some(subject),
            recorded_by: None,
            variant_data: data,
        }
    }
}
