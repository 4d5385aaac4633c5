//! `backfill_parts`: the channels and threads of a backfill, and how far each was read.

use std::borrow::Cow;
use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use shared::ids::BackfillId;

use crate::domain::backfill::{Tally, WHOLE};
use crate::store::columns::{DbCount, DbNumber, DbUuid, numbered, signed, storable};
use crate::store::connection::{Conn, rows_per_statement, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::backfill_parts;

numbered! {
    /// How far a channel or a thread is.
    PartState "state of a part" {
        /// There is more to read.
        Open = 1 "open",
        /// It was read.
        Done = 2 "done",
        /// It cannot be read.
        Skipped = 3 "skipped",
    }
}

/// A channel of a backfill, or a thread in it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = backfill_parts)]
pub struct Part {
    /// Of which backfill.
    #[diesel(deserialize_as = DbUuid, column_name = backfill_id)]
    pub backfill: BackfillId,
    /// The channel.
    pub channel_id: String,
    /// The thread; empty for the channel itself.
    pub thread_ts: String,
    /// What kind of channel: `channel`, `group`, `im`, `mpim`.
    pub kind: Option<String>,
    /// Whether people of other organisations read it.
    pub external: bool,
    /// How far it is.
    #[diesel(deserialize_as = DbNumber)]
    pub state: PartState,
    /// Why it cannot be read: Slack's word.
    pub code: Option<String>,
    /// The `ts` up to which it was read.
    pub position: Option<String>,
    /// How much of the time is read, in thousandths.
    pub covered: i16,
    /// Messages that were looked at.
    #[diesel(deserialize_as = DbCount)]
    pub messages: u64,
    /// Jobs that were made of them.
    #[diesel(deserialize_as = DbCount)]
    pub jobs: u64,
}

impl Part {
    /// The thread it is, if it is one.
    pub fn thread(&self) -> Option<&str> {
        Some(self.thread_ts.as_str()).filter(|ts| !ts.is_empty())
    }
}

/// A part to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPart {
    /// The channel.
    pub channel_id: String,
    /// The thread, if it is one.
    pub thread_ts: Option<String>,
    /// What kind of channel.
    pub kind: Option<String>,
    /// Whether people of other organisations read it.
    pub external: bool,
    /// Why it cannot be read, if that is known already.
    pub code: Option<String>,
}

/// What reading a page of a part came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How far the part is now.
    pub state: PartState,
    /// Why it cannot be read.
    pub code: Option<String>,
    /// The `ts` up to which it was read; none if there was nothing.
    pub position: Option<String>,
    /// How much of the time is read.
    pub covered: i16,
    /// Messages of the page.
    pub messages: u64,
    /// Jobs that were made of them.
    pub jobs: u64,
}

#[derive(Insertable)]
#[diesel(table_name = backfill_parts, treat_none_as_default_value = false)]
struct Row<'a> {
    backfill_id: DbUuid,
    channel_id: Cow<'a, str>,
    thread_ts: Cow<'a, str>,
    kind: Option<Cow<'a, str>>,
    external: bool,
    state: i16,
    code: Option<Cow<'a, str>>,
    covered: i16,
    messages: i64,
    jobs: i64,
}

/// Adds parts that are not known yet.
///
/// # Errors
/// As any query.
pub fn add_parts(conn: &mut Conn, backfill: BackfillId, parts: &[NewPart]) -> StoreResult<()> {
    let rows: Vec<Row<'_>> = parts.iter().map(|part| row(backfill, part)).collect();
    for chunk in rows.chunks(rows_per_statement(10)) {
        with_conn!(conn, |c| diesel::insert_into(backfill_parts::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

fn row(backfill: BackfillId, part: &NewPart) -> Row<'_> {
    let state = if part.code.is_some() {
        PartState::Skipped
    } else {
        PartState::Open
    };
    Row {
        backfill_id: backfill.into(),
        channel_id: storable(&part.channel_id),
        thread_ts: storable(part.thread_ts.as_deref().unwrap_or_default()),
        kind: part.kind.as_deref().map(storable),
        external: part.external,
        state: state.number(),
        code: part.code.as_deref().map(storable),
        covered: if state == PartState::Skipped {
            WHOLE
        } else {
            0
        },
        messages: 0,
        jobs: 0,
    }
}

/// What is to be read next: a channel, then its threads.
///
/// # Errors
/// As any query.
pub fn next_part(conn: &mut Conn, backfill: BackfillId) -> StoreResult<Option<Part>> {
    Ok(with_conn!(conn, |c| backfill_parts::table
        .filter(backfill_parts::backfill_id.eq(DbUuid::from(backfill)))
        .filter(sql::<Bool>("state = 1"))
        .order((backfill_parts::channel_id, backfill_parts::thread_ts))
        .select(Part::as_select())
        .first(c)
        .optional())?)
}

/// A page of a part was read; `false` if somebody else read it meanwhile. Call it in the transaction that takes in what
/// stood on the page.
///
/// # Errors
/// As any query.
pub fn advance(conn: &mut Conn, part: &Part, step: &Step) -> StoreResult<bool> {
    let known = backfill_parts::table
        .find((
            DbUuid::from(part.backfill),
            &part.channel_id,
            &part.thread_ts,
        ))
        .filter(backfill_parts::state.eq(PartState::Open.number()))
        .filter(
            sql::<Bool>("COALESCE(position, '') = ")
                .bind::<Text, _>(part.position.as_deref().unwrap_or_default()),
        );
    let position = step.position.as_deref().or(part.position.as_deref());
    let changed = with_conn!(conn, |c| diesel::update(known)
        .set((
            backfill_parts::state.eq(step.state.number()),
            backfill_parts::code.eq(step.code.as_deref().map(storable)),
            backfill_parts::position.eq(position.map(storable)),
            backfill_parts::covered.eq(step.covered),
            backfill_parts::messages.eq(backfill_parts::messages + signed(step.messages)),
            backfill_parts::jobs.eq(backfill_parts::jobs + signed(step.jobs)),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// How far backfills are.
///
/// # Errors
/// As any query.
pub fn tallies(conn: &mut Conn, ids: &[BackfillId]) -> StoreResult<HashMap<BackfillId, Tally>> {
    type Group = (DbUuid, i16, i64, i64, i64, i64);
    let ids: Vec<DbUuid> = ids.iter().copied().map(Into::into).collect();
    let sums = || {
        (
            backfill_parts::backfill_id,
            backfill_parts::state,
            sql::<BigInt>("COUNT(*)"),
            sql::<BigInt>("CAST(SUM(covered) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(messages) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(jobs) AS BIGINT)"),
        )
    };
    let of_each = || {
        backfill_parts::table
            .filter(backfill_parts::backfill_id.eq_any(&ids))
            .group_by((backfill_parts::backfill_id, backfill_parts::state))
            .select(sums())
    };
    let channels: Vec<Group> = with_conn!(conn, |c| of_each()
        .filter(backfill_parts::thread_ts.eq(""))
        .load(c))?;
    let threads: Vec<Group> = with_conn!(conn, |c| of_each()
        .filter(backfill_parts::thread_ts.ne(""))
        .load(c))?;
    let channels = channels.into_iter().map(|group| (false, group));
    let threads = threads.into_iter().map(|group| (true, group));
    let mut tallies: HashMap<BackfillId, Tally> = HashMap::new();
    for (is_thread, (id, state, parts, covered, messages, jobs)) in channels.chain(threads) {
        let tally = tallies.entry(id.into()).or_default();
        let parts = u64::try_from(parts).unwrap_or_default();
        let ended = state != PartState::Open.number();
        tally.messages += u64::try_from(messages).unwrap_or_default();
        tally.jobs += u64::try_from(jobs).unwrap_or_default();
        if is_thread {
            tally.threads += parts;
            tally.threads_done += if ended { parts } else { 0 };
            continue;
        }
        tally.channels += parts;
        tally.covered += u64::try_from(covered).unwrap_or_default();
        if state == PartState::Skipped.number() {
            tally.channels_skipped += parts;
        } else if ended {
            tally.channels_done += parts;
        }
    }
    Ok(tallies)
}

/// What cannot be read, a hundred at most.
///
/// # Errors
/// As any query.
pub fn skipped(conn: &mut Conn, backfill: BackfillId) -> StoreResult<Vec<Part>> {
    Ok(with_conn!(conn, |c| backfill_parts::table
        .filter(backfill_parts::backfill_id.eq(DbUuid::from(backfill)))
        .filter(backfill_parts::state.eq(PartState::Skipped.number()))
        .order((backfill_parts::channel_id, backfill_parts::thread_ts))
        .limit(100)
        .select(Part::as_select())
        .load(c))?)
}
