//! Security events: what firewalls, intrusion detection and models report.
//!
//! Owns the bounds of an event, which ones become alerts, and by what the same one is known again. Leaves
//! rows to `store::events` and how mistakes are told to the API.
//! **Invariant:** two different events without a `dedup_key` never share a key, and a key of one source is
//! never that of another.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Map, Value};
use shared::finding::Severity;

/// Longest source and event type, in characters.
pub const MAX_NAME_CHARS: usize = 100;
/// Longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 4_000;
/// Longest key of the reporter's own, in characters.
pub const MAX_KEY_CHARS: usize = 200;
/// Longest `data`, in bytes as compact JSON.
pub const MAX_DATA_BYTES: usize = 16 * 1024;
/// How deep `data` may be nested; the object itself is the first level.
pub const MAX_DATA_DEPTH: usize = 16;
/// Severities that can be reported.
pub const SEVERITIES: [Severity; 4] = [
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];

/// An event as it was reported, within its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityEvent {
    /// Who reports it.
    pub source: String,
    /// What kind of event.
    pub event_type: String,
    /// How bad.
    pub severity: Severity,
    /// For people.
    pub description: String,
    /// The rest, as the source has it.
    pub data: Map<String, Value>,
    /// By what the source knows the same event again.
    pub dedup_key: Option<String>,
}

/// Why a document is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFault {
    /// It has more than [`MAX_DATA_BYTES`].
    TooLarge,
    /// It is nested deeper than [`MAX_DATA_DEPTH`].
    TooDeep,
    /// It holds a NUL, which databases refuse.
    Nul,
}

impl SecurityEvent {
    /// Whether people must look at it.
    pub fn raises_an_alert(&self) -> bool {
        self.severity >= Severity::High
    }

    /// The alert's title.
    pub fn title(&self) -> String {
        format!("{} reported by {}", self.event_type, self.source)
    }

    /// By what the same event is known again: the source's own key, else all that it says.
    pub fn alert_key(&self) -> String {
        match &self.dedup_key {
            // A source with a slash in it would otherwise be able to take another's keys.
            Some(key) => {
                let source = self.source.replace('%', "%25").replace('/', "%2F");
                format!("e/{source}/{key}")
            }
            None => format!("e/{}", hex::encode(self.digest())),
        }
    }

    fn digest(&self) -> Vec<u8> {
        let data = Value::Object(self.data.clone()).to_string();
        let fields = [
            &self.source,
            &self.event_type,
            self.severity.as_str(),
            &self.description,
            &data,
        ];
        let mut context = Context::new(&SHA256);
        for field in fields {
            context.update(&(field.len() as u64).to_be_bytes());
            context.update(field.as_bytes());
        }
        context.finish().as_ref().to_vec()
    }
}

/// Judges what an event brings along.
///
/// # Errors
/// The first fault there is.
pub fn check_data(data: &Map<String, Value>) -> Result<(), DataFault> {
    let mut level: Vec<&Value> = data.values().collect();
    let mut has_nul = data.keys().any(|key| key.contains('\0'));
    // Level by level: depth is bounded before anything is written out.
    for _ in 1..=MAX_DATA_DEPTH {
        let mut next = Vec::new();
        for value in level {
            match value {
                Value::String(text) => has_nul |= text.contains('\0'),
                Value::Array(items) => next.extend(items),
                Value::Object(fields) => {
                    has_nul |= fields.keys().any(|key| key.contains('\0'));
                    next.extend(fields.values());
                }
                _ => {}
            }
        }
        level = next;
    }
    if !level.is_empty() {
        return Err(DataFault::TooDeep);
    }
    if has_nul {
        return Err(DataFault::Nul);
    }
    let bytes = serde_json::to_vec(data).map_or(usize::MAX, |bytes| bytes.len());
    if bytes > MAX_DATA_BYTES {
        return Err(DataFault::TooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn event() -> SecurityEvent {
        SecurityEvent {
            source: "fw-1".to_owned(),
            event_type: "port_scan".to_owned(),
            severity: Severity::High,
            description: "many ports".to_owned(),
            data: json!({"ip": "10.0.0.7"}).as_object().unwrap().clone(),
            dedup_key: None,
        }
    }

    fn nested(depth: usize) -> Map<String, Value> {
        let mut value = json!(1);
        for _ in 0..depth {
            value = json!({ "a": value });
        }
        value.as_object().unwrap().clone()
    }

    #[test]
    fn only_high_and_critical_are_for_people() {
        let raising = |severity| {
            SecurityEvent {
                severity,
                ..event()
            }
            .raises_an_alert()
        };
        assert_eq!(SEVERITIES.map(raising), [false, false, true, true]);
    }

    #[test]
    fn an_event_that_differs_in_anything_is_another() {
        let others = [
            SecurityEvent {
                source: "fw-2".to_owned(),
                ..event()
            },
            SecurityEvent {
                event_type: "scan".to_owned(),
                ..event()
            },
            SecurityEvent {
                severity: Severity::Critical,
                ..event()
            },
            SecurityEvent {
                description: "few ports".to_owned(),
                ..event()
            },
            SecurityEvent {
                data: Map::new(),
                ..event()
            },
            SecurityEvent {
                source: "fw-1p".to_owned(),
                event_type: "ort_scan".to_owned(),
                ..event()
            },
        ];
        assert_eq!(event().alert_key(), event().alert_key());
        for other in others {
            assert_ne!(other.alert_key(), event().alert_key(), "{other:?}");
        }
    }

    #[test]
    fn the_sources_own_key_decides_alone() {
        let named = SecurityEvent {
            dedup_key: Some("case-7".to_owned()),
            ..event()
        };
        assert_eq!(named.alert_key(), "e/fw-1/case-7");
        let later = SecurityEvent {
            description: "more".to_owned(),
            ..named.clone()
        };
        assert_eq!(later.alert_key(), named.alert_key());
    }

    #[test]
    fn data_is_bounded_in_depth_and_length_and_has_no_nul() {
        assert_eq!(check_data(&nested(MAX_DATA_DEPTH)), Ok(()));
        assert_eq!(
            check_data(&nested(MAX_DATA_DEPTH + 1)),
            Err(DataFault::TooDeep)
        );
        let long = |bytes: usize| {
            json!({ "a": "x".repeat(bytes) })
                .as_object()
                .unwrap()
                .clone()
        };
        assert_eq!(check_data(&long(MAX_DATA_BYTES - 8)), Ok(()));
        assert_eq!(
            check_data(&long(MAX_DATA_BYTES - 7)),
            Err(DataFault::TooLarge)
        );
        for hidden in [
            json!({"a\0": 1}),
            json!({"a": [{"b": "\0"}]}),
            json!({"a": {"\0": 1}}),
        ] {
            assert_eq!(check_data(hidden.as_object().unwrap()), Err(DataFault::Nul));
        }
    }

    proptest! {
        #[test]
        fn keys_of_two_sources_never_meet(
            one in "[a-c/%]{1,6}", two in "[a-c/%]{1,6}", key in "[a-c/%]{1,6}", other in "[a-c/%]{1,6}",
        ) {
            prop_assume!(one != two);
            let of = |source: &str, key: &str| SecurityEvent {
                source: source.to_owned(), dedup_key: Some(key.to_owned()), ..event()
            }.alert_key();
            prop_assert_ne!(of(&one, &key), of(&two, &other));
        }

        #[test]
        fn a_key_fits_its_index(source in "\\PC{1,100}", key in "\\PC{1,200}") {
            let named = SecurityEvent { source, dedup_key: Some(key), ..event() };
            prop_assert!(named.alert_key().len() < 2_000);
        }
    }
}
