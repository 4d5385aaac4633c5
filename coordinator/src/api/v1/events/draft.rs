//! Security events as they are handed in.
//!
//! Owns saying all that is wrong with one, or with any of a batch. What their bounds are is for `domain::events`.
//! **Invariant:** a mistake names a field of ours, and in a batch the event, and never repeats what was sent.

use serde::Deserialize;
use serde_json::{Map, Value};
use shared::finding::Severity;
use utoipa::ToSchema;

use crate::api::body::Object;
use crate::api::fields::{Fields, one_of, read_draft, read_drafts};
use crate::domain::events::{
    DataFault, MAX_DATA_BYTES, MAX_DATA_DEPTH, MAX_DESCRIPTION_CHARS, MAX_KEY_CHARS,
    MAX_NAME_CHARS, SEVERITIES, SecurityEvent, check_data,
};

/// Events in a batch, at most.
pub(super) const MAX_BATCH: usize = 1_000;

/// A security event.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "source": "edge-firewall", "event_type": "port_scan", "severity": "HIGH",
    "description": "1024 ports of db-1 asked within a minute", "data": {"from": "203.0.113.9"},
}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read` takes field by field")]
pub struct EventDraft {
    /// Who reports it: one line.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    source: String,
    /// What kind of event: one line.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    event_type: String,
    /// How bad. `HIGH` and `CRITICAL` become alerts.
    severity: EventSeverity,
    /// For people: what happened.
    #[schema(
        min_length = 1,
        max_length = 4000,
        pattern = r"^[^\x00]*[^\s\x00][^\x00]*$"
    )]
    description: String,
    /// The rest, as the source has it: at most 16 KiB as compact JSON, nested at most 16 levels deep.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
    /// What the source knows the same event by: events of one source with one key are one alert. Without it, only
    /// events that are alike in everything are.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    dedup_key: Option<String>,
}

/// How bad an event is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum EventSeverity {
    /// Worth knowing.
    Low,
    /// Worth a look.
    Medium,
    /// Worth acting on today.
    High,
    /// Worth acting on now.
    Critical,
}

/// Several events.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"events": [{"source": "edge-firewall", "event_type": "port_scan", "severity": "LOW", "description": "12 ports of db-1 asked"}]}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `read_batch` takes")]
pub struct EventBatch {
    /// The events. All are taken, or none.
    #[schema(min_items = 1, max_items = 1000)]
    events: Vec<EventDraft>,
}

/// Reads one event.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn read(draft: Object) -> Result<SecurityEvent, Vec<String>> {
    read_draft(draft, event_in)
}

/// Reads a batch.
///
/// # Errors
/// All that is wrong with any event.
pub(super) fn read_batch(draft: Object) -> Result<Vec<SecurityEvent>, Vec<String>> {
    read_drafts(draft, "events", MAX_BATCH, event_in)
}

fn event_in(fields: &mut Fields<'_>) -> Option<SecurityEvent> {
    let source = fields.need_line("source", MAX_NAME_CHARS);
    let event_type = fields.need_line("event_type", MAX_NAME_CHARS);
    let severities = one_of(&SEVERITIES, Severity::as_str);
    fields.require("severity", &severities);
    let severity = fields.read("severity", &severities);
    if severity.is_some_and(|severity| !SEVERITIES.contains(&severity)) {
        fields.note("severity", format_args!("give {severities}"));
    }
    let description = fields.need_text("description", MAX_DESCRIPTION_CHARS);
    let data: Map<String, Value> = fields.read("data", "an object").unwrap_or_default();
    if let Err(fault) = check_data(&data) {
        fields.note("data", told(fault));
    }
    let dedup_key = fields.line("dedup_key", MAX_KEY_CHARS);
    Some(SecurityEvent {
        source: source?,
        event_type: event_type?,
        severity: severity?,
        description: description?,
        data,
        dedup_key,
    })
}

fn told(fault: DataFault) -> String {
    match fault {
        DataFault::TooLarge => format!("has more than {MAX_DATA_BYTES} bytes; leave something out"),
        DataFault::TooDeep => format!("is nested deeper than {MAX_DATA_DEPTH} levels; flatten it"),
        DataFault::Nul => "holds a NUL; leave it out".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::api::fields::{LINE, TEXT};

    fn fields(value: &Value) -> Object {
        Object(value.as_object().unwrap().clone())
    }

    fn event() -> Value {
        json!({"source": "fw", "event_type": "scan", "severity": "HIGH", "description": "many ports"})
    }

    fn with(field: &str, value: Value) -> Value {
        let mut event = event();
        event[field] = value;
        event
    }

    #[test]
    fn an_event_needs_four_fields_and_no_more() {
        let read = read(fields(&event())).unwrap();
        assert_eq!(
            (read.severity, read.data.len(), read.dedup_key),
            (Severity::High, 0, None)
        );
    }

    #[test]
    fn every_mistake_is_told_and_nothing_is_repeated() {
        let mistakes = read(fields(&json!({
            "source": "4111\n", "severity": "INFO", "description": "", "data": ["4111"], "dedup_key": 4111, "4111": 1,
        })))
        .unwrap_err()
        .join("\n");
        assert!(!mistakes.contains("4111"));
        insta::assert_snapshot!(mistakes, @r"
        `source`: give a text of 1 to 100 characters on one line
        `event_type`: is missing; give a text of 1 to 100 characters on one line
        `severity`: give one of LOW, MEDIUM, HIGH, CRITICAL
        `description`: give a text of 1 to 4000 characters
        `data`: give an object
        `dedup_key`: give a text of 1 to 200 characters on one line
        1 fields are not known here; there are source, event_type, severity, description, data, dedup_key
        ");
    }

    #[test]
    fn the_bounds_are_exact() {
        for (field, most) in [
            ("source", 100),
            ("event_type", 100),
            ("description", 4_000),
            ("dedup_key", 200),
        ] {
            let long = |chars: usize| fields(&with(field, json!("ä".repeat(chars))));
            assert!(read(long(most)).is_ok(), "{field}");
            assert!(read(long(most + 1)).is_err(), "{field}");
            assert!(read(long(0)).is_err(), "{field}");
        }
        for bad in [
            json!("low"),
            json!("INFO"),
            json!(4),
            json!(null),
            json!(["HIGH"]),
        ] {
            assert!(read(fields(&with("severity", bad))).is_err());
        }
        assert!(read(fields(&with("description", json!("two\nlines")))).is_ok());
        assert!(read(fields(&with("description", json!("a\0b")))).is_err());
    }

    #[test]
    fn in_a_batch_mistakes_say_in_which_event_they_are() {
        let batch = json!({"events": [event(), with("severity", json!("X")), 7, with("data", json!({"a": "\0"}))]});
        let mistakes = read_batch(fields(&batch)).unwrap_err();
        insta::assert_snapshot!(mistakes.join("\n"), @r"
        `events[1].severity`: give one of LOW, MEDIUM, HIGH, CRITICAL
        `events[2]`: give an object
        `events[3].data`: holds a NUL; leave it out
        ");
    }

    #[test]
    fn a_batch_has_one_to_a_thousand_events() {
        for (count, taken) in [(0, false), (1, true), (1_000, true), (1_001, false)] {
            let batch = json!({"events": vec![event(); count]});
            assert_eq!(read_batch(fields(&batch)).is_ok(), taken, "{count}");
        }
        assert!(read_batch(fields(&json!({"events": [event()], "more": 1}))).is_err());
        assert!(read_batch(Object::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text in any::<String>()) {
            for field in ["source", "event_type", "severity", "description", "dedup_key"] {
                drop(read(fields(&with(field, json!(text)))));
            }
        }
    }

    #[test]
    fn the_document_says_what_a_line_is() {
        use utoipa::PartialSchema;
        let schema = serde_json::to_value(EventDraft::schema()).unwrap();
        assert_eq!(schema["properties"]["source"]["pattern"], LINE);
        assert_eq!(schema["properties"]["description"]["pattern"], TEXT);
    }
}
