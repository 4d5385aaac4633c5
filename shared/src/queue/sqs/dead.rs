//! Dead letters: looking at a queue, which SQS only lets us do by receiving from it.
//!
//! Owns looking and redriving. While one looks, others do not see the letters looked at.
//! **Invariant:** a letter is deleted only after its envelope was sent, and shown again in every other case.

use std::time::Duration;

use aws_sdk_sqs::types::Message;

use super::consumer::poll;
use super::entry;
use super::{Backend, batch};
use crate::queue::{DeadLetter, Producer, QueueError, Receipt};

/// How long letters are hidden while they are looked at.
const LOOK: Duration = Duration::from_mins(1);
/// How long a poll waits: with no wait, SQS asks only some of its servers.
const POLL: Duration = Duration::from_secs(1);

/// At most `limit` dead letters, of all dead-letter queues.
pub(super) async fn letters(
    backend: &Backend,
    limit: usize,
) -> Result<Vec<DeadLetter>, QueueError> {
    let mut letters = Vec::new();
    for url in backend.dead_urls() {
        let mut seen = Vec::new();
        let looked = look(backend, url, limit - letters.len(), &mut seen).await;
        show(backend, url, &seen).await?;
        looked?;
        letters.extend(seen.iter().map(letter));
    }
    Ok(letters)
}

/// Puts at most `limit` envelopes back where they came from; the rest stays.
pub(super) async fn redrive(backend: &Backend, limit: usize) -> Result<usize, QueueError> {
    let mut moved = 0;
    for url in backend.dead_urls() {
        let mut stay = Vec::new();
        let redriven = redrive_from(backend, url, limit - moved, &mut stay).await;
        show(backend, url, &stay).await?;
        moved += redriven?;
    }
    Ok(moved)
}

async fn look(
    backend: &Backend,
    url: &str,
    limit: usize,
    seen: &mut Vec<Message>,
) -> Result<(), QueueError> {
    while seen.len() < limit {
        let max = (limit - seen.len()).min(batch::ENTRIES);
        let page = poll(&backend.client, url, max, POLL, LOOK).await?;
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    Ok(())
}

async fn redrive_from(
    backend: &Backend,
    url: &str,
    limit: usize,
    stay: &mut Vec<Message>,
) -> Result<usize, QueueError> {
    let mut moved = 0;
    while moved < limit {
        let max = (limit - moved).min(batch::ENTRIES);
        let page = poll(&backend.client, url, max, POLL, LOOK).await?;
        if page.is_empty() {
            break;
        }
        for message in page {
            let letter = letter(&message);
            let (Some(stream), Some(envelope)) = (letter.stream, letter.envelope) else {
                stay.push(message);
                continue;
            };
            if let Err(error) = backend
                .publish(stream, std::slice::from_ref(&envelope))
                .await
            {
                stay.push(message);
                return Err(error);
            }
            batch::delete(
                &backend.client,
                url,
                &receipts(std::slice::from_ref(&message)),
            )
            .await?;
            moved += 1;
        }
    }
    Ok(moved)
}

/// Lets others see letters again.
async fn show(backend: &Backend, url: &str, letters: &[Message]) -> Result<(), QueueError> {
    batch::hide(&backend.client, url, &receipts(letters), Duration::ZERO).await
}

fn receipts(messages: &[Message]) -> Vec<Receipt> {
    messages
        .iter()
        .filter_map(|message| Some(Receipt(message.receipt_handle()?.to_owned())))
        .collect()
}

fn letter(message: &Message) -> DeadLetter {
    DeadLetter {
        id: message.message_id().unwrap_or_default().to_owned(),
        stream: entry::stream(message),
        reason: entry::reason(message).to_owned(),
        envelope: entry::envelope(message).ok(),
    }
}
