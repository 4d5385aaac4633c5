//! Asking what a file is that an event named, and having it scanned wherever it is shared.
//!
//! **Invariant:** the same file in the same message is scanned once, however many events tell of it; a change or a
//! public address is another occasion.

use shared::ids::WorkspaceId;
use shared::job::{Payload, RemoteFile, TraceContext};

use super::Enforcement;
use super::deed::Done;
use crate::jobs::Source;
use crate::slack::client::{File, Share};
use crate::slack::event::moment_of;
use crate::store::StoreError;
use crate::store::jobs::{self, FileIds, JobOrigin, NewJob, Place};
use crate::store::outbox::StoredAction;

/// Messages that share one file, as far as they are looked at.
const SHARES: usize = 100;

impl Enforcement {
    pub(super) async fn file(
        &self,
        action: &StoredAction,
        (id, news, at): (String, String, String),
    ) -> Result<Done, StoreError> {
        let token = match self.bot_of(&action.workspace) {
            Ok(token) => token,
            Err(outcome) => return Ok(Done::of(outcome)),
        };
        let session = self.parts.client.with(&token, &action.workspace);
        let file = match session.file_info(&id).await {
            Ok(file) => file,
            Err(error) => return Ok(Done::refused(&error)),
        };
        if file.is_external || matches!(file.mode.as_deref(), Some("tombstone" | "external")) {
            return Ok(Done::nothing_more());
        }
        let made = self.jobs_of(&action.workspace, &file, (&news, &at));
        let Ok(made) = made else {
            return Err(StoreError::Busy);
        };
        Ok(Done::with(move |conn| jobs::insert(conn, &made)))
    }

    /// A job for each message that shares it; one for the file alone if none does.
    fn jobs_of(
        &self,
        workspace: &WorkspaceId,
        file: &File,
        (news, at): (&str, &str),
    ) -> Result<Vec<NewJob>, shared::seal::SealError> {
        let occasion = Occasion { news, at };
        let shared: Vec<Option<&Share>> = match file.shares.len() {
            0 => vec![None],
            _ => file.shares.iter().take(SHARES).map(Some).collect(),
        };
        let job = |share: Option<&Share>| {
            let place = place(file, share, &occasion);
            let source = Source {
                dedupe_key: Some(occasion.key(workspace, file, &place)),
                workspace: workspace.clone(),
                origin: JobOrigin::Slack,
                place,
                submitted_by: None,
            };
            let payload = Payload::Remote(remote(file));
            self.parts
                .jobs
                .make(source, payload, TraceContext::default())
        };
        shared.into_iter().map(job).collect()
    }
}

/// Why a file is looked at.
struct Occasion<'a> {
    news: &'a str,
    at: &'a str,
}

impl Occasion<'_> {
    /// What several events have in common that tell of the same content in the same message.
    fn key(&self, workspace: &WorkspaceId, file: &File, place: &Place) -> String {
        let part = |id: &Option<String>| id.clone().unwrap_or_default();
        let bytes = file.size.map(|bytes| bytes.to_string()).unwrap_or_default();
        let (channel, ts) = (part(&place.channel_id), part(&place.message_ts));
        let key = format!("file/{workspace}/{}/{channel}/{ts}/{bytes}", file.id);
        match self.news {
            "there" => key,
            news => format!("{key}/{news}/{}", self.at),
        }
    }
}

fn place(file: &File, share: Option<&Share>, occasion: &Occasion<'_>) -> Place {
    Place {
        channel_id: share
            .map(|share| share.channel.clone())
            .or_else(|| file.channels.first().cloned()),
        channel_type: None,
        user_id: file.user.clone(),
        bot_id: None,
        // A public address is for everybody.
        external: occasion.news == "public" || file.public_url_shared,
        message_ts: share.map(|share| share.ts.clone()),
        thread_ts: share.and_then(|share| share.thread_ts.clone()),
        label: Some("file".to_owned()),
        team_id: share.and_then(|share| share.team.clone()),
        author_team_id: file.user_team.clone(),
        file_id: Some(file.id.clone()),
        file_ids: FileIds(vec![file.id.clone()]),
        said_at: moment_of(share.map_or(occasion.at, |share| share.ts.as_str())),
    }
}

fn remote(file: &File) -> RemoteFile {
    RemoteFile {
        id: file.id.clone(),
        url: file
            .url_private_download
            .clone()
            .or_else(|| file.url_private.clone()),
        name: file.name.clone(),
        media_type: file.mimetype.clone(),
        bytes: file.size,
    }
}
