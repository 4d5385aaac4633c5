//! Making jobs of content, and envelopes of jobs.
//!
//! Owns the one place where content is sealed: the bytes at rest in `scan_jobs.payload` are the bytes on
//! the wire, so a redispatched job needs no key and no second sealing.

use std::sync::Arc;
use std::time::Duration;

use shared::ids::{JobId, UserId, WorkspaceId};
use shared::job::{Envelope, JobClass, Kind, Payload, ScanJob, TraceContext};
use shared::seal::{EnvelopeSealer, SealError};

use crate::detector_sets::DetectorSets;
use crate::store::jobs::{DueJob, JobOrigin, NewJob, Place};

/// Makes jobs.
#[derive(Clone)]
pub struct JobMaker {
    sealer: EnvelopeSealer,
    detectors: Arc<DetectorSets>,
}

/// Where content comes from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Through which door it came.
    pub origin: JobOrigin,
    /// Where it stood.
    pub place: Place,
    /// Who asked, if somebody signed in did.
    pub submitted_by: Option<UserId>,
    /// What other events have in common that tell of the same content.
    pub dedupe_key: Option<String>,
}

impl JobMaker {
    /// A maker that seals with `sealer` and asks for the current detectors.
    pub fn new(sealer: EnvelopeSealer, detectors: Arc<DetectorSets>) -> Self {
        Self { sealer, detectors }
    }

    /// A job for `payload`, sealed, due now, and ready to be stored.
    ///
    /// # Errors
    /// Transient: the content could not be sealed.
    pub fn make(
        &self,
        source: Source,
        payload: Payload,
        trace: TraceContext,
    ) -> Result<NewJob, SealError> {
        let class = match &payload {
            Payload::Text { .. } => JobClass::Message,
            Payload::Blob { .. } | Payload::Remote(_) => JobClass::File,
        };
        let detectors = self.detectors.current().version.clone();
        let job = ScanJob {
            id: id_for(&payload),
            workspace: source.workspace,
            detectors,
            payload,
        };
        let envelope = self.sealer.job(&job, 0, trace)?;
        Ok(NewJob {
            id: job.id,
            workspace: job.workspace,
            class,
            origin: source.origin,
            wire_version: envelope.version,
            payload: envelope.body.into(),
            detectors: job.detectors,
            due_in: Duration::ZERO,
            trace: envelope.trace,
            place: source.place,
            submitted_by: source.submitted_by,
            dedupe_key: source.dedupe_key,
        })
    }
}

/// A job about a blob has the blob's id, so that what became of the one tells what to do with the other.
fn id_for(payload: &Payload) -> JobId {
    match payload {
        Payload::Text { .. } | Payload::Remote(_) => JobId::fresh(),
        Payload::Blob { blob, .. } => JobId::from(blob.as_uuid()),
    }
}

/// The envelope of a job that was just made.
pub fn first_envelope(job: &NewJob) -> Envelope {
    Envelope {
        version: job.wire_version,
        kind: Kind::Job,
        job_id: job.id,
        workspace: job.workspace.clone(),
        attempt: 0,
        trace: job.trace.clone(),
        body: job.payload.clone().into(),
    }
}

/// The envelope of a job that is due again.
pub fn again_envelope(job: DueJob) -> Envelope {
    Envelope {
        version: job.wire_version,
        kind: Kind::Job,
        job_id: job.id,
        workspace: job.workspace,
        attempt: job.attempt,
        trace: job.trace,
        body: job.payload.into(),
    }
}
