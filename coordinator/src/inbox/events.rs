//! Events, and the jobs they give rise to.
//!
//! **Invariant:** one job for what a message says, one for each of its files that can be fetched; what cannot be is
//! a gap of the message.

use shared::content::Gap;
use shared::ids::{InboundEventId, WorkspaceId};
use shared::job::{Payload, RemoteFile};
use shared::seal::SealError;
use shared::telemetry::names::span;
use shared::telemetry::{self, IntakeOutcome};

use super::{Inbox, InboxError, Taken};
use crate::actors::{IntakeError, TakeIn};
use crate::domain::capability::Ability;
use crate::jobs::Source;
use crate::slack::event::{
    self, Content, Disposition, Event, FileMention, Inbound, MessageRef, SkipReason,
};
use crate::store::intake::{EventSource, NewEvent, NewInbound, Outcome};
use crate::store::jobs::{FileIds, JobOrigin, NewJob, Place};

impl Inbox {
    /// Takes in an envelope of the Events API, as it was sent.
    ///
    /// # Errors
    /// [`InboxError`].
    pub async fn event(&self, raw: &[u8]) -> Result<Taken, InboxError> {
        match event::parse(raw, |workspace| self.installations.own_ids(workspace)) {
            Inbound::UrlVerification { challenge } => Ok(Taken::Challenge(challenge)),
            Inbound::RateLimited { workspace, minute } => {
                self.missed_events(workspace, minute).await?;
                Ok(Taken::Kept)
            }
            Inbound::NotJson => {
                self.metrics.intake.events(IntakeOutcome::Rejected, 1);
                Err(InboxError::NotJson)
            }
            Inbound::Event(event) => {
                self.take_in(*event).await?;
                Ok(Taken::Kept)
            }
        }
    }

    async fn take_in(&self, mut event: Event) -> Result<(), InboxError> {
        if event.repaired {
            self.metrics.intake.repaired_event();
        }
        let files_are_read = self.reads_files(&event.workspace);
        if let Some(news) = event.news.take() {
            let told = self.news(&event, news, files_are_read).await?;
            if told {
                self.metrics.intake.events(IntakeOutcome::Accepted, 1);
                return Ok(());
            }
        }
        let content = match event.disposition {
            Disposition::Scan(content) => *content,
            Disposition::Skip(reason) => {
                if reason == SkipReason::UnknownType {
                    self.metrics.intake.unknown_event();
                }
                self.metrics.intake.events(IntakeOutcome::Ignored, 1);
                return Ok(());
            }
        };
        let jobs = self.jobs_of(&event.workspace, content, files_are_read)?;
        let inbound = NewInbound {
            event: NewEvent {
                id: InboundEventId::fresh(),
                workspace: event.workspace,
                source: EventSource::Slack,
                event_id: event.event_id,
                kind: event.kind.to_owned(),
                event_time: event.event_time,
            },
            jobs,
        };
        let outcome = self.intake.send(TakeIn(inbound)).await;
        self.count(outcome.unwrap_or(Err(IntakeError::NotCommitted)))
    }

    /// Whether files of that workspace can be fetched.
    pub(super) fn reads_files(&self, workspace: &WorkspaceId) -> bool {
        let known = self.installations.of(workspace);
        known.is_some_and(|known| known.is_active() && known.capabilities.allow(Ability::ReadFiles))
    }

    /// The jobs of a message: what it says, and each of its files.
    pub(super) fn jobs_of(
        &self,
        workspace: &WorkspaceId,
        content: Content,
        files_are_read: bool,
    ) -> Result<Vec<NewJob>, SealError> {
        let Content {
            subject,
            units,
            mut gaps,
            files,
        } = content;
        let fetched = if files_are_read { files } else { Vec::new() };
        gaps.retain(|gap| !fetched.iter().any(|file| is_gap_of(gap, file)));
        let place = place(subject);
        let said = Payload::Text { units, gaps };
        let mut jobs = vec![self.job(workspace, (place.clone(), None), said)?];
        for file in fetched {
            let place = Place {
                file_id: Some(file.id.clone()),
                ..place.clone()
            };
            let key = file_key(workspace, &place, file.bytes);
            let payload = Payload::Remote(remote(file));
            jobs.push(self.job(workspace, (place, key), payload)?);
        }
        Ok(jobs)
    }

    /// A job in a span of its own: the one that every later step has for its parent.
    fn job(
        &self,
        workspace: &WorkspaceId,
        (place, dedupe_key): (Place, Option<String>),
        payload: Payload,
    ) -> Result<NewJob, SealError> {
        let stream = match &payload {
            Payload::Text { .. } => "jobs:messages",
            Payload::Blob { .. } | Payload::Remote(_) => "jobs:files",
        };
        let create = tracing::info_span!(
            span::CREATE,
            otel.name = format!("create {stream}"),
            otel.kind = "producer",
            messaging.system = self.queue,
            messaging.destination.name = stream,
            messaging.operation.name = "create",
            messaging.operation.type = "create",
            messaging.message.conversation_id = tracing::field::Empty,
        );
        let source = Source {
            workspace: workspace.clone(),
            origin: JobOrigin::Slack,
            place,
            submitted_by: None,
            dedupe_key,
        };
        let job = self
            .jobs
            .make(source, payload, telemetry::inject(&create))?;
        create.record(
            "messaging.message.conversation_id",
            tracing::field::display(job.id),
        );
        Ok(job)
    }

    fn count(&self, outcome: Result<Outcome, IntakeError>) -> Result<(), InboxError> {
        let counted = match outcome {
            Ok(Outcome::Accepted) => IntakeOutcome::Accepted,
            Ok(Outcome::Duplicate) => IntakeOutcome::Duplicate,
            Err(_) => {
                self.gaps.refuse();
                IntakeOutcome::Unavailable
            }
        };
        self.metrics.intake.events(counted, 1);
        outcome.map(|_| ()).map_err(InboxError::Intake)
    }
}

/// Where a message stood.
fn place(subject: MessageRef) -> Place {
    Place {
        channel_id: subject.channel,
        channel_type: subject.channel_type,
        user_id: subject.user,
        bot_id: subject.bot,
        external: subject.external,
        message_ts: subject.ts,
        thread_ts: subject.thread_ts,
        label: None,
        team_id: subject.team,
        author_team_id: subject.author_team,
        file_id: None,
        file_ids: FileIds(subject.files),
        said_at: subject.said_at,
    }
}

fn is_gap_of(gap: &Gap, file: &FileMention) -> bool {
    gap.part.as_deref() == Some(file.pointer.as_str())
}

fn remote(file: FileMention) -> RemoteFile {
    RemoteFile {
        id: file.id,
        url: file.url,
        name: file.name,
        media_type: file.media_type,
        bytes: file.bytes,
    }
}

/// What several events have in common that tell of the same file in the same message.
fn file_key(workspace: &WorkspaceId, place: &Place, bytes: Option<u64>) -> Option<String> {
    let (file, channel, ts) = (
        place.file_id.as_ref()?,
        place.channel_id.as_ref()?,
        place.message_ts.as_ref()?,
    );
    let bytes = bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
    Some(format!("file/{workspace}/{file}/{channel}/{ts}/{bytes}"))
}
