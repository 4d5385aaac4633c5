//! `inbound_events`, and the one transaction that precedes every 200.
//!
//! Owns folding an event that is delivered again. Leaves the rows of jobs to `jobs`.
//! **Invariant:** an event's jobs exist if and only if its row was new in the same transaction.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, SmallInt, Text};
use shared::ids::{InboundEventId, WorkspaceId};

use super::arrays::insert_arrays;
use super::columns::{DbTime, DbUuid, Ts, Uid, numbered, storable};
use super::connection::{Conn, Database, rows_per_statement};
use super::error::StoreResult;
use super::jobs::{self, NewJob};
use super::schema::inbound_events;
use super::{clock, workspaces};

numbered! {
    /// Who told us of an event.
    EventSource "event source" {
        /// Slack's Events API, over HTTP or a socket.
        Slack = 1 "slack",
        /// A producer of tasks on the ingest queue.
        Ingest = 2 "ingest",
        /// Nobody: it was read again.
        Backfill = 3 "backfill",
    }
}

/// An event and the jobs it gives rise to.
#[derive(Clone, Debug)]
pub struct NewInbound {
    /// The event.
    pub event: NewEvent,
    /// What to scan because of it; may be nothing.
    pub jobs: Vec<NewJob>,
}

/// An event to take in.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Our id for it.
    pub id: InboundEventId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Who told us.
    pub source: EventSource,
    /// The source's id for it: what its retries have in common.
    pub event_id: String,
    /// What it says it is: `message`, `file_shared`.
    pub kind: String,
    /// When it happened, by the source's clock.
    pub event_time: Option<DateTime<Utc>>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is on disk, with its jobs.
    Accepted,
    /// It was there already, and so were its jobs; or it stands earlier in the same batch.
    Duplicate,
}

/// Takes events in; one outcome each, in the order given. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query; nothing is taken in then.
pub fn commit(conn: &mut Conn, batch: &[NewInbound]) -> StoreResult<Vec<Outcome>> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let now = clock::now(conn)?;
    workspaces::note(conn, batch.iter().map(|new| &new.event.workspace), now)?;
    let accepted = insert_events(conn, batch, now)?;
    let mut jobs = Vec::new();
    let mut outcomes = Vec::with_capacity(batch.len());
    for inbound in batch {
        if accepted.contains(&DbUuid::from(inbound.event.id)) {
            jobs.extend(inbound.jobs.iter().map(|job| (Some(inbound.event.id), job)));
            outcomes.push(Outcome::Accepted);
        } else {
            outcomes.push(Outcome::Duplicate);
        }
    }
    jobs::insert_rows(conn, &jobs, now)?;
    Ok(outcomes)
}

#[derive(Insertable)]
#[diesel(table_name = inbound_events, treat_none_as_default_value = false)]
struct EventRow<'a> {
    id: DbUuid,
    workspace_id: Cow<'a, str>,
    source: i16,
    event_id: Cow<'a, str>,
    kind: Cow<'a, str>,
    event_time: Option<DbTime>,
    received_at: DbTime,
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = Uid)]
    id: DbUuid,
}

/// Inserts the events that are new; gives their ids.
fn insert_events(
    conn: &mut Conn,
    batch: &[NewInbound],
    now: DateTime<Utc>,
) -> StoreResult<HashSet<DbUuid>> {
    let mut rows: Vec<EventRow<'_>> = batch.iter().map(|new| event_row(&new.event, now)).collect();
    // Two transactions that hold the same events insert them in one order, or they would wait for each
    // other in a ring. The sort is stable: the first of two equal events stays the first.
    rows.sort_by(|a, b| (a.source, &a.event_id).cmp(&(b.source, &b.event_id)));
    let mut accepted = HashSet::with_capacity(rows.len());
    for chunk in rows.chunks(rows_per_statement(7)) {
        let ids: Vec<DbUuid> = match &mut conn.db {
            Database::Postgres(c) => insert_arrays!(
                "inbound_events",
                chunk,
                [
                    id: Uid,
                    workspace_id: Text,
                    source: SmallInt,
                    event_id: Text,
                    kind: Text,
                    event_time: Nullable<Ts>,
                    received_at: Ts,
                ],
                "ON CONFLICT DO NOTHING RETURNING id"
            )
            .load::<Inserted>(c)?
            .into_iter()
            .map(|row| row.id)
            .collect(),
            Database::Sqlite(c) => diesel::insert_into(inbound_events::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .returning(inbound_events::id)
                .get_results(c)?,
        };
        accepted.extend(ids);
    }
    Ok(accepted)
}

fn event_row(event: &NewEvent, now: DateTime<Utc>) -> EventRow<'_> {
    EventRow {
        id: event.id.into(),
        workspace_id: storable(event.workspace.as_str()),
        source: event.source.number(),
        event_id: storable(&event.event_id),
        kind: storable(&event.kind),
        event_time: event.event_time.map(Into::into),
        received_at: now.into(),
    }
}
