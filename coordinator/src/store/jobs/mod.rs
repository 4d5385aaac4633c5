//! `scan_jobs`: what is to be scanned, and what was.
//!
//! Owns the life of a job's row: made with a `due_at`, completed by its result; `due` claims it whenever that
//! passes. Leaves publishing to the actors and results to `results`.
//! **Invariant:** no write says that a job was dispatched: an open job whose `due_at` has passed is due.

mod due;

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Integer, Nullable, SmallInt, Text};
use shared::ids::{DetectorSetVersion, InboundEventId, JobId, UserId, WorkspaceId};
use shared::job::{JobClass, TraceContext};

use super::arrays::insert_arrays;
use super::columns::{
    DbNumber, DbText, DbTime, DbUuid, MaybeText, MaybeTime, MaybeUuid, Ts, Uid, Undecodable,
    numbered, storable, storable_opt,
};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::schema::scan_jobs;
use super::{clock, workspaces};
use crate::domain::policy::{Audience, ChannelType, Context};

pub use due::{Claim, DueJob, claim_due, due_workspaces, give_up, make_all_due};

numbered! {
    /// How far a job is.
    JobState "job state" {
        /// No result yet.
        Queued = 1 "queued",
        /// Scanned.
        Completed = 2 "completed",
        /// Ended without a scan.
        Failed = 3 "failed",
    }
}

numbered! {
    /// Where a job came from.
    JobOrigin "job origin" {
        /// A Slack event.
        Slack = 1 "slack",
        /// The REST API, or a task from the ingest queue.
        Api = 2 "api",
    }
}

/// A job to make.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Whose content it is.
    pub workspace: WorkspaceId,
    /// Which stream it travels on.
    pub class: JobClass,
    /// Where it came from.
    pub origin: JobOrigin,
    /// The version of the envelope the body was sealed in, which the seal is bound to.
    pub wire_version: u16,
    /// The sealed body of its envelope.
    pub payload: Vec<u8>,
    /// The detectors it names.
    pub detectors: DetectorSetVersion,
    /// How long the dispatcher has before the job counts as due.
    pub due_in: Duration,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// Where the content stood.
    pub place: Place,
    /// Who asked, if somebody signed in did.
    pub submitted_by: Option<UserId>,
    /// What other events have in common that tell of the same content; the first of them is scanned.
    pub dedupe_key: Option<String>,
}

/// The label of content that was said long ago: policies tell of it, and leave it where it is.
pub const HISTORY: &str = "history";

/// Where content stood. Ids only, no content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = scan_jobs)]
pub struct Place {
    /// Slack's channel.
    pub channel_id: Option<String>,
    /// What kind of channel: `channel`, `group`, `im`, `mpim`.
    pub channel_type: Option<String>,
    /// Slack's user who wrote it.
    pub user_id: Option<String>,
    /// Slack's bot that wrote it.
    pub bot_id: Option<String>,
    /// Whether people of other organisations read it.
    pub external: bool,
    /// The message's `ts`.
    pub message_ts: Option<String>,
    /// The `ts` of the thread it stands in.
    pub thread_ts: Option<String>,
    /// A word for lists that is no content: `file`, `edit`.
    pub label: Option<String>,
    /// Slack's workspace, if the tenant is an organisation.
    pub team_id: Option<String>,
    /// The workspace its author belongs to.
    pub author_team_id: Option<String>,
    /// The file it is, if it is one.
    pub file_id: Option<String>,
    /// The files of the message.
    #[diesel(deserialize_as = MaybeText)]
    pub file_ids: FileIds,
    /// Since when the content stands there, by Slack's clock.
    #[diesel(deserialize_as = MaybeTime)]
    pub said_at: Option<DateTime<Utc>>,
}

/// Slack's ids of files, which the column keeps parted by blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileIds(pub Vec<String>);

impl From<MaybeText> for FileIds {
    fn from(ids: MaybeText) -> Self {
        let ids = ids.0.unwrap_or_default();
        Self(ids.split_whitespace().map(str::to_owned).collect())
    }
}

impl FileIds {
    fn joined(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(" "))
    }
}

/// A job, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = scan_jobs)]
pub struct Job {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: JobId,
    /// The event it came from.
    #[diesel(deserialize_as = MaybeUuid)]
    pub inbound_event_id: Option<InboundEventId>,
    /// Whose content it is.
    #[diesel(deserialize_as = DbText, column_name = workspace_id)]
    pub workspace: WorkspaceId,
    /// Which stream it travels on.
    #[diesel(deserialize_as = DbNumber)]
    pub class: JobClass,
    /// Where it came from.
    #[diesel(deserialize_as = DbNumber)]
    pub origin: JobOrigin,
    /// How far it is.
    #[diesel(deserialize_as = DbNumber)]
    pub state: JobState,
    /// The detectors it names.
    #[diesel(deserialize_as = DbText, column_name = detector_set)]
    pub detectors: DetectorSetVersion,
    /// How often it was claimed as due.
    pub attempt: i32,
    /// When it counts as due, by the database's clock.
    #[diesel(deserialize_as = DbTime)]
    pub due_at: DateTime<Utc>,
    /// When it was made.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When its result was committed.
    #[diesel(deserialize_as = MaybeTime)]
    pub completed_at: Option<DateTime<Utc>>,
    /// Its trace.
    pub traceparent: Option<String>,
    /// Its trace's vendor part.
    pub tracestate: Option<String>,
    /// Who asked.
    #[diesel(deserialize_as = MaybeUuid)]
    pub submitted_by: Option<UserId>,
    /// Where the content stood.
    #[diesel(embed)]
    pub place: Place,
}

impl Job {
    /// Whether it was said long ago, and is only told of.
    pub fn is_history(&self) -> bool {
        self.place.label.as_deref() == Some(HISTORY)
    }

    /// Where its content stood, as far as policies care.
    pub fn context(&self) -> Context {
        let place = &self.place;
        Context {
            workspace: self.workspace.clone(),
            channel: place.channel_id.clone(),
            channel_type: place
                .channel_type
                .as_deref()
                .and_then(ChannelType::of_slack),
            user: place.user_id.clone(),
            bot: place.bot_id.clone(),
            audience: if place.external {
                Audience::External
            } else {
                Audience::Internal
            },
        }
    }
}

/// Jobs without a result, of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenStats {
    /// Which class.
    pub class: JobClass,
    /// How many.
    pub open: u64,
    /// How long the oldest has been waiting.
    pub oldest_age: Duration,
}

/// Makes jobs that come from no event: scans that API callers ask for.
///
/// # Errors
/// [`StoreError::Duplicate`](super::StoreError::Duplicate) if a job has a known id; as any query.
pub fn insert(conn: &mut Conn, jobs: &[NewJob]) -> StoreResult<()> {
    let now = clock::now(conn)?;
    workspaces::note(conn, jobs.iter().map(|job| &job.workspace), now)?;
    let rows: Vec<_> = jobs.iter().map(|job| (None, job)).collect();
    insert_rows(conn, &rows, now)
}

/// How many jobs are open, and how old the oldest is; one entry for every class.
///
/// # Errors
/// As any query.
pub fn open_stats(conn: &mut Conn) -> StoreResult<Vec<OpenStats>> {
    let now = clock::now(conn)?;
    let rows: Vec<(i16, i64, Option<DbTime>)> = with_conn!(conn, |c| scan_jobs::table
        .filter(open())
        .group_by(scan_jobs::class)
        .select((scan_jobs::class, count_star(), min(scan_jobs::created_at)))
        .load(c))?;
    let stats = JobClass::ALL.map(|class| {
        let row = rows
            .iter()
            .find(|(number, ..)| *number == class_number(class));
        let oldest = row
            .and_then(|(_, _, oldest)| *oldest)
            .map_or(now, |oldest| oldest.0);
        OpenStats {
            class,
            open: row.map_or(0, |(_, open, _)| u64::try_from(*open).unwrap_or_default()),
            oldest_age: (now - oldest).to_std().unwrap_or_default(),
        }
    });
    Ok(stats.to_vec())
}

/// The jobs among `ids` that exist, in no order: what a policy decides by.
///
/// # Errors
/// As any query.
pub fn contexts(conn: &mut Conn, ids: &[JobId]) -> StoreResult<Vec<Job>> {
    let mut jobs = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(rows_per_statement(1)) {
        let chunk: Vec<DbUuid> = chunk.iter().copied().map(Into::into).collect();
        let found: Vec<Job> = with_conn!(conn, |c| scan_jobs::table
            .filter(scan_jobs::id.eq_any(&chunk))
            .select(Job::as_select())
            .load(c))?;
        jobs.extend(found);
    }
    Ok(jobs)
}

/// Closes jobs and drops their payloads. `caught`: something was found.
pub(super) fn complete(
    conn: &mut Conn,
    ids: &[JobId],
    (state, caught): (JobState, bool),
    now: DateTime<Utc>,
) -> StoreResult<()> {
    for chunk in ids.chunks(rows_per_statement(1)) {
        let chunk: Vec<DbUuid> = chunk.iter().copied().map(Into::into).collect();
        with_conn!(conn, |c| diesel::update(
            scan_jobs::table.filter(scan_jobs::id.eq_any(&chunk))
        )
        .set((
            scan_jobs::state.eq(state.number()),
            scan_jobs::payload.eq(None::<Vec<u8>>),
            scan_jobs::completed_at.eq(Some(DbTime::from(now))),
            scan_jobs::caught.eq(caught),
        ))
        .execute(c))?;
    }
    Ok(())
}

/// Until when messages of a channel were scanned: the `ts` of each that was, and since when what was scanned stood
/// there.
///
/// # Errors
/// As any query.
pub fn scanned(
    conn: &mut Conn,
    workspace: &WorkspaceId,
    channel: &str,
    messages: &[String],
) -> StoreResult<HashMap<String, DateTime<Utc>>> {
    let mut scanned: HashMap<String, DateTime<Utc>> = HashMap::new();
    for chunk in messages.chunks(rows_per_statement(1)) {
        let rows: Vec<(Option<String>, Option<DbTime>)> = with_conn!(conn, |c| scan_jobs::table
            .filter(scan_jobs::channel_id.eq(channel))
            .filter(scan_jobs::message_ts.eq_any(chunk))
            .filter(sql::<Bool>("origin = 1 AND file_id IS NULL"))
            .filter(scan_jobs::workspace_id.eq(workspace.as_str()))
            .select((scan_jobs::message_ts, scan_jobs::said_at))
            .load(c))?;
        for (ts, said_at) in rows {
            let (Some(ts), Some(DbTime(said_at))) = (ts, said_at) else {
                continue;
            };
            let latest = scanned.entry(ts).or_insert(said_at);
            *latest = said_at.max(*latest);
        }
    }
    Ok(scanned)
}

pub(super) fn insert_rows(
    conn: &mut Conn,
    jobs: &[(Option<InboundEventId>, &NewJob)],
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows: Vec<_> = jobs
        .iter()
        .map(|(event, job)| job_row(*event, job, now))
        .collect();
    for chunk in rows.chunks(rows_per_statement(29)) {
        match &mut conn.db {
            Database::Postgres(c) => insert_arrays!(
                "scan_jobs",
                chunk,
                [
                    id: Uid, inbound_event_id: Nullable<Uid>, workspace_id: Text,
                    class: SmallInt, origin: SmallInt, state: SmallInt,
                    wire_version: SmallInt, payload: Binary, detector_set: Text,
                    attempt: Integer, due_at: Ts, created_at: Ts,
                    traceparent: Nullable<Text>, tracestate: Nullable<Text>,
                    channel_id: Nullable<Text>, channel_type: Nullable<Text>,
                    user_id: Nullable<Text>, bot_id: Nullable<Text>, external: Bool,
                    message_ts: Nullable<Text>, thread_ts: Nullable<Text>,
                    label: Nullable<Text>, team_id: Nullable<Text>,
                    author_team_id: Nullable<Text>, file_id: Nullable<Text>,
                    file_ids: Nullable<Text>, said_at: Nullable<Ts>,
                    dedupe_key: Nullable<Text>, submitted_by: Nullable<Uid>,
                ],
                "ON CONFLICT (dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING"
            )
            .execute(c)?,
            Database::Sqlite(c) => diesel::insert_into(scan_jobs::table)
                .values(chunk)
                .on_conflict(scan_jobs::dedupe_key)
                .do_nothing()
                .execute(c)?,
        };
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = scan_jobs, treat_none_as_default_value = false)]
struct NewJobRow<'a> {
    id: DbUuid,
    inbound_event_id: Option<DbUuid>,
    workspace_id: Cow<'a, str>,
    class: i16,
    origin: i16,
    state: i16,
    wire_version: i16,
    payload: &'a [u8],
    detector_set: &'a str,
    attempt: i32,
    due_at: DbTime,
    created_at: DbTime,
    traceparent: Option<Cow<'a, str>>,
    tracestate: Option<Cow<'a, str>>,
    channel_id: Option<Cow<'a, str>>,
    channel_type: Option<Cow<'a, str>>,
    user_id: Option<Cow<'a, str>>,
    bot_id: Option<Cow<'a, str>>,
    external: bool,
    message_ts: Option<Cow<'a, str>>,
    thread_ts: Option<Cow<'a, str>>,
    label: Option<Cow<'a, str>>,
    team_id: Option<Cow<'a, str>>,
    author_team_id: Option<Cow<'a, str>>,
    file_id: Option<Cow<'a, str>>,
    file_ids: Option<String>,
    said_at: Option<DbTime>,
    dedupe_key: Option<Cow<'a, str>>,
    submitted_by: Option<DbUuid>,
}

fn job_row(event: Option<InboundEventId>, job: &NewJob, now: DateTime<Utc>) -> NewJobRow<'_> {
    NewJobRow {
        id: job.id.into(),
        inbound_event_id: event.map(Into::into),
        workspace_id: storable(job.workspace.as_str()),
        class: class_number(job.class),
        origin: job.origin.number(),
        state: JobState::Queued.number(),
        wire_version: i16::try_from(job.wire_version).unwrap_or(i16::MAX),
        payload: &job.payload,
        detector_set: job.detectors.as_str(),
        attempt: 0,
        due_at: clock::after(now, job.due_in).into(),
        created_at: now.into(),
        traceparent: storable_opt(job.trace.traceparent.as_ref()),
        tracestate: storable_opt(job.trace.tracestate.as_ref()),
        channel_id: storable_opt(job.place.channel_id.as_ref()),
        channel_type: storable_opt(job.place.channel_type.as_ref()),
        user_id: storable_opt(job.place.user_id.as_ref()),
        bot_id: storable_opt(job.place.bot_id.as_ref()),
        external: job.place.external,
        message_ts: storable_opt(job.place.message_ts.as_ref()),
        thread_ts: storable_opt(job.place.thread_ts.as_ref()),
        label: storable_opt(job.place.label.as_ref()),
        team_id: storable_opt(job.place.team_id.as_ref()),
        author_team_id: storable_opt(job.place.author_team_id.as_ref()),
        file_id: storable_opt(job.place.file_id.as_ref()),
        file_ids: job.place.file_ids.joined(),
        said_at: job.place.said_at.map(Into::into),
        dedupe_key: storable_opt(job.dedupe_key.as_ref()),
        submitted_by: job.submitted_by.map(Into::into),
    }
}

/// Literal, not bound: only so do both planners see that the partial index serves.
fn open() -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>("scan_jobs.state = 1")
}

pub(super) fn class_number(class: JobClass) -> i16 {
    match class {
        JobClass::Message => 1,
        JobClass::File => 2,
    }
}

fn class_of(number: i16) -> Result<JobClass, Undecodable> {
    JobClass::ALL
        .into_iter()
        .find(|class| class_number(*class) == number)
        .ok_or(Undecodable("job class"))
}

impl TryFrom<DbNumber> for JobClass {
    type Error = Undecodable;

    fn try_from(number: DbNumber) -> Result<Self, Undecodable> {
        class_of(number.0)
    }
}
