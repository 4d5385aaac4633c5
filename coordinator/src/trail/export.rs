//! The trail as lines of JSON: how it is handed out, archived, and proved without the database.
//!
//! An entry's line has the fields that are hashed, and its hash; a checkpoint's line has it under
//! `checkpoint`. Checkpoints stand in front of the entries they follow, so that a reader needs no memory.
//! **Invariant:** `variant_data` is written byte for byte as it was hashed.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::ids::AuditEventId;
use std::borrow::Cow;

use crate::domain::chain::ChainHash;
use crate::store::audit::{AuditEvent, Checkpoint};

/// What a line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Exported {
    /// An entry.
    Entry(AuditEvent),
    /// A signed checkpoint.
    Checkpoint(Checkpoint),
}

/// The line is none of an exported trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of an exported audit trail")]
pub struct ExportError;

#[derive(Serialize, Deserialize)]
struct EntryLine<'a> {
    seq: u64,
    id: AuditEventId,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    user_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow)]
    recorded_by: Option<Cow<'a, str>>,
    #[serde(borrow)]
    variant_data: &'a RawValue,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct CheckpointLine {
    checkpoint: Signed,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    seq: u64,
    hash: String,
    created_at: String,
    key_id: String,
    signature: String,
}

/// The line of an entry, without a line break.
///
/// # Errors
/// The stored entry is no longer JSON: somebody altered it.
pub fn entry_line(entry: &AuditEvent) -> Result<String, ExportError> {
    let line = EntryLine {
        seq: entry.seq,
        id: entry.id,
        created_at: written(entry.at).into(),
        event_type: (&entry.event_type).into(),
        user_id: entry.user_id.as_deref().map(Into::into),
        subject: entry.subject.as_deref().map(Into::into),
        recorded_by: entry.recorded_by.as_deref().map(Into::into),
        variant_data: serde_json::from_str(&entry.variant_data).or(Err(ExportError))?,
        hash: entry.hash.to_string(),
    };
    serde_json::to_string(&line).or(Err(ExportError))
}

/// The line of a checkpoint, without a line break.
///
/// # Errors
/// None in practice.
pub fn checkpoint_line(checkpoint: &Checkpoint) -> Result<String, ExportError> {
    let checkpoint = Signed {
        seq: checkpoint.seq,
        hash: checkpoint.hash.to_string(),
        created_at: written(checkpoint.at),
        key_id: checkpoint.key_id.clone(),
        signature: hex::encode(&checkpoint.signature),
    };
    serde_json::to_string(&CheckpointLine { checkpoint }).or(Err(ExportError))
}

/// What a line says.
///
/// # Errors
/// [`ExportError`] (permanent).
pub fn read_line(line: &str) -> Result<Exported, ExportError> {
    if let Ok(entry) = serde_json::from_str::<EntryLine<'_>>(line) {
        return Ok(Exported::Entry(AuditEvent {
            seq: entry.seq,
            id: entry.id,
            at: read(&entry.created_at)?,
            event_type: entry.event_type.into_owned(),
            user_id: entry.user_id.map(Cow::into_owned),
            subject: entry.subject.map(Cow::into_owned),
            recorded_by: entry.recorded_by.map(Cow::into_owned),
            variant_data: entry.variant_data.get().to_owned(),
            hash: hash(&entry.hash)?,
        }));
    }
    let CheckpointLine { checkpoint } = serde_json::from_str(line).or(Err(ExportError))?;
    Ok(Exported::Checkpoint(Checkpoint {
        seq: checkpoint.seq,
        hash: hash(&checkpoint.hash)?,
        at: read(&checkpoint.created_at)?,
        key_id: checkpoint.key_id,
        signature: hex::decode(checkpoint.signature).or(Err(ExportError))?,
    }))
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn read(at: &str) -> Result<DateTime<Utc>, ExportError> {
    at.parse().or(Err(ExportError))
}

fn hash(text: &str) -> Result<ChainHash, ExportError> {
    let bytes = hex::decode(text).or(Err(ExportError))?;
    ChainHash::from_slice(&bytes).ok_or(ExportError)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(text: &str, data: &str) -> AuditEvent {
        AuditEvent {
            seq: 3,
            id: AuditEventId::from(uuid::Uuid::from_u128(7)),
            at: DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap(),
            event_type: text.to_owned(),
            user_id: Some(text.to_owned()),
            subject: None,
            recorded_by: None,
            variant_data: data.to_owned(),
            hash: ChainHash([5; 32]),
        }
    }

    #[test]
    fn an_entry_is_a_line_like_this() {
        let line = entry_line(&entry("a.b", r#"{"n": 1.50}"#)).unwrap();
        insta::assert_snapshot!(line, @r#"{"seq":3,"id":"00000000-0000-0000-0000-000000000007","created_at":"2023-11-14T22:13:20.123456Z","event_type":"a.b","user_id":"a.b","subject":null,"recorded_by":null,"variant_data":{"n": 1.50},"hash":"0505050505050505050505050505050505050505050505050505050505050505"}"#);
    }

    #[test]
    fn a_checkpoint_reads_back() {
        let checkpoint = Checkpoint {
            seq: 9,
            hash: ChainHash([1; 32]),
            at: DateTime::UNIX_EPOCH,
            key_id: "k1".to_owned(),
            signature: vec![2; 64],
        };
        let line = checkpoint_line(&checkpoint).unwrap();
        assert_eq!(read_line(&line), Ok(Exported::Checkpoint(checkpoint)));
    }

    #[test]
    fn an_entry_that_is_no_json_any_more_is_not_handed_out_as_one() {
        assert_eq!(entry_line(&entry("a", "{")), Err(ExportError));
    }

    proptest! {
        #[test]
        fn an_entry_reads_back_as_it_was(text in "\\PC{0,20}", data in "[ -~]{0,20}") {
            let entry = entry(&text, &serde_json::json!({ "a": data }).to_string());
            let line = entry_line(&entry).unwrap();
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(read_line(&line), Ok(Exported::Entry(entry)));
        }

        #[test]
        fn no_other_line_is_taken_for_one(line in "\\PC{0,80}") {
            prop_assert_eq!(read_line(&line), Err(ExportError));
        }
    }
}
