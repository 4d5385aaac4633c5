//! Jobs and results, sealed into envelopes and opened again.
//!
//! Owns what the seal of an envelope's body is bound to, and the check that the opened body speaks of the
//! envelope's job. How an envelope travels is for `queue`.
//! **Invariant:** what opens has the id, the workspace and the kind its envelope says.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::SealError;
use super::sealer::Sealer;
use crate::job::{Envelope, Kind, ScanJob, ScanResult, TraceContext, WIRE_VERSION};

/// Seals jobs and results for the queue.
#[derive(Clone, Debug)]
pub struct EnvelopeSealer(Sealer);

impl EnvelopeSealer {
    /// Takes the sealer of the queue's purpose: `Sealer::new(ring, Purpose::Queue)`, or a node key's.
    pub fn new(sealer: Sealer) -> Self {
        Self(sealer)
    }

    /// Seals a job that was dispatched `attempt` times before.
    ///
    /// # Errors
    /// [`SealError::Crypto`] without randomness; transient.
    pub fn job(
        &self,
        job: &ScanJob,
        attempt: u32,
        trace: TraceContext,
    ) -> Result<Envelope, SealError> {
        let envelope = Envelope {
            version: WIRE_VERSION,
            kind: Kind::Job,
            job_id: job.id,
            workspace: job.workspace.clone(),
            attempt,
            trace,
            body: Bytes::new(),
        };
        self.close(envelope, job)
    }

    /// Opens a job.
    ///
    /// # Errors
    /// As [`Sealer::open`]; [`SealError::Malformed`] also if the body is no job or another one.
    pub fn open_job(&self, envelope: &Envelope) -> Result<ScanJob, SealError> {
        let job: ScanJob = self.open(Kind::Job, envelope)?;
        let same = job.id == envelope.job_id && job.workspace == envelope.workspace;
        if same {
            Ok(job)
        } else {
            Err(SealError::Malformed)
        }
    }

    /// Seals the result of the job that came with `attempt` and `trace`.
    ///
    /// # Errors
    /// [`SealError::Crypto`] without randomness; transient.
    pub fn result(
        &self,
        result: &ScanResult,
        attempt: u32,
        trace: TraceContext,
    ) -> Result<Envelope, SealError> {
        let envelope = Envelope {
            version: WIRE_VERSION,
            kind: Kind::Result,
            job_id: result.job_id,
            workspace: result.workspace.clone(),
            attempt,
            trace,
            body: Bytes::new(),
        };
        self.close(envelope, result)
    }

    /// Opens a result.
    ///
    /// # Errors
    /// As [`Sealer::open`]; [`SealError::Malformed`] also if the body is no result or another job's.
    pub fn open_result(&self, envelope: &Envelope) -> Result<ScanResult, SealError> {
        let result: ScanResult = self.open(Kind::Result, envelope)?;
        let same = result.job_id == envelope.job_id && result.workspace == envelope.workspace;
        if same {
            Ok(result)
        } else {
            Err(SealError::Malformed)
        }
    }

    fn close(&self, envelope: Envelope, content: &impl Serialize) -> Result<Envelope, SealError> {
        let plain = serde_json::to_vec(content)
            .map(Zeroizing::new)
            .or(Err(SealError::Malformed))?;
        let body = self.0.seal(&aad_of(&envelope), &plain)?.into();
        Ok(Envelope { body, ..envelope })
    }

    fn open<T: DeserializeOwned>(&self, kind: Kind, envelope: &Envelope) -> Result<T, SealError> {
        // There is no version before the first to read.
        if envelope.version != WIRE_VERSION {
            return Err(SealError::UnknownVersion);
        }
        if envelope.kind != kind {
            return Err(SealError::Malformed);
        }
        let plain = self.0.open(&aad_of(envelope), &envelope.body)?;
        // The parser's error may quote the text, so it goes no further.
        serde_json::from_slice(&plain).or(Err(SealError::Malformed))
    }
}

fn aad_of(envelope: &Envelope) -> Vec<u8> {
    Envelope::associated_data(
        envelope.version,
        envelope.kind,
        envelope.job_id,
        &envelope.workspace,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Coverage, TextUnit};
    use crate::ids::{DetectorSetVersion, JobId, NodeId, WorkspaceId};
    use crate::job::{Payload, ScanOutcome};
    use crate::seal::{KeyRing, Purpose};

    fn sealer() -> EnvelopeSealer {
        let ring = KeyRing::generate().unwrap();
        EnvelopeSealer::new(Sealer::new(&ring, Purpose::Queue).unwrap())
    }

    fn job() -> ScanJob {
        ScanJob {
            id: JobId::fresh(),
            workspace: WorkspaceId::new("T1"),
            detectors: DetectorSetVersion::new("v1"),
            payload: Payload::Text {
                units: vec![TextUnit::plain("canary-4111")],
                gaps: vec![],
            },
        }
    }

    fn result(job: &ScanJob) -> ScanResult {
        ScanResult {
            job_id: job.id,
            workspace: job.workspace.clone(),
            node: NodeId::fresh(),
            detectors: job.detectors.clone(),
            outcome: ScanOutcome::Completed {
                coverage: Coverage::Complete,
                findings: vec![],
            },
            scan_us: 5,
            scanned_bytes: 11,
        }
    }

    #[test]
    fn jobs_and_results_open_as_they_were_sealed() {
        let (sealer, job) = (sealer(), job());
        let envelope = sealer.job(&job, 2, TraceContext::default()).unwrap();
        assert_eq!(envelope.attempt, 2);
        assert_eq!(sealer.open_job(&envelope).unwrap(), job);
        let result = result(&job);
        let envelope = sealer.result(&result, 2, TraceContext::default()).unwrap();
        assert_eq!(sealer.open_result(&envelope).unwrap(), result);
    }

    #[test]
    fn the_text_does_not_stand_in_the_envelope() {
        let envelope = sealer().job(&job(), 0, TraceContext::default()).unwrap();
        assert!(!envelope.body.windows(6).any(|window| window == b"canary"));
    }

    #[test]
    fn a_body_moved_to_another_envelope_does_not_open() {
        let sealer = sealer();
        let envelope = sealer.job(&job(), 0, TraceContext::default()).unwrap();
        let other_job = Envelope {
            job_id: JobId::fresh(),
            ..envelope.clone()
        };
        assert_eq!(sealer.open_job(&other_job), Err(SealError::Tampered));
        let other_workspace = Envelope {
            workspace: WorkspaceId::new("T2"),
            ..envelope.clone()
        };
        assert_eq!(sealer.open_job(&other_workspace), Err(SealError::Tampered));
        let other_kind = Envelope {
            kind: Kind::Result,
            ..envelope
        };
        assert_eq!(sealer.open_result(&other_kind), Err(SealError::Tampered));
    }

    #[test]
    fn a_later_version_is_left_to_others() {
        let sealer = sealer();
        let envelope = sealer.job(&job(), 0, TraceContext::default()).unwrap();
        let later = Envelope {
            version: WIRE_VERSION + 1,
            ..envelope
        };
        assert_eq!(sealer.open_job(&later), Err(SealError::UnknownVersion));
    }
}
