//! Dead letters: what is set aside, why, and the way back.
//!
//! Owns the layout of `{prefix}dead`. Three fields of ours come first, and their place rather than their
//! name tells them from the fields of the entry.
//! **Invariant:** redriving the same dead letter from two places puts it back once.

use deadpool_redis::redis::{Cmd, Value, cmd, pipe};

use super::entry::{self, Entry};
use super::link::Ask;
use super::{Backend, script};
use crate::job::Envelope;
use crate::queue::wire;
use crate::queue::{DeadLetter, QueueError, Stream};

const REASON: &str = "reason";
const STREAM: &str = "stream";
const ENTRY: &str = "entry";

/// Dead letters looked at in one round trip: each may be as long as an envelope may be.
const PAGE: usize = 32;

/// The beginning of an `XADD`, to which the entry's fields are to be added.
pub(super) fn add(key: &str, stream: Stream, id: &str, reason: &str) -> Cmd {
    let mut command = cmd("XADD");
    command.arg(key).arg("*");
    command.arg(REASON).arg(reason);
    command.arg(STREAM).arg(stream.name()).arg(ENTRY).arg(id);
    command
}

/// All fields of an envelope's dead letter.
pub(super) fn fields(
    stream: Stream,
    id: &str,
    reason: &str,
    envelope: &Envelope,
) -> Vec<(&'static str, Vec<u8>)> {
    let mut fields = vec![
        (REASON, reason.as_bytes().to_vec()),
        (STREAM, stream.name().as_bytes().to_vec()),
        (ENTRY, id.as_bytes().to_vec()),
    ];
    let written = wire::write(envelope).into_iter();
    fields.extend(written.map(|(name, value)| (name, value.into_bytes())));
    fields.push((wire::BODY, envelope.body.to_vec()));
    fields
}

/// The oldest dead letters.
pub(super) async fn letters(
    backend: &Backend,
    limit: usize,
) -> Result<Vec<DeadLetter>, QueueError> {
    let mut letters = Vec::new();
    let mut from = "-".to_owned();
    while letters.len() < limit {
        let page = page(backend, &from, PAGE.min(limit - letters.len())).await?;
        let Some(last) = page.last() else {
            break;
        };
        from = format!("({}", last.id);
        letters.extend(page.into_iter().map(letter));
    }
    Ok(letters)
}

/// Puts envelopes back where they came from; the rest stays.
pub(super) async fn redrive(backend: &Backend, limit: usize) -> Result<usize, QueueError> {
    let mut moved = 0;
    let mut from = "-".to_owned();
    while moved < limit {
        let page = page(backend, &from, PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        from = format!("({}", last.id);
        for entry in page {
            if moved == limit {
                break;
            }
            let letter = letter(entry);
            if let (Some(stream), Some(envelope)) = (letter.stream, letter.envelope) {
                moved += put_back(backend, &letter.id, stream, &envelope).await?;
            }
        }
    }
    Ok(moved)
}

async fn put_back(
    backend: &Backend,
    id: &str,
    stream: Stream,
    envelope: &Envelope,
) -> Result<usize, QueueError> {
    let mut script = script::REDRIVE.key(backend.dead());
    script.key(backend.key(stream)).arg(id);
    for (name, value) in wire::write(envelope) {
        script.arg(name).arg(value);
    }
    script.arg(wire::BODY).arg(envelope.body.as_ref());
    backend.ask(Ask::Script(&script)).await
}

async fn page(backend: &Backend, from: &str, count: usize) -> Result<Vec<Entry>, QueueError> {
    let mut pipeline = pipe();
    let command = pipeline.cmd("XRANGE").arg(backend.dead());
    command.arg(from).arg("+").arg("COUNT").arg(count);
    let mut answers: Vec<Value> = backend.ask(Ask::Pipeline(&pipeline)).await?;
    Ok(entry::entries(answers.pop().unwrap_or_default()))
}

fn letter(mut entry: Entry) -> DeadLetter {
    let rest = entry.fields.split_off(entry.fields.len().min(3));
    let ours = |name| {
        let value = entry.field(name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    let stream = ours(STREAM).and_then(|name| wire::stream_named(&name));
    let reason = ours(REASON).unwrap_or_default();
    let original = Entry {
        id: entry.id.clone(),
        fields: rest,
    };
    DeadLetter {
        id: entry.id,
        stream,
        reason,
        envelope: original.into_envelope().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_entry_cannot_pass_for_ours() {
        let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        let entry = Entry {
            id: "1-0".into(),
            fields: vec![
                pair(REASON, "no version"),
                pair(STREAM, "results"),
                pair(ENTRY, "0-7"),
                pair(STREAM, "jobs:files"),
                pair(REASON, "forged"),
            ],
        };
        let letter = letter(entry);
        assert_eq!(letter.reason, "no version");
        assert_eq!(letter.stream, Some(Stream::Results));
        assert_eq!(letter.envelope, None);
    }
}
