//! Entries as Redis writes them: an id and a list of fields.
//!
//! Owns turning envelopes into commands and answers into entries. The answers come from a server that
//! anybody with the key may have written to.
//! **Invariant:** reading an answer never fails: what is no entry is not there.

use bytes::Bytes;
use deadpool_redis::redis::{Cmd, Value, cmd};

use crate::job::Envelope;
use crate::queue::wire::{self, Flaw};

/// How often an entry was delivered under earlier ids.
const DELIVERIES: &str = "deliveries";

/// An entry, its fields as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Entry {
    pub(super) fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|(key, _)| key == name.as_bytes())
            .map(|(_, value)| value.as_slice())
    }

    /// How often it was delivered before it got its present id.
    pub(super) fn earlier_deliveries(&self) -> u32 {
        self.field(DELIVERIES)
            .and_then(|value| std::str::from_utf8(value).ok())
            .and_then(|word| word.parse().ok())
            .unwrap_or(0)
    }

    /// The envelope, or the entry again and why it is none.
    pub(super) fn into_envelope(mut self) -> Result<Envelope, (Self, Flaw)> {
        let body = self
            .fields
            .iter()
            .position(|(key, _)| key == wire::BODY.as_bytes());
        match wire::read(|name| self.field(name), body.map(|_| Bytes::new())) {
            Ok(mut envelope) => {
                if let Some((_, bytes)) = body.and_then(|at| self.fields.get_mut(at)) {
                    envelope.body = Bytes::from(std::mem::take(bytes));
                }
                Ok(envelope)
            }
            Err(flaw) => Err((self, flaw)),
        }
    }
}

/// `XADD` of an envelope.
pub(super) fn add(key: &str, envelope: &Envelope) -> Cmd {
    let mut command = cmd("XADD");
    command.arg(key).arg("*");
    for (name, value) in wire::write(envelope) {
        command.arg(name).arg(value);
    }
    command.arg(wire::BODY).arg(envelope.body.as_ref());
    command
}

/// The entries of an answer to `XRANGE` or `XCLAIM`; nothing for those that were deleted.
pub(super) fn entries(answer: Value) -> Vec<Entry> {
    list(answer).into_iter().filter_map(entry).collect()
}

/// The entries of an answer to `XREADGROUP` on one stream.
pub(super) fn read_entries(answer: Value) -> Vec<Entry> {
    if let Value::Map(streams) = answer {
        return streams
            .into_iter()
            .flat_map(|(_, list)| entries(list))
            .collect();
    }
    list(answer)
        .into_iter()
        .filter_map(|stream| list(stream).pop())
        .flat_map(entries)
        .collect()
}

/// The members of an answer that is a list.
pub(super) fn list(answer: Value) -> Vec<Value> {
    match answer {
        Value::Array(members) => members,
        _ => Vec::new(),
    }
}

fn entry(answer: Value) -> Option<Entry> {
    let mut parts = list(answer).into_iter();
    let id = String::from_utf8(bytes(parts.next()?)?).ok()?;
    let mut flat = match parts.next()? {
        Value::Array(flat) => flat.into_iter(),
        _ => return None,
    };
    let mut fields = Vec::with_capacity(flat.len() / 2);
    while let (Some(name), Some(value)) = (flat.next(), flat.next()) {
        fields.push((bytes(name)?, bytes(value)?));
    }
    Some(Entry { id, fields })
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn an_entry(id: &str) -> Value {
        Value::Array(vec![
            bulk(id),
            Value::Array(vec![bulk("v"), bulk("9"), bulk("deliveries"), bulk("4")]),
        ])
    }

    #[test]
    fn entries_deleted_meanwhile_are_not_there() {
        let answer = Value::Array(vec![
            Value::Nil,
            an_entry("1-0"),
            Value::Array(vec![bulk("2-0"), Value::Nil]),
        ]);
        let ids: Vec<String> = entries(answer).into_iter().map(|entry| entry.id).collect();
        assert_eq!(ids, ["1-0"]);
    }

    #[test]
    fn both_protocols_give_the_same_entries() {
        let list = Value::Array(vec![an_entry("1-0"), an_entry("2-0")]);
        let second = Value::Array(vec![Value::Array(vec![bulk("key"), list.clone()])]);
        let third = Value::Map(vec![(bulk("key"), list)]);
        assert_eq!(read_entries(second).len(), 2);
        assert_eq!(read_entries(third).len(), 2);
        assert!(read_entries(Value::Nil).is_empty());
    }

    #[test]
    fn an_entry_that_is_no_envelope_keeps_its_fields() {
        let entry = entries(Value::Array(vec![an_entry("1-0")])).pop().unwrap();
        assert_eq!(entry.earlier_deliveries(), 4);
        let (kept, flaw) = entry.clone().into_envelope().unwrap_err();
        assert_eq!((kept, flaw), (entry, Flaw::TooNew));
    }
}
