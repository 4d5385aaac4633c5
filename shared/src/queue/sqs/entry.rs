//! Entries as SQS messages: a text body and attributes.
//!
//! Owns both directions. SQS counts attributes towards the length of a message, allows ten of them, and
//! allows no empty text.
//! **Invariant:** what is read never fails in a way that repeats what was read.

use std::collections::HashMap;

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName, SendMessageBatchRequestEntry,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::job::Envelope;
use crate::queue::Stream;
use crate::queue::wire::{self, Flaw};

const STREAM: &str = "stream";
const REASON: &str = "reason";

/// Stands for a body of no bytes, which base64 would write as nothing.
const NO_BYTES: &str = "-";
/// Attributes of one message.
const ATTRIBUTES: usize = 10;

/// A message to send.
#[derive(Clone)]
pub(super) struct Outgoing {
    body: String,
    attributes: Vec<(String, MessageAttributeValue)>,
    group: Option<String>,
}

impl Outgoing {
    pub(super) fn new(stream: Stream, envelope: &Envelope) -> Self {
        let mut body = STANDARD.encode(&envelope.body);
        if body.is_empty() {
            NO_BYTES.clone_into(&mut body);
        }
        let fields = wire::write(envelope).into_iter();
        let mut attributes: Vec<_> = fields
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), text(&value)))
            .collect();
        attributes.push((STREAM.to_owned(), text(stream.name())));
        Self {
            body,
            attributes,
            group: group(envelope.workspace.as_str()),
        }
    }

    /// The same, as a dead letter.
    pub(super) fn with_reason(mut self, reason: &str) -> Self {
        let reason = if reason.is_empty() {
            "none given"
        } else {
            reason
        };
        self.attributes.push((REASON.to_owned(), text(reason)));
        self
    }

    /// A message that is no envelope, as a dead letter.
    pub(super) fn raw(stream: Stream, message: &Message, reason: &str) -> Self {
        let mut attributes = vec![
            (REASON.to_owned(), text(reason)),
            (STREAM.to_owned(), text(stream.name())),
        ];
        for (name, value) in message.message_attributes().into_iter().flatten() {
            let is_ours = name == REASON || name == STREAM;
            if !is_ours && attributes.len() < ATTRIBUTES {
                attributes.push((name.clone(), value.clone()));
            }
        }
        Self {
            body: message.body().unwrap_or(NO_BYTES).to_owned(),
            attributes,
            group: None,
        }
    }

    /// Its length as SQS counts it.
    pub(super) fn length(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| {
            let kind = value.data_type().len();
            let bytes = value.binary_value().map_or(0, |blob| blob.as_ref().len());
            name.len() + kind + bytes + value.string_value().map_or(0, str::len)
        });
        self.body.len() + attributes.sum::<usize>()
    }

    pub(super) fn request(self, id: String) -> Result<SendMessageBatchRequestEntry, BuildError> {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(self.body)
            .set_message_attributes(Some(self.attributes.into_iter().collect()))
            .set_message_group_id(self.group)
            .build()
    }
}

/// The envelope in a message.
pub(super) fn envelope(message: &Message) -> Result<Envelope, Flaw> {
    let none = HashMap::new();
    let attributes = message.message_attributes().unwrap_or(&none);
    let body = match message.body() {
        Some(NO_BYTES) => Some(Bytes::new()),
        Some(text) => STANDARD.decode(text).ok().map(Bytes::from),
        None => None,
    };
    let field = |name: &str| {
        let value = attributes.get(name)?.string_value()?;
        Some(value.as_bytes())
    };
    wire::read(field, body)
}

/// The stream a dead letter came from.
pub(super) fn stream(message: &Message) -> Option<Stream> {
    wire::stream_named(attribute(message, STREAM)?)
}

/// Why a dead letter was set aside. SQS itself gives no reason.
pub(super) fn reason(message: &Message) -> &str {
    attribute(message, REASON).unwrap_or("received too often")
}

/// How often a message was received, this time included.
pub(super) fn deliveries(message: &Message) -> u32 {
    message
        .attributes()
        .and_then(|all| all.get(&MessageSystemAttributeName::ApproximateReceiveCount))
        .and_then(|word| word.parse().ok())
        .unwrap_or(1)
}

fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.message_attributes()?.get(name)?.string_value()
}

fn text(value: &str) -> MessageAttributeValue {
    let builder = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value);
    #[expect(clippy::expect_used, reason = "it fails only without a data type")]
    builder.build().expect("the data type is set")
}

/// The workspace, if it is a name that SQS takes.
fn group(workspace: &str) -> Option<String> {
    let is_group = (1..=128).contains(&workspace.len())
        && workspace.bytes().all(|byte| byte.is_ascii_graphic());
    is_group.then(|| workspace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{JobId, WorkspaceId};
    use crate::job::{Kind, TraceContext, WIRE_VERSION};

    fn an_envelope(body: &'static [u8]) -> Envelope {
        Envelope {
            version: WIRE_VERSION,
            kind: Kind::Result,
            job_id: JobId::fresh(),
            workspace: WorkspaceId::new("T1"),
            attempt: 0,
            trace: TraceContext::default(),
            body: Bytes::from_static(body),
        }
    }

    fn sent(outgoing: Outgoing) -> Message {
        Message::builder()
            .body(outgoing.body)
            .set_message_attributes(Some(outgoing.attributes.into_iter().collect()))
            .build()
    }

    #[test]
    fn what_is_sent_reads_back() {
        for body in [&b"\x00\xff\n"[..], b"", b"-"] {
            let envelope_sent = an_envelope(body);
            let message = sent(Outgoing::new(Stream::Results, &envelope_sent).with_reason("x"));
            assert_eq!(envelope(&message), Ok(envelope_sent));
            assert_eq!(stream(&message), Some(Stream::Results));
            assert_eq!(reason(&message), "x");
        }
    }

    #[test]
    fn a_body_that_is_not_base64_is_malformed() {
        let mut outgoing = Outgoing::new(Stream::Files, &an_envelope(b"x"));
        outgoing.body = "***".to_owned();
        assert!(matches!(envelope(&sent(outgoing)), Err(Flaw::Malformed(_))));
    }

    #[test]
    fn a_malformed_message_stays_within_ten_attributes() {
        let mut message = Message::builder().body("***");
        for number in 0..10 {
            message = message.message_attributes(format!("a{number}"), text("x"));
        }
        let letter = Outgoing::raw(Stream::Files, &message.build(), "no version");
        assert_eq!(letter.attributes.len(), ATTRIBUTES);
        assert_eq!(reason(&sent(letter)), "no version");
    }

    #[test]
    fn only_names_that_sqs_takes_become_groups() {
        assert_eq!(group("T0123"), Some("T0123".to_owned()));
        assert_eq!(group(""), None);
        assert_eq!(group("two words"), None);
        assert_eq!(group(&"x".repeat(129)), None);
    }
}
