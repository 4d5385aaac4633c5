//! Keeping what is about to be deleted: sealed copies of files, and what a message says whose file leaks.
//!
//! Owns the order: kept, noted, deleted. **Invariant:** nothing is deleted of which a copy should be kept and is not.

use scanner_node::fetch::{Expected, FetchError};
use scanner_node::source::{TicketError, TicketSource};
use serde_json::Value;
use shared::content::{Location, TextUnit};
use shared::failpoint;
use shared::ids::BlobId;
use shared::job::{RemoteFile, RetryClass};

use super::Enforcement;
use super::deed::outcome_of;
use super::tokens::BROKEN;
use super::ways::{Way, WayOut};
use crate::blobs::BlobError;
use crate::outgoing::Outcome;
use crate::slack::client::{Range, Session, SlackError};
use crate::store::held::{self, HeldFile, HeldMessage};
use crate::store::{StoreError, blobs, originals};

/// A file could not be kept: now, or ever.
enum NotKept {
    Now(Outcome),
    Ever(String),
}

impl Enforcement {
    /// Deletes the files of a message, each after a sealed copy was kept; none if all is done that can be.
    pub(super) async fn files_away(
        &self,
        way: &Way<'_>,
        held: &mut HeldMessage,
        files: &[String],
    ) -> Result<Option<WayOut>, StoreError> {
        for id in files {
            let at = place_of(held, id);
            let Some(mut file) = held.files.0.get(at).cloned() else {
                continue;
            };
            if file.away || file.code.is_some() {
                continue;
            }
            let done = self.file_away(way, held, &mut file).await?;
            if let Some(known) = held.files.0.get_mut(at) {
                *known = file;
            }
            self.note(held).await?;
            if let Some(wait) = done {
                return Ok(Some(wait));
            }
        }
        Ok(None)
    }

    async fn file_away(
        &self,
        way: &Way<'_>,
        held: &HeldMessage,
        file: &mut HeldFile,
    ) -> Result<Option<WayOut>, StoreError> {
        if file.blob.is_none() && self.parts.originals.are_kept() {
            match self.keep_file(held, file).await? {
                Ok(()) => {}
                Err(NotKept::Now(outcome)) => return Ok(Some(WayOut::Wait(outcome))),
                Err(NotKept::Ever(code)) => {
                    file.away = code == GONE;
                    file.code = Some(code);
                    return Ok(None);
                }
            }
            let mut noted = held.clone();
            let at = place_of(&mut noted, &file.file_id);
            if let Some(known) = noted.files.0.get_mut(at) {
                *known = file.clone();
            }
            self.note(&noted).await?;
        }
        let Some(token) = way.installation.admin() else {
            file.code = Some(BROKEN.to_owned());
            return Ok(None);
        };
        let session = self.parts.client.with(token, &held.workspace);
        Ok(delete(session, file).await)
    }

    /// Keeps a sealed copy.
    async fn keep_file(
        &self,
        held: &HeldMessage,
        file: &mut HeldFile,
    ) -> Result<Result<(), NotKept>, StoreError> {
        let asked = RemoteFile {
            id: file.file_id.clone(),
            url: None,
            name: None,
            media_type: None,
            bytes: None,
        };
        let ticket = match self.parts.tickets.ticket(&held.workspace, &asked).await {
            Ok(ticket) => ticket,
            Err(error) => return Ok(Err(of_ticket(&error))),
        };
        let mut writer = match self.parts.blobs.create() {
            Ok(writer) => writer,
            Err(error) => return Ok(Err(of_blob(&error))),
        };
        let id: BlobId = writer.id();
        let bytes = ticket.bytes.unwrap_or_default();
        // Its row comes first: no bytes lie there that no row knows.
        let noting = move |conn: &mut _| blobs::insert(conn, id, bytes, blobs::QUARANTINE);
        self.parts.store.write(noting).await?;
        let expected = Expected {
            bytes: ticket.bytes,
            media_type: ticket.media_type.clone(),
        };
        let fetched = self
            .parts
            .fetcher
            .fetch(&ticket.url, &ticket.token, &expected, &mut writer)
            .await;
        if let Err(error) = fetched {
            return Ok(Err(of_fetch(&error)));
        }
        match writer.finish() {
            Ok(written) => {
                file.blob = Some(written.id);
                file.bytes = written.bytes;
                file.name = ticket.name.unwrap_or_else(|| file.file_id.clone());
                file.media_type = ticket.media_type;
                failpoint::pass("file_kept");
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(of_blob(&error))),
        }
    }

    async fn note(&self, held: &HeldMessage) -> Result<(), StoreError> {
        let held = held.clone();
        let noting = move |conn: &mut _| held::update(conn, &held);
        self.parts.store.write(noting).await
    }

    /// Keeps what a message says, unless that is kept: of a message whose file leaks, the text is not.
    pub(super) async fn keep_words(
        &self,
        way: &Way<'_>,
        held: &HeldMessage,
    ) -> Result<Option<WayOut>, StoreError> {
        let job = held.job_id;
        let reading = move |conn: &mut _| originals::sealed(conn, job);
        let is_kept = self.parts.store.read(reading).await?.is_some();
        let Some(token) = way.installation.bot() else {
            return Ok(None);
        };
        if is_kept || !self.parts.originals.are_kept() {
            return Ok(None);
        }
        let session = self.parts.client.with(token, &held.workspace);
        let units = match words_of(session.urgently(), held).await {
            Ok(Some(text)) => vec![TextUnit {
                text,
                base: 0,
                location: Location::pointer("/event/text"),
            }],
            // It is gone, or says nothing.
            Ok(None) => return Ok(None),
            Err(error) => {
                return Ok(match outcome_of(&error) {
                    Some(Outcome::Failed(_)) | None => None,
                    Some(outcome) => Some(WayOut::Wait(outcome)),
                });
            }
        };
        let Ok(Some(original)) = self.parts.originals.seal(job, units) else {
            return Ok(None);
        };
        let keeping = move |conn: &mut _| originals::keep(conn, job, &original);
        self.parts.store.write(keeping).await?;
        Ok(None)
    }
}

/// What became of a file that Slack does not know any more.
const GONE: &str = "gone";

/// Where a file stands among those of its message; it is added if it is not there.
fn place_of(held: &mut HeldMessage, id: &str) -> usize {
    let known = held.files.0.iter().position(|file| file.file_id == id);
    known.unwrap_or_else(|| {
        held.files.0.push(HeldFile::named(id));
        held.files.0.len() - 1
    })
}

async fn delete(session: Session<'_>, file: &mut HeldFile) -> Option<WayOut> {
    // A public address outlives a file that cannot be deleted. That there is none is no fault.
    let revoked = session.revoke_public_url(&file.file_id).await;
    if let Err(error) = revoked {
        tracing::debug!(%error, "public address not revoked");
    }
    let Err(error) = session.delete_file(&file.file_id).await else {
        file.away = true;
        return None;
    };
    match outcome_of(&error) {
        None => {
            file.away = true;
            None
        }
        Some(Outcome::Failed(code)) => {
            file.code = Some(code);
            None
        }
        Some(outcome) => Some(WayOut::Wait(outcome)),
    }
}

/// What a message says now.
async fn words_of(session: Session<'_>, held: &HeldMessage) -> Result<Option<String>, SlackError> {
    let Some((before, after)) = around(&held.message_ts) else {
        return Ok(None);
    };
    let range = Range {
        oldest: Some(before),
        latest: Some(after),
        ..Range::default()
    };
    let thread = held.thread_ts.as_deref();
    let page = match thread.filter(|thread| *thread != held.message_ts) {
        Some(thread) => session.replies(&held.channel_id, thread, &range).await?,
        None => session.history(&held.channel_id, &range).await?,
    };
    let is_it = |said: &&Value| said.get("ts").and_then(Value::as_str) == Some(&held.message_ts);
    let said = page.messages.iter().find(is_it);
    let text = said
        .and_then(|said| said.get("text"))
        .and_then(Value::as_str);
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// The timestamps right before and right after one.
fn around(ts: &str) -> Option<(String, String)> {
    let (seconds, micros) = ts.split_once('.')?;
    let whole = seconds
        .parse::<i64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(micros.parse().ok()?)?;
    let written = |at: i64| format!("{}.{:06}", at / 1_000_000, at % 1_000_000);
    Some((
        written(whole.checked_sub(1)?),
        written(whole.checked_add(1)?),
    ))
}

fn of_ticket(error: &TicketError) -> NotKept {
    match error {
        TicketError::Gone => NotKept::Ever(GONE.to_owned()),
        TicketError::Elsewhere => NotKept::Ever("external".to_owned()),
        TicketError::Refused => NotKept::Ever("not_kept_refused".to_owned()),
        TicketError::Unavailable(_) => NotKept::Now(Outcome::Later("file_unavailable".to_owned())),
    }
}

fn of_fetch(error: &FetchError) -> NotKept {
    if let FetchError::RateLimited(wait) = error {
        return NotKept::Now(Outcome::PutOff(error.code().to_owned(), *wait));
    }
    match error.class() {
        RetryClass::Transient => NotKept::Now(Outcome::Later(error.code().to_owned())),
        RetryClass::Permanent | RetryClass::Poison => {
            NotKept::Ever(format!("not_kept_{}", error.code()))
        }
    }
}

fn of_blob(error: &BlobError) -> NotKept {
    tracing::warn!(%error, "a copy cannot be kept now");
    NotKept::Now(Outcome::Later("storage".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stands_between_its_neighbours() {
        let around = |ts| around(ts).unwrap();
        let of = |before: &str, after: &str| (before.to_owned(), after.to_owned());
        assert_eq!(
            around("1700000000.000100"),
            of("1700000000.000099", "1700000000.000101")
        );
        assert_eq!(
            around("1700000000.000000"),
            of("1699999999.999999", "1700000000.000001")
        );
        assert_eq!(super::around("soon"), None);
    }
}
