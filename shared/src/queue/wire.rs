//! How an envelope is spelled as named fields, which Redis and SQS share.
//!
//! Owns the names of the fields and the reading of fields that anybody may have written. Where the fields
//! stand in an entry is for each backend.
//! **Invariant:** reading never fails in a way that repeats what was read.

use bytes::Bytes;

use super::Stream;
use crate::ids::WorkspaceId;
use crate::job::{Envelope, Kind, TraceContext, WIRE_VERSION};

pub(super) const VERSION: &str = "v";
pub(super) const KIND: &str = "kind";
pub(super) const JOB: &str = "job";
pub(super) const WORKSPACE: &str = "ws";
pub(super) const ATTEMPT: &str = "attempt";
pub(super) const TRACEPARENT: &str = "traceparent";
pub(super) const TRACESTATE: &str = "tracestate";
pub(super) const BODY: &str = "body";

/// Versions this build reads: its own and the one before. There was none before the first.
const OLDEST_VERSION: u16 = if WIRE_VERSION > 1 {
    WIRE_VERSION - 1
} else {
    1
};

/// Why fields are no envelope that this build reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Nobody can read it.
    Malformed(&'static str),
    /// A later build can read it.
    TooNew,
}

/// All fields of an envelope but the body.
pub(super) fn write(envelope: &Envelope) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        (VERSION, envelope.version.to_string()),
        (KIND, envelope.kind.as_str().to_owned()),
        (JOB, envelope.job_id.to_string()),
        (WORKSPACE, envelope.workspace.as_str().to_owned()),
        (ATTEMPT, envelope.attempt.to_string()),
    ];
    if let Some(parent) = &envelope.trace.traceparent {
        fields.push((TRACEPARENT, parent.clone()));
    }
    if let Some(state) = &envelope.trace.tracestate {
        fields.push((TRACESTATE, state.clone()));
    }
    fields
}

/// Makes an envelope of the fields that `field` finds and of a body.
pub(super) fn read<'a>(
    field: impl Fn(&str) -> Option<&'a [u8]>,
    body: Option<Bytes>,
) -> Result<Envelope, Flaw> {
    let text = |name| field(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let version: u64 = text(VERSION)
        .and_then(|word| word.parse().ok())
        .ok_or(Flaw::Malformed("no version"))?;
    if version > u64::from(WIRE_VERSION) {
        return Err(Flaw::TooNew);
    }
    let version = u16::try_from(version)
        .ok()
        .filter(|version| *version >= OLDEST_VERSION)
        .ok_or(Flaw::Malformed("a version no longer read"))?;
    Ok(Envelope {
        version,
        kind: text(KIND)
            .and_then(Kind::parse)
            .ok_or(Flaw::Malformed("no kind"))?,
        job_id: text(JOB)
            .and_then(|word| word.parse().ok())
            .ok_or(Flaw::Malformed("no job id"))?,
        workspace: text(WORKSPACE)
            .map(WorkspaceId::new)
            .ok_or(Flaw::Malformed("no workspace"))?,
        attempt: text(ATTEMPT)
            .and_then(|word| word.parse().ok())
            .ok_or(Flaw::Malformed("no attempt"))?,
        // A broken trace is not worth a job.
        trace: TraceContext {
            traceparent: text(TRACEPARENT).map(str::to_owned),
            tracestate: text(TRACESTATE).map(str::to_owned),
        },
        body: body.ok_or(Flaw::Malformed("no body"))?,
    })
}

/// The stream of that name.
pub(super) fn stream_named(name: &str) -> Option<Stream> {
    Stream::ALL.into_iter().find(|stream| stream.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::ids::JobId;

    fn envelope() -> Envelope {
        Envelope {
            version: WIRE_VERSION,
            kind: Kind::Job,
            job_id: JobId::fresh(),
            workspace: WorkspaceId::new("T1"),
            attempt: 3,
            trace: TraceContext {
                traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
                tracestate: Some("weir=1".into()),
            },
            body: Bytes::from_static(b"\x00\xffsealed"),
        }
    }

    fn read_map(fields: &HashMap<String, Vec<u8>>) -> Result<Envelope, Flaw> {
        let body = fields.get(BODY).map(|body| Bytes::from(body.clone()));
        read(|name| fields.get(name).map(Vec::as_slice), body)
    }

    fn written(envelope: &Envelope) -> HashMap<String, Vec<u8>> {
        let mut fields: HashMap<_, _> = write(envelope)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect();
        fields.insert(BODY.to_owned(), envelope.body.to_vec());
        fields
    }

    #[test]
    fn reads_what_it_wrote() {
        let envelope = envelope();
        assert_eq!(read_map(&written(&envelope)), Ok(envelope));
    }

    #[test]
    fn an_envelope_without_a_trace_has_none_when_read() {
        let envelope = Envelope {
            trace: TraceContext::default(),
            ..envelope()
        };
        assert_eq!(read_map(&written(&envelope)), Ok(envelope));
    }

    #[test]
    fn fields_it_does_not_know_are_left_alone() {
        let envelope = envelope();
        let mut fields = written(&envelope);
        fields.insert("colour".into(), b"blue".to_vec());
        assert_eq!(read_map(&fields), Ok(envelope));
    }

    #[test]
    fn every_field_but_the_trace_is_needed() {
        for name in [VERSION, KIND, JOB, WORKSPACE, ATTEMPT, BODY] {
            let mut fields = written(&envelope());
            fields.remove(name);
            assert!(
                matches!(read_map(&fields), Err(Flaw::Malformed(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn a_later_version_is_not_malformed_whatever_else_it_says() {
        for later in [u64::from(WIRE_VERSION) + 1, u64::MAX] {
            let fields = HashMap::from([(VERSION.to_owned(), later.to_string().into_bytes())]);
            assert_eq!(read_map(&fields), Err(Flaw::TooNew));
        }
    }

    #[test]
    fn version_zero_never_existed() {
        let mut fields = written(&envelope());
        fields.insert(VERSION.into(), b"0".to_vec());
        assert!(matches!(read_map(&fields), Err(Flaw::Malformed(_))));
    }

    #[test]
    fn every_stream_is_found_by_its_name() {
        for stream in Stream::ALL {
            assert_eq!(stream_named(stream.name()), Some(stream));
        }
        assert_eq!(stream_named("jobs"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_field_are_read_or_refused(
            fields in prop::collection::hash_map("v|kind|job|ws|attempt|traceparent|body", any::<Vec<u8>>(), 0..8)
        ) {
            // Nothing random is a UUID, so all of it must be refused.
            prop_assert!(read_map(&fields).is_err());
        }
    }
}
