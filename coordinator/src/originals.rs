//! What a leaking message said: sealed anew for the database, and opened for who may see it.
//!
//! Owns the form originals rest in and how long they are kept. Leaves the rows, and who looked at them, to
//! `store::originals`.
//! **Invariant:** the text is in clear only between the one seal and the other, and in the one answer that
//! shows it.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shared::content::TextUnit;
use shared::ids::JobId;
use shared::job::{Envelope, Kind, Payload, TraceContext};
use shared::seal::{EnvelopeSealer, SealError, Sealer};
use zeroize::Zeroizing;

use crate::store::originals::{MAX_SEALED_BYTES, NewOriginal, SealedJob};

/// Keeps and opens originals.
#[derive(Clone)]
pub struct Originals {
    queue: EnvelopeSealer,
    database: Sealer,
    keep: Duration,
}

/// What a message said, as it rests.
#[derive(Serialize, Deserialize)]
struct Said {
    units: Vec<TextUnit>,
}

impl Originals {
    /// Opens what is sealed for the queue with `queue`, seals with `database`, and keeps for so long; zero
    /// for not at all.
    pub fn new(queue: EnvelopeSealer, database: Sealer, keep: Duration) -> Self {
        Self {
            queue,
            database,
            keep,
        }
    }

    /// Whether any are kept.
    pub fn are_kept(&self) -> bool {
        !self.keep.is_zero()
    }

    /// For how long; zero for not at all.
    pub const fn keep(&self) -> Duration {
        self.keep
    }

    /// What a job's content says, sealed for the database; none if it is no text, or too long.
    ///
    /// # Errors
    /// What either seal says.
    pub fn seal_anew(&self, job: SealedJob) -> Result<Option<NewOriginal>, SealError> {
        let id = job.id;
        let envelope = Envelope {
            version: job.wire_version,
            kind: Kind::Job,
            job_id: job.id,
            workspace: job.workspace,
            attempt: 0,
            trace: TraceContext::default(),
            body: Bytes::from(job.payload),
        };
        let Payload::Text { units, .. } = self.queue.open_job(&envelope)?.payload else {
            return Ok(None);
        };
        self.seal(id, units)
    }

    /// What a message says, sealed for the database; none if it is too long.
    ///
    /// # Errors
    /// What the seal says.
    pub fn seal(&self, id: JobId, units: Vec<TextUnit>) -> Result<Option<NewOriginal>, SealError> {
        let said = serde_json::to_vec(&Said { units }).or(Err(SealError::Malformed))?;
        let said = Zeroizing::new(said);
        if said.len() > MAX_SEALED_BYTES {
            return Ok(None);
        }
        Ok(Some(NewOriginal {
            sealed: self.database.seal(&associated_data(id), &said)?,
            keep: self.keep,
        }))
    }

    /// What a message said.
    ///
    /// # Errors
    /// What the seal says; [`SealError::Malformed`] if it is another's.
    pub fn open(&self, job: JobId, sealed: &[u8]) -> Result<Vec<TextUnit>, SealError> {
        let said = self.database.open(&associated_data(job), sealed)?;
        // The parser's error may quote the text, so it goes no further.
        let said: Said = serde_json::from_slice(&said).or(Err(SealError::Malformed))?;
        Ok(said.units)
    }
}

fn associated_data(job: JobId) -> Vec<u8> {
    format!("weir/original/{job}").into_bytes()
}

#[cfg(test)]
mod tests {
    use shared::ids::{BlobId, DetectorSetVersion, WorkspaceId};
    use shared::job::ScanJob;
    use shared::seal::{KeyRing, Purpose};

    use super::*;

    struct Site {
        queue: EnvelopeSealer,
        originals: Originals,
    }

    fn site() -> Site {
        let ring = KeyRing::generate().unwrap();
        let queue = EnvelopeSealer::new(Sealer::new(&ring, Purpose::Queue).unwrap());
        let database = Sealer::new(&ring, Purpose::Database).unwrap();
        let keep = Duration::from_hours(1);
        Site {
            originals: Originals::new(queue.clone(), database, keep),
            queue,
        }
    }

    fn sealed(site: &Site, payload: Payload) -> SealedJob {
        let job = ScanJob {
            id: JobId::fresh(),
            workspace: WorkspaceId::new("T1"),
            detectors: DetectorSetVersion::new("d"),
            payload,
        };
        let envelope = site.queue.job(&job, 0, TraceContext::default()).unwrap();
        SealedJob {
            id: job.id,
            workspace: job.workspace,
            wire_version: envelope.version,
            payload: envelope.body.to_vec(),
        }
    }

    fn text(text: &str) -> Payload {
        Payload::Text {
            units: vec![TextUnit::plain(text)],
            gaps: Vec::new(),
        }
    }

    #[test]
    fn a_message_comes_back_as_it_was_and_rests_sealed() {
        let site = site();
        let job = sealed(&site, text("zanarkand"));
        let id = job.id;
        let kept = site.originals.seal_anew(job).unwrap().unwrap();
        assert!(!kept.sealed.windows(9).any(|part| part == b"zanarkand"));
        assert!(!format!("{kept:?}").contains("zanarkand"));
        let units = site.originals.open(id, &kept.sealed).unwrap();
        assert_eq!(units, [TextUnit::plain("zanarkand")]);
    }

    #[test]
    fn an_original_opens_for_its_own_message_only() {
        let site = site();
        let kept = site
            .originals
            .seal_anew(sealed(&site, text("x")))
            .unwrap()
            .unwrap();
        let other = site.originals.open(JobId::fresh(), &kept.sealed);
        assert_eq!(other, Err(SealError::Tampered));
    }

    #[test]
    fn files_and_long_texts_are_not_kept() {
        let site = site();
        let file = Payload::Blob {
            blob: BlobId::fresh(),
            bytes: 1,
            name: "x".to_owned(),
            media_type: None,
        };
        let long = text(&"x".repeat(MAX_SEALED_BYTES));
        for payload in [file, long] {
            let job = sealed(&site, payload);
            assert_eq!(site.originals.seal_anew(job), Ok(None));
        }
    }

    #[test]
    fn content_of_another_tenant_does_not_open() {
        let site = site();
        let mut job = sealed(&site, text("x"));
        job.workspace = WorkspaceId::new("T2");
        assert_eq!(site.originals.seal_anew(job), Err(SealError::Tampered));
    }
}
