//! `backfills`: reading again what was said in a workspace.
//!
//! Owns the rows of backfills; `parts` those of their channels and threads. Leaves reading to `backfill`.
//! **Invariant:** what was taken in of a page, and the position behind it, are written together: who goes on after a
//! death reads nothing twice that counts, and leaves nothing out.

mod parts;

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use shared::ids::{BackfillId, UserId, WorkspaceId};

use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{
    DbNumber, DbText, DbTime, DbUuid, MaybeText, MaybeTime, MaybeUuid, numbered, storable,
    storable_opt,
};
use super::connection::{Conn, Database, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging, Seen, total_of};
use super::schema::backfills;
use crate::domain::backfill::Span;

pub use parts::{NewPart, Part, PartState, Step, add_parts, advance, next_part, skipped, tallies};

numbered! {
    /// Why something is read again.
    BackfillReason "reason of a backfill" {
        /// Somebody asked for it.
        Asked = 1 "asked",
        /// Slack dropped events.
        EventsDropped = 2 "events_dropped",
        /// Nobody took in what Slack sent.
        NotListened = 3 "not_listened",
    }
}

numbered! {
    /// What follows from what is found.
    BackfillMode "mode of a backfill" {
        /// Alerts; messages stay where they are.
        Alert = 1 "alert",
        /// All that policies say.
        Enforce = 2 "enforce",
    }
}

numbered! {
    /// How far a backfill is.
    BackfillState "state of a backfill" {
        /// It has not begun.
        Waiting = 1 "waiting",
        /// It is being read.
        Reading = 2 "reading",
        /// All that can be read was read.
        Done = 3 "done",
        /// It cannot be read.
        Failed = 4 "failed",
        /// Somebody did not want it any more.
        Cancelled = 5 "cancelled",
    }
}

/// A stored backfill.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = backfills)]
pub struct Backfill {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: BackfillId,
    /// The tenant.
    #[diesel(deserialize_as = DbText, column_name = workspace_id)]
    pub workspace: WorkspaceId,
    /// Why.
    #[diesel(deserialize_as = DbNumber)]
    pub reason: BackfillReason,
    /// What follows from what is found.
    #[diesel(deserialize_as = DbNumber)]
    pub mode: BackfillMode,
    /// Whether what was scanned before is scanned again.
    pub again: bool,
    /// How far it is.
    #[diesel(deserialize_as = DbNumber)]
    pub state: BackfillState,
    /// What was said from then on is read.
    #[diesel(deserialize_as = DbTime)]
    pub from_at: DateTime<Utc>,
    /// Up to then.
    #[diesel(deserialize_as = DbTime)]
    pub until_at: DateTime<Utc>,
    /// Older messages are looked at from then on, for edits and replies within the time.
    #[diesel(deserialize_as = DbTime)]
    pub look_back_to: DateTime<Utc>,
    /// Only these channels; all that the bot is in, if none.
    #[diesel(deserialize_as = MaybeText)]
    pub channels: Channels,
    /// Why it failed, or what it waits for: a word.
    pub error_code: Option<String>,
    /// Who asked for it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub requested_by: Option<UserId>,
    /// When it may begin, or go on.
    #[diesel(deserialize_as = DbTime)]
    pub due_at: DateTime<Utc>,
    /// When it was made.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it began.
    #[diesel(deserialize_as = MaybeTime)]
    pub began_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[diesel(deserialize_as = MaybeTime)]
    pub ended_at: Option<DateTime<Utc>>,
}

/// Slack's ids of channels, which the column keeps parted by blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels(pub Option<Vec<String>>);

impl From<MaybeText> for Channels {
    fn from(ids: MaybeText) -> Self {
        let split = |ids: String| ids.split_whitespace().map(str::to_owned).collect();
        Self(ids.0.map(split))
    }
}

impl Backfill {
    /// The time that is read.
    pub const fn span(&self) -> Span {
        Span {
            from: self.from_at,
            until: self.until_at,
        }
    }

    /// Whether there is something to do about it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, BackfillState::Waiting | BackfillState::Reading)
    }
}

/// A backfill to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBackfill {
    /// Its id.
    pub id: BackfillId,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// Why.
    pub reason: BackfillReason,
    /// What follows from what is found.
    pub mode: BackfillMode,
    /// Whether what was scanned before is scanned again.
    pub again: bool,
    /// The time to read.
    pub span: Span,
    /// How far back edits and replies are looked for.
    pub look_back: Duration,
    /// Only these channels.
    pub channels: Option<Vec<String>>,
    /// Who asked for it.
    pub requested_by: Option<UserId>,
    /// How long it is put off.
    pub due_in: Duration,
}

/// Makes a backfill. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn insert(conn: &mut Conn, new: &NewBackfill) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let channels = new.channels.as_ref().map(|ids| ids.join(" "));
    let row = (
        backfills::id.eq(DbUuid::from(new.id)),
        backfills::workspace_id.eq(storable(new.workspace.as_str())),
        backfills::reason.eq(new.reason.number()),
        backfills::mode.eq(new.mode.number()),
        backfills::again.eq(new.again),
        backfills::state.eq(BackfillState::Waiting.number()),
        backfills::from_at.eq(DbTime::from(new.span.from)),
        backfills::until_at.eq(DbTime::from(new.span.until)),
        backfills::look_back_to.eq(DbTime::from(clock::before(new.span.from, new.look_back))),
        backfills::channels.eq(storable_opt(channels.as_ref())),
        backfills::requested_by.eq(new.requested_by.map(DbUuid::from)),
        backfills::due_at.eq(DbTime::from(clock::after(now, new.due_in))),
        backfills::created_at.eq(DbTime::from(now)),
    );
    with_conn!(conn, |c| diesel::insert_into(backfills::table)
        .values(row)
        .execute(c))?;
    let data = json!({
        "workspace": new.workspace, "reason": new.reason.as_str(), "mode": new.mode.as_str(),
        "from": new.span.from, "until": new.span.until, "channels": new.channels.as_ref().map(Vec::len),
        "again": new.again,
    });
    let subject = new.id.to_string();
    let deed = NewAuditEvent::deed("backfill.requested", new.requested_by, subject, data);
    audit::append(conn, [deed]);
    Ok(())
}

/// A gap in what we heard: it becomes a backfill, or makes one longer that has not begun. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn note_gap(conn: &mut Conn, new: &NewBackfill) -> StoreResult<BackfillId> {
    let Some(waiting) = waiting_gap(conn, &new.workspace)? else {
        insert(conn, new)?;
        return Ok(new.id);
    };
    let span = waiting.span().with(new.span);
    let look_back_to = waiting
        .look_back_to
        .min(clock::before(new.span.from, new.look_back));
    let row = backfills::table.find(DbUuid::from(waiting.id));
    with_conn!(conn, |c| diesel::update(row)
        .set((
            backfills::from_at.eq(DbTime::from(span.from)),
            backfills::until_at.eq(DbTime::from(span.until)),
            backfills::look_back_to.eq(DbTime::from(look_back_to)),
        ))
        .execute(c))?;
    Ok(waiting.id)
}

fn waiting_gap(conn: &mut Conn, workspace: &WorkspaceId) -> StoreResult<Option<Backfill>> {
    let waiting = backfills::table
        .filter(backfills::state.eq(BackfillState::Waiting.number()))
        .filter(backfills::reason.ne(BackfillReason::Asked.number()))
        .filter(backfills::workspace_id.eq(workspace.as_str()));
    let columns = Backfill::as_select();
    Ok(match &mut conn.db {
        Database::Postgres(c) => waiting.select(columns).for_update().first(c).optional()?,
        Database::Sqlite(c) => {
            let columns = Backfill::as_select();
            waiting.select(columns).first(c).optional()?
        }
    })
}

/// What is to be done now: gaps first, then what waited longest.
///
/// # Errors
/// As any query.
pub fn due(conn: &mut Conn) -> StoreResult<Vec<Backfill>> {
    let now = DbTime::from(clock::now(conn)?);
    let open = [
        BackfillState::Waiting.number(),
        BackfillState::Reading.number(),
    ];
    Ok(with_conn!(conn, |c| backfills::table
        .filter(backfills::state.eq_any(open))
        .filter(backfills::due_at.le(now))
        .order((backfills::reason.desc(), backfills::id))
        .limit(100)
        .select(Backfill::as_select())
        .load(c))?)
}

/// A backfill.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: BackfillId) -> StoreResult<Option<Backfill>> {
    Ok(with_conn!(conn, |c| backfills::table
        .find(DbUuid::from(id))
        .select(Backfill::as_select())
        .first(c)
        .optional())?)
}

/// Backfills, newest first.
///
/// # Errors
/// As any query.
pub fn page(conn: &mut Conn, paging: Paging) -> StoreResult<Page<Backfill>> {
    let rows: Vec<Backfill> = with_conn!(conn, |c| backfills::table
        .filter(backfills::id.lt(paging.below()))
        .order(backfills::id.desc())
        .limit(paging.rows())
        .select(Backfill::as_select())
        .load(c))?;
    let total = total_of!(
        conn,
        &"backfills",
        Seen::of(paging, rows.len()),
        backfills::table
    )?;
    Ok(Page::new(rows, total))
}

/// How many that somebody asked for have not ended in a workspace.
///
/// # Errors
/// As any query.
pub fn open_of(conn: &mut Conn, workspace: &WorkspaceId) -> StoreResult<i64> {
    let open = [
        BackfillState::Waiting.number(),
        BackfillState::Reading.number(),
    ];
    Ok(with_conn!(conn, |c| backfills::table
        .filter(backfills::workspace_id.eq(workspace.as_str()))
        .filter(backfills::reason.eq(BackfillReason::Asked.number()))
        .filter(backfills::state.eq_any(open))
        .count()
        .get_result(c))?)
}

/// It begins: its channels are known. A gap reaches up to now. `false` if somebody did not want it any more.
///
/// # Errors
/// As any query.
pub fn begin(conn: &mut Conn, backfill: &Backfill, parts: &[NewPart]) -> StoreResult<bool> {
    let now = clock::now(conn)?;
    let until = match backfill.reason {
        BackfillReason::Asked => backfill.until_at,
        BackfillReason::EventsDropped | BackfillReason::NotListened => backfill.until_at.max(now),
    };
    let waiting = backfills::table
        .find(DbUuid::from(backfill.id))
        .filter(backfills::state.eq(BackfillState::Waiting.number()));
    let began = with_conn!(conn, |c| diesel::update(waiting)
        .set((
            backfills::state.eq(BackfillState::Reading.number()),
            backfills::until_at.eq(DbTime::from(until)),
            backfills::began_at.eq(Some(DbTime::from(now))),
            backfills::error_code.eq(None::<String>),
        ))
        .execute(c))?;
    if began == 1 {
        add_parts(conn, backfill.id, parts)?;
    }
    Ok(began == 1)
}

/// Forgets backfills, with their parts, that ended longer than `keep` ago. The trail remembers them.
///
/// # Errors
/// As any query.
pub fn forget_ended(conn: &mut Conn, keep: Duration) -> StoreResult<usize> {
    let before = DbTime::from(clock::before(clock::now(conn)?, keep));
    let old = backfills::table.filter(backfills::ended_at.lt(before));
    Ok(with_conn!(conn, |c| diesel::delete(old).execute(c))?)
}

/// It goes on later; `code` says why.
///
/// # Errors
/// As any query.
pub fn put_off(conn: &mut Conn, id: BackfillId, code: &str, wait: Duration) -> StoreResult<()> {
    let due = clock::after(clock::now(conn)?, wait);
    let row = backfills::table.find(DbUuid::from(id));
    with_conn!(conn, |c| diesel::update(row)
        .set((
            backfills::due_at.eq(DbTime::from(due)),
            backfills::error_code.eq(Some(storable(code))),
        ))
        .execute(c))?;
    Ok(())
}

/// It ends; `false` if it had. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn end(
    conn: &mut Conn,
    id: BackfillId,
    (state, code): (BackfillState, Option<&str>),
    by: Option<UserId>,
) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let open = backfills::table
        .find(DbUuid::from(id))
        .filter(backfills::ended_at.is_null());
    let ended = with_conn!(conn, |c| diesel::update(open)
        .set((
            backfills::state.eq(state.number()),
            backfills::error_code.eq(code.map(storable)),
            backfills::ended_at.eq(Some(now)),
        ))
        .execute(c))?;
    if ended == 0 {
        return Ok(false);
    }
    let tally = tallies(conn, &[id])?.remove(&id).unwrap_or_default();
    let data = json!({
        "state": state.as_str(), "code": code, "channels": tally.channels,
        "channels_skipped": tally.channels_skipped, "threads": tally.threads, "messages": tally.messages,
        "jobs": tally.jobs,
    });
    let deed = NewAuditEvent::deed("backfill.ended", by, id.to_string(), data);
    audit::append(conn, [deed]);
    Ok(true)
}
