//! What it takes to fetch a file from Slack.
//!
//! Owns finding out where a file is, and whose token is shown there. Leaves fetching to nodes, and to `enforcement`
//! for files that are kept.
//! **Invariant:** a ticket names a file that Slack keeps; nobody gets a token for one that others keep.

use std::sync::Arc;

use async_trait::async_trait;
use scanner_node::source::{FileTicket, SourceError, TicketError, TicketSource};
use shared::ids::WorkspaceId;
use shared::job::{RemoteFile, RetryClass};

use crate::installations::Installations;
use crate::slack::client::{Meaning, SlackClient, SlackError};

/// Gives tickets. Cheap to clone.
#[derive(Clone)]
pub struct Tickets {
    /// Whose tokens act where.
    pub installations: Arc<Installations>,
    /// Asks what a file is.
    pub client: SlackClient,
}

#[async_trait]
impl TicketSource for Tickets {
    async fn ticket(
        &self,
        workspace: &WorkspaceId,
        file: &RemoteFile,
    ) -> Result<FileTicket, TicketError> {
        let installation = self.installations.of(workspace);
        let token = installation.as_ref().and_then(|known| known.bot());
        let token = token.ok_or(TicketError::Refused)?;
        if let Some(url) = &file.url {
            return Ok(FileTicket {
                url: url.clone(),
                token: token.clone(),
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                bytes: file.bytes,
            });
        }
        let session = self.client.with(token, workspace);
        let found = session.file_info(&file.id).await;
        let found = found.map_err(|error| fault(&error))?;
        let url = found.url_private_download.or(found.url_private);
        match (found.is_external, url) {
            (true, _) => Err(TicketError::Elsewhere),
            (false, None) => Err(TicketError::Gone),
            (false, Some(url)) => Ok(FileTicket {
                url,
                token: token.clone(),
                name: found.name.or_else(|| file.name.clone()),
                media_type: found.mimetype.or_else(|| file.media_type.clone()),
                bytes: found.size.or(file.bytes),
            }),
        }
    }
}

fn fault(error: &SlackError) -> TicketError {
    match (error.meaning(), error.class()) {
        (Meaning::AlreadyDone, _) => TicketError::Gone,
        (_, RetryClass::Transient) => {
            let code = error.code().to_owned();
            TicketError::Unavailable(SourceError::Unavailable(code.into()))
        }
        _ => TicketError::Refused,
    }
}
