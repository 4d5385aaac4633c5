//! Batches: at most ten messages and 1 MiB, any of which SQS may refuse while it takes the rest.
//!
//! Owns cutting, sending again what failed, and giving up. What a failure means for the entry is for the
//! callers.
//! **Invariant:** `Ok` means that every entry of every batch was taken, or needs no taking any more.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::entry::Outgoing;
use super::fault::{clean, fault, refused, unavailable};
use super::seconds;
use crate::queue::{QueueError, Receipt};

/// Entries of a batch.
pub(super) const ENTRIES: usize = 10;
/// Bytes of a batch, and so of its only message.
const BYTES: usize = 1 << 20;
/// Batches under way at once.
const AT_ONCE: usize = 8;
/// Times a batch is sent before what is left of it is given up.
const TRIES: u32 = 5;
/// The pause after the first try; each next one is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// A batch of one of the three kinds.
enum Batch {
    Send(Vec<Outgoing>),
    Delete(Vec<Receipt>),
    Hide(Vec<Receipt>, i32),
}

/// Sends all messages, or says that it did not.
pub(super) async fn send(
    client: &Client,
    url: &str,
    messages: Vec<Outgoing>,
) -> Result<(), QueueError> {
    if messages.iter().any(|message| message.length() > BYTES) {
        return Err(refused("an envelope is longer than a message may be"));
    }
    let batches = cut(messages).into_iter().map(Batch::Send);
    run(client, url, batches.collect()).await
}

/// Deletes messages. Those that are gone already are as good as deleted.
pub(super) async fn delete(
    client: &Client,
    url: &str,
    receipts: &[Receipt],
) -> Result<(), QueueError> {
    let parts = receipts.chunks(ENTRIES).map(<[Receipt]>::to_vec);
    run(client, url, parts.map(Batch::Delete).collect()).await
}

/// Hides messages for `timeout` from now. Those that are gone, or not held any more, are left alone.
pub(super) async fn hide(
    client: &Client,
    url: &str,
    receipts: &[Receipt],
    timeout: Duration,
) -> Result<(), QueueError> {
    let parts = receipts.chunks(ENTRIES).map(<[Receipt]>::to_vec);
    let batches = parts.map(|part| Batch::Hide(part, seconds(timeout)));
    run(client, url, batches.collect()).await
}

async fn run(client: &Client, url: &str, batches: Vec<Batch>) -> Result<(), QueueError> {
    stream::iter(batches)
        .map(|batch| batch.run(client, url))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// Cuts messages into batches, in order.
fn cut(messages: Vec<Outgoing>) -> Vec<Vec<Outgoing>> {
    let mut batches: Vec<Vec<Outgoing>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let length = message.length();
        match batches.last_mut() {
            Some(batch) if batch.len() < ENTRIES && bytes + length <= BYTES => {
                bytes += length;
                batch.push(message);
            }
            _ => {
                bytes = length;
                batches.push(vec![message]);
            }
        }
    }
    batches
}

impl Batch {
    /// Asks for it, then for what failed of it.
    async fn run(self, client: &Client, url: &str) -> Result<(), QueueError> {
        let mut left: Vec<usize> = (0..ENTRIES).collect();
        for attempt in 0..TRIES {
            pause(attempt).await;
            let failed = match &self {
                Self::Send(messages) => send_part(client, url, messages, &left).await?,
                Self::Delete(receipts) => delete_part(client, url, receipts, &left).await?,
                Self::Hide(receipts, timeout) => {
                    hide_part(client, url, receipts, &left, *timeout).await?
                }
            };
            left = self.to_try_again(&failed)?;
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(unavailable("part of a batch was refused again and again"))
    }

    /// The numbers of those that failed for no fault of ours. With a receipt, SQS finds fault only when the
    /// message is gone or held by another.
    fn to_try_again(&self, failed: &[BatchResultErrorEntry]) -> Result<Vec<usize>, QueueError> {
        let mut again = Vec::new();
        for entry in failed {
            match self {
                Self::Send(_) if entry.sender_fault() => return Err(refused(clean(entry.code()))),
                Self::Delete(_) | Self::Hide(..) if entry.sender_fault() => {}
                _ => again.extend(entry.id().parse::<usize>()),
            }
        }
        Ok(again)
    }
}

async fn send_part(
    client: &Client,
    url: &str,
    messages: &[Outgoing],
    left: &[usize],
) -> Result<Vec<BatchResultErrorEntry>, QueueError> {
    let mut request = client.send_message_batch().queue_url(url);
    for (id, message) in part(messages, left) {
        let entry = message.clone().request(id);
        request = request.entries(entry.map_err(|error| incomplete(&error))?);
    }
    let answer = request.send().await.map_err(|error| fault(&error))?;
    Ok(answer.failed)
}

async fn delete_part(
    client: &Client,
    url: &str,
    receipts: &[Receipt],
    left: &[usize],
) -> Result<Vec<BatchResultErrorEntry>, QueueError> {
    let mut request = client.delete_message_batch().queue_url(url);
    for (id, receipt) in part(receipts, left) {
        let entry = DeleteMessageBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(&receipt.0)
            .build();
        request = request.entries(entry.map_err(|error| incomplete(&error))?);
    }
    let answer = request.send().await.map_err(|error| fault(&error))?;
    Ok(answer.failed)
}

async fn hide_part(
    client: &Client,
    url: &str,
    receipts: &[Receipt],
    left: &[usize],
    timeout: i32,
) -> Result<Vec<BatchResultErrorEntry>, QueueError> {
    let mut request = client.change_message_visibility_batch().queue_url(url);
    for (id, receipt) in part(receipts, left) {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(id)
            .receipt_handle(&receipt.0)
            .visibility_timeout(timeout)
            .build();
        request = request.entries(entry.map_err(|error| incomplete(&error))?);
    }
    let answer = request.send().await.map_err(|error| fault(&error))?;
    Ok(answer.failed)
}

/// The entries still to be taken, each with its number as the id.
fn part<'a, T>(entries: &'a [T], left: &'a [usize]) -> impl Iterator<Item = (String, &'a T)> {
    let numbered = entries.iter().enumerate();
    let wanted = numbered.filter(|(number, _)| left.contains(number));
    wanted.map(|(number, entry)| (number.to_string(), entry))
}

fn incomplete(_error: &BuildError) -> QueueError {
    refused("an incomplete request")
}

async fn pause(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(PAUSE * 2u32.saturating_pow(attempt - 1)).await;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::{JobId, WorkspaceId};
    use crate::job::{Envelope, Kind, TraceContext, WIRE_VERSION};
    use crate::queue::Stream;

    fn outgoing(bytes: usize) -> Outgoing {
        let envelope = Envelope {
            version: WIRE_VERSION,
            kind: Kind::Job,
            job_id: JobId::fresh(),
            workspace: WorkspaceId::api(),
            attempt: 0,
            trace: TraceContext::default(),
            body: Bytes::from(vec![7; bytes]),
        };
        Outgoing::new(Stream::Messages, &envelope)
    }

    fn failure(id: &str, sender_fault: bool) -> BatchResultErrorEntry {
        let entry = BatchResultErrorEntry::builder().id(id).code("Code");
        entry.sender_fault(sender_fault).build().unwrap()
    }

    #[test]
    fn what_failed_for_no_fault_of_ours_is_tried_again() {
        let failed = [failure("3", false), failure("7", false)];
        for batch in [
            Batch::Send(Vec::new()),
            Batch::Delete(Vec::new()),
            Batch::Hide(Vec::new(), 0),
        ] {
            assert_eq!(batch.to_try_again(&failed).unwrap(), [3, 7]);
        }
    }

    #[test]
    fn a_message_that_sqs_will_never_take_is_an_error() {
        let failed = [failure("3", false), failure("7", true)];
        assert!(Batch::Send(Vec::new()).to_try_again(&failed).is_err());
    }

    #[test]
    fn a_receipt_that_is_no_longer_ours_is_settled() {
        let failed = [failure("3", false), failure("7", true)];
        let delete = Batch::Delete(Vec::new());
        assert_eq!(delete.to_try_again(&failed).unwrap(), [3]);
    }

    #[test]
    fn only_what_is_left_is_asked_for_again() {
        let asked: Vec<_> = part(&["a", "b", "c", "d"], &[1, 3]).collect();
        assert_eq!(asked, [("1".to_owned(), &"b"), ("3".to_owned(), &"d")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn no_batch_is_longer_than_sqs_takes(sizes in prop::collection::vec(0usize..700_000, 0..40)) {
            let batches = cut(sizes.iter().copied().map(outgoing).collect());
            let lengths: Vec<usize> = batches.iter().flatten().map(Outgoing::length).collect();
            let expected: Vec<usize> = sizes.iter().map(|size| outgoing(*size).length()).collect();
            prop_assert_eq!(lengths, expected);
            for batch in &batches {
                prop_assert!((1..=ENTRIES).contains(&batch.len()));
                prop_assert!(batch.iter().map(Outgoing::length).sum::<usize>() <= BYTES);
            }
        }
    }
}
