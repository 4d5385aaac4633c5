//! What becomes of deliveries.
//!
//! Owns the order of steps that SQS cannot take together: what must not be lost is sent before what it
//! replaces is deleted. A crash in between doubles an entry and loses none.
//! **Invariant:** nothing is deleted before what stands for it was taken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::Message;

use super::entry::Outgoing;
use super::{Backend, Line, batch};
use crate::job::Envelope;
use crate::queue::{QueueError, Receipt, Settle, Stream};

pub(super) struct SqsSettle {
    backend: Arc<Backend>,
    stream: Stream,
}

impl SqsSettle {
    pub(super) fn new(backend: Arc<Backend>, stream: Stream) -> Self {
        Self { backend, stream }
    }

    /// Sets a message aside as it is.
    pub(super) async fn bury_raw(
        &self,
        receipt: &Receipt,
        message: &Message,
        reason: &str,
    ) -> Result<(), QueueError> {
        let letter = Outgoing::raw(self.stream, message, reason);
        self.bury(receipt, letter).await
    }

    /// Offers messages again once `delay` is over.
    pub(super) async fn defer(
        &self,
        receipts: &[Receipt],
        delay: Duration,
    ) -> Result<(), QueueError> {
        batch::hide(&self.backend.client, &self.line().url, receipts, delay).await
    }

    async fn bury(&self, receipt: &Receipt, letter: Outgoing) -> Result<(), QueueError> {
        let dead = &self.line().dead_url;
        batch::send(&self.backend.client, dead, vec![letter]).await?;
        self.ack(std::slice::from_ref(receipt)).await
    }

    fn line(&self) -> &Line {
        self.backend.line(self.stream)
    }
}

#[async_trait]
impl Settle for SqsSettle {
    async fn ack(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        batch::delete(&self.backend.client, &self.line().url, receipts).await
    }

    async fn reply(&self, answers: &[(Receipt, Envelope)]) -> Result<(), QueueError> {
        let client = &self.backend.client;
        let url = &self.backend.line(Stream::Results).url;
        // In parts, so that what was answered is deleted though a later part fails.
        for part in answers.chunks(batch::ENTRIES * 8) {
            let outgoing = part
                .iter()
                .map(|(_, answer)| Outgoing::new(Stream::Results, answer));
            batch::send(client, url, outgoing.collect()).await?;
            let receipts: Vec<_> = part.iter().map(|(receipt, _)| receipt.clone()).collect();
            self.ack(&receipts).await?;
        }
        Ok(())
    }

    async fn nack(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.defer(receipts, Duration::ZERO).await
    }

    async fn extend(&self, receipts: &[Receipt]) -> Result<(), QueueError> {
        self.defer(receipts, self.line().lease).await
    }

    async fn dead_letter(
        &self,
        receipt: &Receipt,
        envelope: &Envelope,
        reason: &str,
    ) -> Result<(), QueueError> {
        let letter = Outgoing::new(self.stream, envelope).with_reason(reason);
        self.bury(receipt, letter).await
    }
}
