//! `held_messages`: what a policy wants blocked, and what became of it.
//!
//! Owns the rows. Leaves which way to block to `domain::block`, and doing it to `enforcement`.
//! **Invariant:** one row for each message: whoever wants it blocked a second time finds what was done.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};
use shared::ids::{AlertId, BlobId, HeldId, JobId, PolicyId, UserId, WorkspaceId};

use super::clock;
use super::columns::{
    DbJson, DbNumber, DbText, DbTime, DbUuid, MaybeCount, MaybeNumber, MaybeTime, MaybeUuid,
    numbered, signed, storable, storable_opt,
};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::jobs::Job;
use super::schema::{held_messages, scan_jobs};
use super::violations::JsonList;
use crate::domain::block::{Strategy, Tried, exposure};

numbered! {
    /// What became of a message that was to be blocked.
    HeldState "state of a held message" {
        /// It is being taken away.
        Blocking = 1 "blocking",
        /// It is away.
        Held = 2 "held",
        /// It stands where it stood; people were told.
        Standing = 3 "standing",
        /// It was given back.
        Released = 4 "released",
        /// Its author took it away, or mended it.
        Gone = 5 "gone",
        /// It was left standing because too many were blocked.
        Braked = 6 "braked",
    }
}

/// A message that was to be blocked.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = held_messages)]
pub struct HeldMessage {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: HeldId,
    /// The tenant.
    #[diesel(deserialize_as = DbText, column_name = workspace_id)]
    pub workspace: WorkspaceId,
    /// The channel.
    pub channel_id: String,
    /// Its `ts`.
    pub message_ts: String,
    /// The thread it stands in.
    pub thread_ts: Option<String>,
    /// Slack's workspace, if the tenant is an organisation.
    pub team_id: Option<String>,
    /// Who wrote it.
    pub user_id: Option<String>,
    /// The job that found what leaks, whose original it is.
    #[diesel(deserialize_as = DbUuid)]
    pub job_id: JobId,
    /// The alert that tells of it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub alert_id: Option<AlertId>,
    /// The policy that wants it blocked.
    #[diesel(deserialize_as = MaybeUuid)]
    pub policy_id: Option<PolicyId>,
    /// What became of it.
    #[diesel(deserialize_as = DbNumber)]
    pub state: HeldState,
    /// The way that was taken.
    #[diesel(deserialize_as = MaybeNumber)]
    pub strategy: Option<Strategy>,
    /// The ways that were not, and why.
    #[diesel(deserialize_as = DbJson)]
    pub tried: JsonList<Tried>,
    /// Its files.
    #[diesel(deserialize_as = DbJson)]
    pub files: JsonList<HeldFile>,
    /// Since when it stood there, by Slack's clock.
    #[diesel(deserialize_as = MaybeTime)]
    pub said_at: Option<DateTime<Utc>>,
    /// Since when it is away, or its author mended it.
    #[diesel(deserialize_as = MaybeTime)]
    pub held_at: Option<DateTime<Utc>>,
    /// How long it could be read, in milliseconds.
    #[diesel(deserialize_as = MaybeCount)]
    pub exposed_ms: Option<u64>,
    /// The notice in its place.
    pub notice_ts: Option<String>,
    /// The conversation with its author.
    pub author_channel_id: Option<String>,
    /// What its author was told there.
    pub author_ts: Option<String>,
    /// When it was given back.
    #[diesel(deserialize_as = MaybeTime)]
    pub released_at: Option<DateTime<Utc>>,
    /// Who wanted it given back.
    #[diesel(deserialize_as = MaybeUuid)]
    pub released_by: Option<UserId>,
    /// When it was first to be blocked.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
}

/// A file of a message, and where its sealed copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldFile {
    /// Slack's id.
    pub file_id: String,
    /// What it is called.
    pub name: String,
    /// What type Slack says that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The sealed copy, if one is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<BlobId>,
    /// Its length.
    #[serde(default)]
    pub bytes: u64,
    /// Whether it is away.
    #[serde(default)]
    pub away: bool,
    /// Why it is not, or why no copy is kept: a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl HeldFile {
    /// A file of which only the id is known.
    pub fn named(file_id: &str) -> Self {
        Self {
            file_id: file_id.to_owned(),
            name: file_id.to_owned(),
            media_type: None,
            blob: None,
            bytes: 0,
            away: false,
            code: None,
        }
    }
}

impl HeldMessage {
    /// Whether it stands where it stood.
    pub const fn stands(&self) -> bool {
        matches!(self.state, HeldState::Standing | HeldState::Braked)
    }

    /// It is gone or mended without us: from now on nobody can read it.
    pub fn end_exposure(&mut self, now: DateTime<Utc>) {
        self.state = HeldState::Gone;
        self.held_at = Some(now);
        self.exposed_ms = self
            .said_at
            .map(|said| u64::try_from(exposure(said, now).as_millis()).unwrap_or(u64::MAX));
    }
}

/// The row of the message that `job` scanned, locked until the transaction ends; it is made if there is none.
/// None if the job does not say which message it was. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn begin(
    conn: &mut Conn,
    job: &Job,
    alert: Option<AlertId>,
    policy: PolicyId,
) -> StoreResult<Option<HeldMessage>> {
    let place = &job.place;
    let (Some(channel), Some(ts)) = (&place.channel_id, &place.message_ts) else {
        return Ok(None);
    };
    let now = clock::now(conn)?;
    let row = (
        held_messages::id.eq(DbUuid::from(HeldId::fresh())),
        held_messages::workspace_id.eq(storable(job.workspace.as_str())),
        held_messages::channel_id.eq(storable(channel)),
        held_messages::message_ts.eq(storable(ts)),
        held_messages::thread_ts.eq(storable_opt(place.thread_ts.as_ref())),
        held_messages::team_id.eq(storable_opt(place.team_id.as_ref())),
        held_messages::user_id.eq(storable_opt(place.user_id.as_ref())),
        held_messages::job_id.eq(DbUuid::from(job.id)),
        held_messages::alert_id.eq(alert.map(DbUuid::from)),
        held_messages::policy_id.eq(Some(DbUuid::from(policy))),
        held_messages::state.eq(HeldState::Blocking.number()),
        held_messages::tried.eq(DbJson::of(&[(); 0])?),
        held_messages::files.eq(DbJson::of(&[(); 0])?),
        held_messages::said_at.eq(place.said_at.map(DbTime::from)),
        held_messages::created_at.eq(DbTime::from(now)),
    );
    with_conn!(conn, |c| diesel::insert_into(held_messages::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    of_message(conn, &job.workspace, (channel, ts))
}

/// The row of a message, locked until the transaction ends.
///
/// # Errors
/// As any query.
pub fn of_message(
    conn: &mut Conn,
    workspace: &WorkspaceId,
    (channel, ts): (&str, &str),
) -> StoreResult<Option<HeldMessage>> {
    let of_message = held_messages::table
        .filter(held_messages::workspace_id.eq(workspace.as_str()))
        .filter(held_messages::channel_id.eq(channel))
        .filter(held_messages::message_ts.eq(ts));
    Ok(match &mut conn.db {
        Database::Postgres(c) => {
            let locked = of_message.select(HeldMessage::as_select()).for_update();
            locked.first(c).optional()?
        }
        Database::Sqlite(c) => of_message
            .select(HeldMessage::as_select())
            .first(c)
            .optional()?,
    })
}

/// A held message, locked until the transaction ends.
///
/// # Errors
/// As any query.
pub fn lock(conn: &mut Conn, id: HeldId) -> StoreResult<Option<HeldMessage>> {
    let one = held_messages::table.find(DbUuid::from(id));
    Ok(match &mut conn.db {
        Database::Postgres(c) => {
            let locked = one.select(HeldMessage::as_select()).for_update();
            locked.first(c).optional()?
        }
        Database::Sqlite(c) => one.select(HeldMessage::as_select()).first(c).optional()?,
    })
}

/// The messages of an alert, oldest first; at most so many.
///
/// # Errors
/// As any query.
pub fn of_alert(conn: &mut Conn, alert: AlertId, most: u32) -> StoreResult<Vec<HeldMessage>> {
    Ok(with_conn!(conn, |c| held_messages::table
        .filter(held_messages::alert_id.eq(DbUuid::from(alert)))
        .order(held_messages::id)
        .limit(most.into())
        .select(HeldMessage::as_select())
        .load(c))?)
}

/// The messages that these jobs scanned, in no order.
///
/// # Errors
/// As any query.
pub fn of_jobs(conn: &mut Conn, jobs: &[JobId]) -> StoreResult<Vec<HeldMessage>> {
    let mut found = Vec::new();
    for chunk in jobs.chunks(rows_per_statement(1)) {
        let chunk: Vec<DbUuid> = chunk.iter().copied().map(Into::into).collect();
        let rows: Vec<HeldMessage> = with_conn!(conn, |c| held_messages::table
            .filter(held_messages::job_id.eq_any(&chunk))
            .select(HeldMessage::as_select())
            .load(c))?;
        found.extend(rows);
    }
    Ok(found)
}

/// The messages that stand among those that these jobs scanned, locked until the transaction ends. As long as none
/// stands at all it costs one look.
///
/// # Errors
/// As any query.
pub fn standing_among(conn: &mut Conn, jobs: &[JobId]) -> StoreResult<Vec<HeldMessage>> {
    let standing = || sql::<Bool>("held_messages.state IN (3, 6)");
    let any: Option<DbUuid> = with_conn!(conn, |c| held_messages::table
        .filter(standing())
        .select(held_messages::id)
        .first(c)
        .optional())?;
    if any.is_none() {
        return Ok(Vec::new());
    }
    let mut found: Vec<DbUuid> = Vec::new();
    for chunk in jobs.chunks(rows_per_statement(1)) {
        let chunk: Vec<DbUuid> = chunk.iter().copied().map(Into::into).collect();
        let same_message = held_messages::workspace_id
            .eq(scan_jobs::workspace_id)
            .and(
                held_messages::channel_id
                    .nullable()
                    .eq(scan_jobs::channel_id),
            )
            .and(
                held_messages::message_ts
                    .nullable()
                    .eq(scan_jobs::message_ts),
            );
        let ids: Vec<DbUuid> = with_conn!(conn, |c| scan_jobs::table
            .inner_join(held_messages::table.on(same_message))
            .filter(scan_jobs::id.eq_any(&chunk))
            .filter(standing())
            .select(held_messages::id)
            .distinct()
            .load(c))?;
        found.extend(ids);
    }
    found.sort_unstable();
    found.dedup();
    let mut held = Vec::with_capacity(found.len());
    for id in found {
        held.extend(lock(conn, id.into())?.filter(HeldMessage::stands));
    }
    Ok(held)
}

/// Writes what became of a message whose row is locked.
///
/// # Errors
/// As any query.
pub fn update(conn: &mut Conn, held: &HeldMessage) -> StoreResult<()> {
    let changes = (
        held_messages::job_id.eq(DbUuid::from(held.job_id)),
        held_messages::alert_id.eq(held.alert_id.map(DbUuid::from)),
        held_messages::state.eq(held.state.number()),
        held_messages::strategy.eq(held.strategy.map(Strategy::as_number)),
        held_messages::tried.eq(DbJson::of(&held.tried.0)?),
        held_messages::files.eq(DbJson::of(&held.files.0)?),
        held_messages::said_at.eq(held.said_at.map(DbTime::from)),
        held_messages::held_at.eq(held.held_at.map(DbTime::from)),
        held_messages::exposed_ms.eq(held.exposed_ms.map(signed)),
        held_messages::notice_ts.eq(storable_opt(held.notice_ts.as_ref())),
        held_messages::author_channel_id.eq(storable_opt(held.author_channel_id.as_ref())),
        held_messages::author_ts.eq(storable_opt(held.author_ts.as_ref())),
        held_messages::released_at.eq(held.released_at.map(DbTime::from)),
        held_messages::released_by.eq(held.released_by.map(DbUuid::from)),
    );
    with_conn!(conn, |c| diesel::update(
        held_messages::table.find(DbUuid::from(held.id))
    )
    .set(changes)
    .execute(c))?;
    Ok(())
}

/// How many messages of a channel a policy had blocked within that time.
///
/// # Errors
/// As any query.
pub fn blocked_lately(
    conn: &mut Conn,
    policy: PolicyId,
    channel: &str,
    within: Duration,
) -> StoreResult<u64> {
    let since = DbTime::from(clock::now(conn)? - within);
    let blocked = [HeldState::Held, HeldState::Released].map(HeldState::number);
    let count: i64 = with_conn!(conn, |c| held_messages::table
        .filter(held_messages::policy_id.eq(DbUuid::from(policy)))
        .filter(held_messages::channel_id.eq(channel))
        .filter(held_messages::created_at.gt(since))
        .filter(held_messages::state.eq_any(blocked))
        .count()
        .get_result(c))?;
    Ok(u64::try_from(count).unwrap_or_default())
}
