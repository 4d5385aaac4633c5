//! The reading end: long polls.
//!
//! Owns asking for messages and seeing to those that are no envelope.
//! **Invariant:** every message received is returned, set aside, or left to its visibility timeout; one
//! that cannot be read never holds up its neighbours.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};

use super::fault::fault;
use super::settle::SqsSettle;
use super::{Backend, LONGEST_POLL, batch, entry, seconds};
use crate::queue::wire::Flaw;
use crate::queue::{Consumer, Delivery, QueueError, Receipt, Settle, Stream};

pub(super) struct SqsConsumer {
    backend: Arc<Backend>,
    stream: Stream,
    settle: Arc<SqsSettle>,
}

impl SqsConsumer {
    pub(super) fn new(backend: Arc<Backend>, stream: Stream) -> Self {
        let settle = Arc::new(SqsSettle::new(Arc::clone(&backend), stream));
        Self {
            backend,
            stream,
            settle,
        }
    }
}

#[async_trait]
impl Consumer for SqsConsumer {
    async fn receive(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let mut deliveries = Vec::new();
        let mut wait = wait.min(LONGEST_POLL);
        while deliveries.len() < max {
            let line = self.backend.line(self.stream);
            let asked = (max - deliveries.len()).min(batch::ENTRIES);
            let poll = poll(&self.backend.client, &line.url, asked, wait, line.lease);
            let messages = match poll.await {
                Ok(messages) => messages,
                Err(error) if deliveries.is_empty() => return Err(error),
                Err(error) => {
                    // What was taken already must not wait for its lease.
                    tracing::warn!(%error, stream = self.stream.name(), "a poll failed after others brought entries");
                    break;
                }
            };
            let full = messages.len() == asked;
            deliveries.extend(self.admit(messages).await);
            if !full {
                break;
            }
            wait = Duration::ZERO;
        }
        Ok(deliveries)
    }

    async fn close(self: Box<Self>) -> Result<(), QueueError> {
        Ok(())
    }
}

impl SqsConsumer {
    async fn admit(&self, messages: Vec<Message>) -> Vec<Delivery> {
        let mut deliveries = Vec::with_capacity(messages.len());
        for message in messages {
            let Some(handle) = message.receipt_handle() else {
                continue;
            };
            let receipt = Receipt(handle.to_owned());
            match entry::envelope(&message) {
                Ok(envelope) => {
                    let settle = Arc::clone(&self.settle) as Arc<dyn Settle>;
                    let count = entry::deliveries(&message);
                    deliveries.push(Delivery::new(envelope, count, receipt, settle));
                }
                Err(flaw) => {
                    if let Err(error) = self.set_aside(&receipt, &message, flaw).await {
                        tracing::warn!(%error, stream = self.stream.name(), "an entry that cannot be read stays");
                    }
                }
            }
        }
        deliveries
    }

    async fn set_aside(
        &self,
        receipt: &Receipt,
        message: &Message,
        flaw: Flaw,
    ) -> Result<(), QueueError> {
        let stream = self.stream.name();
        match flaw {
            // The queue's redrive policy ends this if nobody ever takes it.
            Flaw::TooNew => {
                tracing::debug!(stream, "an entry of a later version is left to others");
                let delay = self.backend.unread_version_delay;
                self.settle
                    .defer(std::slice::from_ref(receipt), delay)
                    .await
            }
            Flaw::Malformed(reason) => {
                tracing::warn!(stream, reason, "an entry that is no envelope is set aside");
                self.settle.bury_raw(receipt, message, reason).await
            }
        }
    }
}

/// Receives at most `max` messages (ten) and hides them for `lease`.
pub(super) async fn poll(
    client: &Client,
    url: &str,
    max: usize,
    wait: Duration,
    lease: Duration,
) -> Result<Vec<Message>, QueueError> {
    let answer = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(i32::try_from(max).unwrap_or(1))
        .wait_time_seconds(seconds(wait))
        .visibility_timeout(seconds(lease))
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
        .send()
        .await
        .map_err(|error| fault(&error))?;
    Ok(answer.messages.unwrap_or_default())
}
