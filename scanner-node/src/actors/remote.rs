//! Fetching a file from Slack, to be examined.
//!
//! Owns the way from a ticket to a sealed file. **Invariant:** the file rests sealed, in a place without a name, and
//! is gone with the job.

use std::io::Seek;

use shared::ids::{BlobId, WorkspaceId};
use shared::job::{FailureReason, RemoteFile, RetryClass};
use shared::seal::{SealWriter, blob_associated_data};

use super::NodeParts;
use super::examine::SealedFile;
use crate::fetch::{Expected, FetchError};
use crate::source::{FileTicket, TicketError};

/// Why a file is not at hand.
pub(super) enum Missing {
    /// For good.
    Fail(FailureReason),
    /// For now.
    Wait,
}

/// The file, sealed.
pub(super) async fn fetch(
    parts: &NodeParts,
    workspace: &WorkspaceId,
    file: &RemoteFile,
) -> Result<SealedFile, Missing> {
    if file
        .bytes
        .is_some_and(|bytes| bytes > parts.limits.max_file_bytes)
    {
        return Err(Missing::Fail(FailureReason::FileTooLarge));
    }
    let ticket = parts.tickets.ticket(workspace, file).await;
    let ticket = ticket.map_err(|error| of_ticket(&error))?;
    let blob = BlobId::fresh();
    let sealed = keep(parts, &ticket, blob).await?;
    Ok(SealedFile {
        sealed,
        blob,
        name: ticket.name.unwrap_or_else(|| file.id.clone()),
        media_type: ticket.media_type,
    })
}

async fn keep(
    parts: &NodeParts,
    ticket: &FileTicket,
    blob: BlobId,
) -> Result<std::fs::File, Missing> {
    let unwritable = |error: std::io::Error| {
        tracing::warn!(%error, "a file cannot be kept while it is examined");
        Missing::Wait
    };
    let file = tempfile::tempfile().map_err(unwritable)?;
    let sealed = SealWriter::new(&parts.blob_sealer, &blob_associated_data(blob), file);
    let mut sealed = sealed.map_err(|error| {
        tracing::warn!(%error, "a file cannot be sealed");
        Missing::Wait
    })?;
    let expected = Expected {
        bytes: ticket.bytes,
        media_type: ticket.media_type.clone(),
    };
    let fetched = parts
        .fetcher
        .fetch(&ticket.url, &ticket.token, &expected, &mut sealed)
        .await;
    fetched.map_err(|error| of_fetch(&error))?;
    let mut file = sealed.finish().map_err(unwritable)?;
    file.rewind().map_err(unwritable)?;
    Ok(file)
}

fn of_ticket(error: &TicketError) -> Missing {
    let Some(reason) = error.reason() else {
        tracing::warn!(%error, "no ticket for a file, the job waits");
        return Missing::Wait;
    };
    Missing::Fail(reason)
}

fn of_fetch(error: &FetchError) -> Missing {
    if error.class() == RetryClass::Transient {
        tracing::warn!(%error, "file not fetched, the job waits");
        return Missing::Wait;
    }
    tracing::warn!(%error, "file not fetched");
    Missing::Fail(match error {
        FetchError::ForeignHost | FetchError::TooManyRedirects => FailureReason::FileElsewhere,
        FetchError::TooLong => FailureReason::FileTooLarge,
        _ => FailureReason::FileRefused,
    })
}
