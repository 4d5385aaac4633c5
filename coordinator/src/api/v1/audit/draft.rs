//! Entries as other systems hand them in.
//!
//! Owns saying all that is wrong with one, or with any of a batch.
//! **Invariant:** a mistake names a field of ours, and in a batch the entry, and never repeats what was sent.

use serde::Deserialize;
use serde_json::{Map, Value};
use shared::ids::{AuditEventId, UserId};
use utoipa::ToSchema;

use crate::api::body::Object;
use crate::api::fields::{Fields, read_draft, read_drafts};
use crate::store::audit::NewAuditEvent;

/// Entries in one batch, at most.
const MAX_BATCH: usize = 1_000;
/// Characters of a type, a user's or a subject's name.
const MAX_NAME: usize = 200;
/// Bytes of `variant_data`, written as JSON.
const MAX_DATA_BYTES: usize = 16 * 1024;

/// Something that was done somewhere.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"event_type": "vpn.login", "user_id": "u-42", "subject": "gateway-1", "variant_data": {"ip": "192.0.2.7", "ok": true}}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes field by field")]
pub struct NewEntry {
    /// What was done.
    #[schema(
        example = "vpn.login",
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    event_type: String,
    /// By whom, as the other system calls them.
    #[schema(
        example = "u-42",
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    user_id: Option<String>,
    /// To what.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    subject: Option<String>,
    /// The rest: any object of up to 16 KiB.
    #[schema(value_type = Option<Object>, example = json!({"ip": "192.0.2.7", "ok": true}))]
    variant_data: Option<Map<String, Value>>,
}

/// Several entries.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"events": [{"event_type": "vpn.login", "user_id": "u-42"}, {"event_type": "vpn.logout", "user_id": "u-42"}]}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read_batch` takes")]
pub struct NewEntries {
    /// In the order in which they are to stand in the chain.
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<NewEntry>,
}

/// Reads one entry, which `by` hands in.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn read(draft: Object, by: UserId) -> Result<NewAuditEvent, Vec<String>> {
    read_draft(draft, |fields| entry_in(fields, by))
}

/// Reads a batch.
///
/// # Errors
/// All that is wrong with any entry.
pub(super) fn read_batch(draft: Object, by: UserId) -> Result<Vec<NewAuditEvent>, Vec<String>> {
    read_drafts(draft, "events", MAX_BATCH, |fields| entry_in(fields, by))
}

fn entry_in(fields: &mut Fields<'_>, by: UserId) -> Option<NewAuditEvent> {
    let event_type = fields.need_line("event_type", MAX_NAME);
    let user_id = fields.line("user_id", MAX_NAME);
    let subject = fields.line("subject", MAX_NAME);
    let data: Option<Map<String, Value>> = fields.read("variant_data", "an object");
    let variant_data = Value::Object(data.unwrap_or_default());
    if variant_data.to_string().len() > MAX_DATA_BYTES {
        let what = format!("has more than {MAX_DATA_BYTES} bytes; leave something out");
        fields.note("variant_data", what);
    }
    Some(NewAuditEvent {
        id: AuditEventId::fresh(),
        event_type: event_type?,
        user_id,
        subject,
        recorded_by: Some(by),
        variant_data,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use utoipa::PartialSchema as _;

    use super::*;
    use crate::api::fields::LINE;

    fn batch(events: &Value) -> Result<Vec<NewAuditEvent>, Vec<String>> {
        let draft = serde_json::from_value(json!({ "events": events })).unwrap();
        read_batch(draft, UserId::fresh())
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let told = batch(&json!([
            {"event_type": "ok", "variant_data": {"a": [1, {"b": null}]}},
            {"event_type": "", "user_id": "a\u{0}b", "variant_data": {"x": "y".repeat(MAX_DATA_BYTES)}},
        ]));
        assert_eq!(
            told.unwrap_err(),
            [
                "`events[1].event_type`: give a text of 1 to 200 characters on one line",
                "`events[1].user_id`: give a text of 1 to 200 characters on one line",
                "`events[1].variant_data`: has more than 16384 bytes; leave something out",
            ]
        );
    }

    #[test]
    fn a_batch_is_neither_empty_nor_endless() {
        let of = |length: usize| batch(&json!(vec![json!({"event_type": "x"}); length]));
        for length in [0, MAX_BATCH + 1] {
            assert!(of(length).is_err(), "{length}");
        }
        assert_eq!(of(MAX_BATCH).unwrap().len(), MAX_BATCH);
    }

    #[test]
    fn the_document_says_what_a_name_is() {
        let schema = serde_json::to_value(NewEntry::schema()).unwrap();
        for field in ["event_type", "user_id", "subject"] {
            assert_eq!(schema["properties"][field]["pattern"], LINE);
        }
    }
}
