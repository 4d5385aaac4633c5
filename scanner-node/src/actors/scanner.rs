//! Scanning one batch: opened, matched with its engine, scanned on a blocking thread.
//!
//! Owns what each delivery leads to. A job that panics fails alone: its neighbours in the batch are
//! scanned all the same.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use shared::ids::{DetectorSetVersion, WorkspaceId};
use shared::job::{Envelope, FailureReason, JobClass, Payload, ScanOutcome, ScanResult};
use shared::queue::Delivery;
use shared::seal::SealError;
use shared::telemetry;
use shared::telemetry::names::span;
use tracing::Span;

use super::NodeParts;
use super::detector_cache::{Load, LoadError, Loaded};
use super::examine::{self, Content, Examined};
use super::remote::{self, Missing};
use super::reporter::Answer;
use super::work::Work;
use crate::detect::Scratch;
use crate::source::SourceError;

thread_local! {
    /// Regex caches of this blocking thread: none is shared, none is locked.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::with_clock(nanoseconds));
}

/// Nanoseconds since the first time it was asked.
fn nanoseconds() -> u64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// A delivery that can be scanned.
struct Task {
    delivery: Delivery,
    content: Content,
    loaded: Loaded,
    span: Span,
}

/// Why a delivery is not scanned.
enum Obstacle {
    /// For good.
    Fail(FailureReason),
    /// For now.
    Leave,
    /// It is no job we can read.
    Unreadable(&'static str),
}

/// Scans what can be scanned of a batch, and says what becomes of the rest.
pub(super) async fn scan_batch(
    work: &Work,
    class: JobClass,
    deliveries: Vec<Delivery>,
) -> Vec<Answer> {
    let mut engines = HashMap::new();
    let mut answers = Vec::with_capacity(deliveries.len());
    let mut tasks = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let span = process_span(work, class, &delivery);
        match prepare(work, &mut engines, &delivery).await {
            Ok((content, loaded)) => tasks.push(Task {
                delivery,
                content,
                loaded,
                span,
            }),
            Err(obstacle) => answers.push(turn_away(&work.parts, delivery, &obstacle, &span)),
        }
    }
    let parts = Arc::clone(&work.parts);
    let scanning = tokio::task::spawn_blocking(move || -> Vec<Answer> {
        tasks
            .into_iter()
            .map(|task| scan(&parts, class, task))
            .collect()
    });
    match scanning.await {
        Ok(scanned) => answers.extend(scanned),
        // Each scan is caught for itself, so this is the runtime going down: leases see to the batch.
        Err(error) => tracing::warn!(%error, "batch not scanned"),
    }
    answers
}

async fn prepare(
    work: &Work,
    engines: &mut HashMap<DetectorSetVersion, Loaded>,
    delivery: &Delivery,
) -> Result<(Content, Loaded), Obstacle> {
    if delivery.deliveries > work.parts.limits.max_deliveries {
        return Err(Obstacle::Fail(FailureReason::TooManyAttempts));
    }
    let job = work
        .parts
        .sealer
        .open_job(&delivery.envelope)
        .map_err(|error| match error {
            SealError::UnknownKey => Obstacle::Leave,
            _ => Obstacle::Unreadable("the job's seal is broken"),
        })?;
    let loaded = match engines.get(&job.detectors) {
        Some(loaded) => loaded.clone(),
        None => load(work, &job.detectors).await?,
    };
    engines
        .entry(job.detectors.clone())
        .or_insert_with(|| loaded.clone());
    let content = content(&work.parts, &job.workspace, job.payload).await?;
    Ok((content, loaded))
}

async fn load(work: &Work, version: &DetectorSetVersion) -> Result<Loaded, Obstacle> {
    match work.detectors.send(Load(version.clone())).await {
        Ok(Ok(loaded)) => Ok(loaded),
        Ok(Err(LoadError::Compile(error))) => {
            tracing::error!(%version, %error, "detector set rejected");
            Err(Obstacle::Fail(FailureReason::DetectorsRejected))
        }
        Ok(Err(error)) => {
            tracing::warn!(%version, %error, "detector set not loaded, the job waits");
            Err(Obstacle::Leave)
        }
        Err(error) => {
            tracing::warn!(%error, "detector cache gave no answer, the job waits");
            Err(Obstacle::Leave)
        }
    }
}

async fn content(
    parts: &NodeParts,
    workspace: &WorkspaceId,
    payload: Payload,
) -> Result<Content, Obstacle> {
    match payload {
        Payload::Remote(file) => match remote::fetch(parts, workspace, &file).await {
            Ok(file) => Ok(Content::File(Box::new(file))),
            Err(Missing::Fail(reason)) => Err(Obstacle::Fail(reason)),
            Err(Missing::Wait) => Err(Obstacle::Leave),
        },
        Payload::Text { units, gaps } => Ok(Content::Text { units, gaps }),
        Payload::Blob {
            blob,
            bytes: _,
            name,
            media_type,
        } => match parts.blobs.fetch(blob).await {
            Ok(sealed) => Ok(Content::File(Box::new(examine::SealedFile {
                sealed,
                blob,
                name,
                media_type,
            }))),
            Err(SourceError::Missing) => Err(Obstacle::Fail(FailureReason::BlobMissing)),
            Err(error) => {
                tracing::warn!(%error, "blob not fetched, the job waits");
                Err(Obstacle::Leave)
            }
        },
    }
}

fn scan(parts: &NodeParts, class: JobClass, task: Task) -> Answer {
    let Task {
        delivery,
        content,
        loaded,
        span,
    } = task;
    let _entered = span.enter();
    let started = Instant::now();
    let examined = catch_unwind(AssertUnwindSafe(|| {
        SCRATCH.with_borrow_mut(|scratch| {
            let examined = examine::examine(parts, &loaded.engine, content, scratch);
            scratch.tell_costs(&loaded.engine, |spec, spent| {
                parts.metrics.detector_ran(&spec.id, spent);
            });
            examined
        })
    }));
    let took = started.elapsed();
    let (outcome, scanned_bytes) = match examined {
        Ok(Ok(Examined {
            coverage,
            findings,
            bytes,
        })) => (ScanOutcome::Completed { coverage, findings }, bytes),
        Ok(Err(reason)) => (failed(parts, reason), 0),
        Err(_panic) => {
            // The scratch may be half-written: the next job on this thread gets a new one.
            SCRATCH.with(|scratch| drop(scratch.replace(Scratch::with_clock(nanoseconds))));
            (failed(parts, FailureReason::Panicked), 0)
        }
    };
    parts.metrics.scanned(class, scanned_bytes, took);
    let result = ScanResult {
        scan_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        scanned_bytes,
        ..result(parts, &delivery.envelope, loaded.version, outcome)
    };
    Answer::Result {
        delivery,
        result: Box::new(result),
        trace: telemetry::inject(&span),
    }
}

fn turn_away(parts: &NodeParts, delivery: Delivery, obstacle: &Obstacle, span: &Span) -> Answer {
    match *obstacle {
        Obstacle::Leave => Answer::Leave,
        Obstacle::Unreadable(reason) => Answer::Unreadable { delivery, reason },
        Obstacle::Fail(reason) => {
            let none = DetectorSetVersion::new("none");
            let result = result(parts, &delivery.envelope, none, failed(parts, reason));
            Answer::Result {
                delivery,
                result: Box::new(result),
                trace: telemetry::inject(span),
            }
        }
    }
}

fn failed(parts: &NodeParts, reason: FailureReason) -> ScanOutcome {
    tracing::warn!(reason = reason.as_str(), "job failed for good");
    parts.metrics.failed(reason);
    ScanOutcome::Failed { reason }
}

fn result(
    parts: &NodeParts,
    envelope: &Envelope,
    detectors: DetectorSetVersion,
    outcome: ScanOutcome,
) -> ScanResult {
    ScanResult {
        job_id: envelope.job_id,
        workspace: envelope.workspace.clone(),
        node: parts.node.id,
        detectors,
        outcome,
        scan_us: 0,
        scanned_bytes: 0,
    }
}

/// The span of one scan, in the trace of the job.
fn process_span(work: &Work, class: JobClass, delivery: &Delivery) -> Span {
    let stream = super::stream_of(class);
    let process = tracing::info_span!(
        span::PROCESS,
        otel.name = format!("{} {}", span::PROCESS, stream.name()),
        otel.kind = "consumer",
        messaging.system = work.parts.queue.system(),
        messaging.destination.name = stream.name(),
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.message.id = delivery.receipt.0,
        messaging.message.conversation_id = %delivery.envelope.job_id,
        messaging.consumer.group.name = stream.group(),
        weir.delivery_attempt = delivery.deliveries,
    );
    telemetry::set_parent(&process, &delivery.envelope.trace);
    process
}
