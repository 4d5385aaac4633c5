//! Answering: what was found goes to the results stream, and the job is acknowledged with it.
//!
//! Owns sealing results and keeping leases while a batch is in work.
//! **Invariant:** a job is acknowledged only together with, or after, its published result.

use std::sync::Arc;
use std::time::Duration;

use shared::job::{Envelope, ScanResult, TraceContext};
use shared::queue::{Delivery, Receipt, Settle};

use super::NodeParts;

/// How often an answer is offered to a queue that does not take it. After that the lease runs out and
/// another node scans: slower, not lost.
const OFFERS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What became of one delivery.
pub(crate) enum Answer {
    /// Scanned or failed for good: tell the coordinator.
    Result {
        delivery: Delivery,
        result: Box<ScanResult>,
        trace: TraceContext,
    },
    /// Not readable by anybody: set it aside.
    Unreadable {
        delivery: Delivery,
        reason: &'static str,
    },
    /// Not now: leave it to its lease, so that it comes again a little later.
    Leave,
}

/// Publishes the answers of one batch.
pub(crate) async fn answer(parts: &NodeParts, answers: Vec<Answer>) {
    let mut replies = Vec::with_capacity(answers.len());
    let mut settle: Option<Arc<dyn Settle>> = None;
    for answer in answers {
        match answer {
            Answer::Result {
                delivery,
                result,
                trace,
            } => {
                settle.get_or_insert_with(|| delivery.settle());
                let attempt = delivery.envelope.attempt;
                match parts.sealer.result(&result, attempt, trace) {
                    Ok(envelope) => replies.push((delivery.receipt, envelope)),
                    Err(error) => tracing::error!(%error, "result not sealed, left to its lease"),
                }
            }
            Answer::Unreadable { delivery, reason } => set_aside(delivery, reason).await,
            Answer::Leave => {}
        }
    }
    if let Some(settle) = settle {
        publish(parts, settle.as_ref(), &replies).await;
    }
}

async fn publish(parts: &NodeParts, settle: &dyn Settle, replies: &[(Receipt, Envelope)]) {
    let mut pause = FIRST_PAUSE;
    for _ in 0..OFFERS {
        match settle.reply(replies).await {
            Ok(()) => return parts.metrics.answered(replies.len()),
            Err(error) => tracing::warn!(%error, results = replies.len(), "results not published"),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    tracing::warn!(
        results = replies.len(),
        "results given up, their jobs will be delivered again"
    );
}

async fn set_aside(delivery: Delivery, reason: &'static str) {
    if let Err(error) = delivery.dead_letter(reason).await {
        tracing::warn!(%error, reason, "not set aside, will be delivered again");
    }
}

/// Renews the leases of a batch for as long as it is polled.
pub(crate) async fn renew(parts: &NodeParts, settle: &dyn Settle, receipts: &[Receipt]) {
    loop {
        tokio::time::sleep(parts.limits.renew_every).await;
        if let Err(error) = settle.extend(receipts).await {
            tracing::warn!(%error, "lease not renewed");
        }
    }
}
