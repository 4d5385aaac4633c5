//! Giving files back: those of a message that was deleted, from their sealed copies.
//!
//! **Invariant:** files are shared once, behind the message that was posted again; a copy is opened only on its way
//! there.

use std::io::Read;

use bytes::Bytes;
use serde_json::Value;
use shared::failpoint;
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;

use super::Enforcement;
use super::deed::outcome_of;
use crate::outgoing::Outcome;
use crate::slack::client::{Posted, Range, Session, SlackError, Upload, Uploads};
use crate::store::held::{HeldFile, HeldMessage};
use crate::store::outbox::StoredAction;

/// Bytes opened at once.
const CHUNK: usize = 64 * 1024;
/// Pieces that wait to be sent.
const AHEAD: usize = 4;

impl Enforcement {
    pub(super) async fn files_back(
        &self,
        session: Session<'_>,
        action: &StoredAction,
        (held, posted): (&HeldMessage, &Posted),
    ) -> Result<(), Outcome> {
        let kept: Vec<&HeldFile> = held
            .files
            .0
            .iter()
            .filter(|file| file.blob.is_some())
            .collect();
        if kept.is_empty() {
            return Ok(());
        }
        // A reply cannot be answered: its files go where it went.
        let thread = held.thread_ts.as_ref();
        let thread = thread.filter(|thread| **thread != held.message_ts);
        let thread = thread.unwrap_or(&posted.ts);
        let since = posted.ts.as_str();
        let is_retry = action.attempts > 1;
        if is_retry
            && are_there(session.urgently(), (&held.channel_id, thread), since)
                .await
                .map_err(|error| later(&error))?
        {
            return Ok(());
        }
        let files = kept.into_iter().map(|file| self.upload(file));
        let uploads = Uploads {
            channel: held.channel_id.clone(),
            thread_ts: Some(thread.clone()),
            comment: None,
            files: files.collect::<Result<_, Outcome>>()?,
        };
        let sent = session.upload(uploads).await;
        failpoint::pass("files_given_back");
        sent.map(drop).map_err(|error| later(&error))
    }

    fn upload(&self, file: &HeldFile) -> Result<Upload, Outcome> {
        let lost = || Outcome::Failed("copy_lost".to_owned());
        let blob = file.blob.ok_or_else(lost)?;
        let mut copy = self.parts.blobs.unsealed(blob).map_err(|_io| lost())?;
        let (sender, receiver) = mpsc::channel::<std::io::Result<Bytes>>(AHEAD);
        // Opening a seal is work for a thread; it ends with whoever listens.
        let opening = move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let piece = match copy.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(read) => {
                        chunk.truncate(read);
                        Ok(Bytes::from(chunk))
                    }
                    Err(error) => Err(error),
                };
                if sender.blocking_send(piece).is_err() {
                    return;
                }
            }
        };
        drop(tokio::task::spawn_blocking(opening));
        let pieces = futures_util::stream::unfold(receiver, |mut receiver| async {
            let piece = receiver.recv().await?;
            Some((piece, receiver))
        });
        Ok(Upload {
            name: file.name.clone(),
            bytes: file.bytes,
            content: Box::new(StreamReader::new(Box::pin(pieces))),
        })
    }
}

fn later(error: &SlackError) -> Outcome {
    outcome_of(error).unwrap_or_else(|| Outcome::Failed(error.code().to_owned()))
}

/// Whether files of ours stand in a thread already.
async fn are_there(
    session: Session<'_>,
    (channel, thread): (&str, &str),
    since: &str,
) -> Result<bool, SlackError> {
    let range = Range {
        oldest: Some(since.to_owned()),
        ..Range::default()
    };
    let page = session.replies(channel, thread, &range).await?;
    let has_files = |said: &Value| {
        let files = said.get("files").and_then(Value::as_array);
        let ours = said.get("bot_id").is_some();
        ours && files.is_some_and(|files| !files.is_empty())
    };
    Ok(page.messages.iter().any(has_files))
}
