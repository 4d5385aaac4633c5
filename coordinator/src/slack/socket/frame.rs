//! What stands on a frame.
//!
//! Owns reading frames and writing acknowledgements. Leaves the payload as it came.
//! **Invariant:** whatever has an envelope's id is an envelope, of a type unknown here too: it may hold what
//! somebody wrote.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The longest id that is answered.
const MAX_ID: usize = 255;
/// Characters of why something is sent again.
const MAX_REASON: usize = 64;

/// A frame.
#[derive(Debug)]
pub(super) enum Frame {
    /// The connection is ready.
    Hello,
    /// The connection is about to end.
    Disconnect(Reason),
    /// Something happened.
    Envelope(Envelope),
    /// Nothing that is known here.
    Unknown,
}

/// Why a connection is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Warning,
    Refresh,
    LinkDisabled,
    TooMany,
    Other,
}

/// Something that happened, to be acknowledged.
#[derive(Clone)]
pub struct Envelope {
    /// What it is acknowledged by.
    pub envelope_id: String,
    /// What its payload is.
    pub kind: EnvelopeKind,
    /// JSON, as it came.
    pub payload: String,
    /// Whether an answer may come with the acknowledgement.
    pub accepts_response: bool,
    /// How often it was sent before.
    pub retry_attempt: u64,
    /// Why it is sent again.
    pub retry_reason: Option<String>,
}

/// What an envelope's payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvelopeKind {
    /// What the events endpoint takes.
    EventsApi,
    /// What the endpoint for interactivity takes, without the form around it.
    Interactive,
    /// What the endpoint for commands takes, as an object.
    SlashCommands,
    /// Something else.
    Other,
}

impl EnvelopeKind {
    /// The word for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsApi => "events_api",
            Self::Interactive => "interactive",
            Self::SlashCommands => "slash_commands",
            Self::Other => "other",
        }
    }
}

impl Frame {
    /// Reads a frame. Its payload is not looked into, so nothing in it can spoil the rest.
    pub(super) fn read(text: &str) -> Self {
        let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
            return Self::Unknown;
        };
        let field = |name: &str| fields.get(name).and_then(|raw| value(raw));
        let word = |name: &str| field(name).and_then(|value| value.as_str().map(str::to_owned));
        let kind = word("type").unwrap_or_default();
        if let Some(envelope_id) = word("envelope_id").filter(|id| (1..=MAX_ID).contains(&id.len()))
        {
            let payload = fields.get("payload").map_or("null", |raw| raw.get());
            return Self::Envelope(Envelope {
                envelope_id,
                kind: EnvelopeKind::of(&kind),
                payload: payload.to_owned(),
                accepts_response: field("accepts_response_payload") == Some(Value::Bool(true)),
                retry_attempt: field("retry_attempt").and_then(|n| n.as_u64()).unwrap_or(0),
                retry_reason: word("retry_reason")
                    .map(|why| why.chars().take(MAX_REASON).collect()),
            });
        }
        match kind.as_str() {
            "hello" => Self::Hello,
            "disconnect" => Self::Disconnect(Reason::of(&word("reason").unwrap_or_default())),
            _ => Self::Unknown,
        }
    }
}

/// A small value; a payload is never read this way.
fn value(raw: &RawValue) -> Option<Value> {
    serde_json::from_str(raw.get()).ok()
}

impl EnvelopeKind {
    fn of(word: &str) -> Self {
        match word {
            "events_api" => Self::EventsApi,
            "interactive" => Self::Interactive,
            "slash_commands" => Self::SlashCommands,
            _ => Self::Other,
        }
    }
}

impl Reason {
    fn of(word: &str) -> Self {
        match word {
            "warning" => Self::Warning,
            "refresh_requested" => Self::Refresh,
            "link_disabled" => Self::LinkDisabled,
            "too_many_websockets" => Self::TooMany,
            _ => Self::Other,
        }
    }
}

/// The acknowledgement of an envelope.
pub(super) fn ack(envelope_id: &str, payload: Option<&Value>) -> String {
    match payload {
        Some(payload) => json!({"envelope_id": envelope_id, "payload": payload}).to_string(),
        None => json!({"envelope_id": envelope_id}).to_string(),
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("kind", &self.kind)
            .field("retry_attempt", &self.retry_attempt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_envelope_keeps_its_payload_byte_for_byte() {
        let text = r#"{"envelope_id":"e1","type":"events_api","accepts_response_payload":false,
            "payload": {"event_id":"Ev1", "event":{"text":"secret \ud800"}},
            "retry_attempt":2,"retry_reason":"timeout"}"#;
        let Frame::Envelope(envelope) = Frame::read(text) else {
            panic!("no envelope");
        };
        assert_eq!(
            envelope.payload,
            r#"{"event_id":"Ev1", "event":{"text":"secret \ud800"}}"#
        );
        assert_eq!(
            (envelope.kind, envelope.retry_attempt),
            (EnvelopeKind::EventsApi, 2)
        );
        assert_eq!(envelope.retry_reason.as_deref(), Some("timeout"));
        assert!(!format!("{envelope:?}").contains("secret"));
    }

    #[test]
    fn fields_that_are_absent_or_odd_spoil_nothing() {
        for (text, kind) in [
            (r#"{"envelope_id":"e1"}"#, EnvelopeKind::Other),
            (
                r#"{"envelope_id":"e1","type":"invented_tomorrow","payload":7}"#,
                EnvelopeKind::Other,
            ),
            (
                r#"{"envelope_id":"e1","type":"interactive","retry_attempt":"2"}"#,
                EnvelopeKind::Interactive,
            ),
            (
                r#"{"envelope_id":"e1","type":"slash_commands","retry_reason":{}}"#,
                EnvelopeKind::SlashCommands,
            ),
        ] {
            let Frame::Envelope(envelope) = Frame::read(text) else {
                panic!("no envelope: {text}");
            };
            assert_eq!((envelope.kind, envelope.retry_attempt), (kind, 0));
        }
    }

    #[test]
    fn a_connection_says_hello_and_why_it_ends() {
        assert!(matches!(
            Frame::read(r#"{"type":"hello","num_connections":1}"#),
            Frame::Hello
        ));
        for (word, reason) in [
            ("warning", Reason::Warning),
            ("refresh_requested", Reason::Refresh),
            ("link_disabled", Reason::LinkDisabled),
            ("too_many_websockets", Reason::TooMany),
            ("invented_tomorrow", Reason::Other),
        ] {
            let text = format!(r#"{{"type":"disconnect","reason":"{word}"}}"#);
            assert!(matches!(Frame::read(&text), Frame::Disconnect(told) if told == reason));
        }
    }

    #[test]
    fn what_is_no_frame_is_unknown() {
        for text in [
            "",
            "[]",
            "hello",
            r#"{"type":7}"#,
            r#"{"envelope_id":""}"#,
            "{",
        ] {
            assert!(matches!(Frame::read(text), Frame::Unknown), "{text}");
        }
    }

    #[test]
    fn an_acknowledgement_names_the_envelope() {
        assert_eq!(ack("e\"1", None), r#"{"envelope_id":"e\"1"}"#);
        let payload = json!({"text": "hi"});
        assert_eq!(
            ack("e1", Some(&payload)),
            r#"{"envelope_id":"e1","payload":{"text":"hi"}}"#
        );
    }

    proptest! {
        #[test]
        fn any_text_is_something(text in "\\PC{0,80}") {
            let _frame = Frame::read(&text);
            let _frame = Frame::read(&format!(r#"{{"envelope_id":"e","payload":{text}}}"#));
        }
    }
}
