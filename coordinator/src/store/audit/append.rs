//! Appending: the entries of a transaction are chained right before it commits.
//!
//! **Invariant:** whoever appends holds the head's row until the commit, so there is one chain however many
//! coordinators write; the head is the last row a transaction locks, so nobody waits for it in a ring.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use super::NewAuditEvent;
use crate::domain::chain::{ChainHash, Link};
use crate::store::arrays::insert_arrays;
use crate::store::clock;
use crate::store::columns::{
    DbJson, DbTime, DbUuid, Ts, TsWords, Uid, Undecodable, signed, storable, storable_opt,
};
use crate::store::connection::{Conn, Database, rows_per_statement, with_conn};
use crate::store::error::{StoreError, StoreResult};
use crate::store::schema::{audit_events, audit_head};
use crate::store::words::Words;

/// The one row of `audit_head`.
const THE_HEAD: i16 = 1;

/// Where the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The place of the last entry; 0 if there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: ChainHash,
    /// When it was appended.
    pub at: DateTime<Utc>,
    /// Entries up to here were dropped when their time was over.
    pub pruned: u64,
}

/// Entries for the chain, all at the instant of the commit. Call it through
/// [`Store::write`](crate::store::Store::write): elsewhere there is no commit, and the call fails in the end.
pub fn append(conn: &mut Conn, new: impl IntoIterator<Item = NewAuditEvent>) {
    conn.deeds.extend(new);
}

/// Appends entries and chains them at once, for who must tell their places in this very transaction. It holds the
/// chain's end from here on: a transaction does nothing behind it that could wait for another.
///
/// # Errors
/// As any query.
pub fn append_now(
    conn: &mut Conn,
    new: impl IntoIterator<Item = NewAuditEvent>,
) -> StoreResult<()> {
    append(conn, new);
    flush(conn)
}

/// Where the chain ends now.
///
/// # Errors
/// As any query.
pub fn head(conn: &mut Conn) -> StoreResult<Head> {
    let row: Option<HeadRow> = with_conn!(conn, |c| audit_head::table
        .find(THE_HEAD)
        .select(HeadRow::as_select())
        .first(c)
        .optional())?;
    row.map_or_else(|| Ok(Head::genesis()), Head::try_from)
}

/// Moves the beginning of the trail behind this place. Call it through
/// [`Store::write`](crate::store::Store::write).
///
/// # Errors
/// As any query.
pub fn set_pruned(conn: &mut Conn, up_to: u64) -> StoreResult<()> {
    let head = hold(conn)?;
    let pruned = up_to.min(head.seq).max(head.pruned);
    move_head(conn, &Head { pruned, ..head })
}

/// Chains what a transaction did. The last thing before its commit.
pub(in crate::store) fn flush(conn: &mut Conn) -> StoreResult<()> {
    let deeds = std::mem::take(&mut conn.deeds);
    if deeds.is_empty() {
        return Ok(());
    }
    let head = hold(conn)?;
    let at = clock::now(conn)?.max(head.at);
    let mut end = Head { at, ..head };
    let written: Vec<Written<'_>> = deeds.iter().map(Written::of).collect();
    let rows: Vec<Row<'_>> = written.iter().map(|deed| deed.row(&mut end)).collect();
    insert(conn, &rows)?;
    move_head(conn, &end)
}

/// The head, locked until the commit.
fn hold(conn: &mut Conn) -> StoreResult<Head> {
    let locked = |conn: &mut Conn| -> StoreResult<Option<HeadRow>> {
        let head = audit_head::table.find(THE_HEAD);
        Ok(match &mut conn.db {
            Database::Postgres(c) => head
                .select(HeadRow::as_select())
                .for_update()
                .first(c)
                .optional()?,
            Database::Sqlite(c) => head.select(HeadRow::as_select()).first(c).optional()?,
        })
    };
    if let Some(row) = locked(conn)? {
        return row.try_into();
    }
    // The first entry there ever is; of two coordinators one makes the row, and both then hold it in turn.
    let first = HeadRow::from(Head::genesis());
    with_conn!(conn, |c| diesel::insert_into(audit_head::table)
        .values(first)
        .on_conflict_do_nothing()
        .execute(c))?;
    locked(conn)?
        .ok_or(StoreError::Conflict)
        .and_then(Head::try_from)
}

/// Moves the head, which this transaction holds.
fn move_head(conn: &mut Conn, head: &Head) -> StoreResult<()> {
    let row = HeadRow::from(*head);
    with_conn!(conn, |c| diesel::update(audit_head::table.find(THE_HEAD))
        .set(row)
        .execute(c))?;
    Ok(())
}

impl Head {
    const fn genesis() -> Self {
        Self {
            seq: 0,
            hash: ChainHash::GENESIS,
            at: DateTime::UNIX_EPOCH,
            pruned: 0,
        }
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = audit_head)]
struct HeadRow {
    id: i16,
    seq: i64,
    hash: Vec<u8>,
    at: DbTime,
    pruned: i64,
}

impl From<Head> for HeadRow {
    fn from(head: Head) -> Self {
        Self {
            id: THE_HEAD,
            seq: signed(head.seq),
            hash: head.hash.0.to_vec(),
            at: head.at.into(),
            pruned: signed(head.pruned),
        }
    }
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> StoreResult<Self> {
        Ok(Self {
            seq: u64::try_from(row.seq).map_err(|_negative| Undecodable("audit head"))?,
            hash: ChainHash::from_slice(&row.hash).ok_or(Undecodable("audit head"))?,
            at: row.at.into(),
            pruned: u64::try_from(row.pruned).map_err(|_negative| Undecodable("audit head"))?,
        })
    }
}

/// An entry, as its columns will keep it: what is hashed must be what is read back.
struct Written<'a> {
    new: &'a NewAuditEvent,
    event_type: Cow<'a, str>,
    user_id: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    recorded_by: Option<String>,
    variant_data: String,
}

impl<'a> Written<'a> {
    fn of(new: &'a NewAuditEvent) -> Self {
        Self {
            new,
            event_type: storable(&new.event_type),
            user_id: storable_opt(new.user_id.as_ref()),
            subject: storable_opt(new.subject.as_ref()),
            recorded_by: new.recorded_by.map(|user| user.to_string()),
            variant_data: DbJson::from(new.variant_data.clone()).0.to_string(),
        }
    }

    /// The row behind `end`, which moves on to it.
    fn row(&'a self, end: &mut Head) -> Row<'a> {
        let link = Link {
            seq: end.seq + 1,
            id: self.new.id,
            at: end.at,
            event_type: &self.event_type,
            user_id: self.user_id.as_deref(),
            subject: self.subject.as_deref(),
            recorded_by: self.recorded_by.as_deref(),
            variant_data: &self.variant_data,
        };
        end.hash = end.hash.then(&link);
        end.seq = link.seq;
        let texts = [link.event_type, link.variant_data];
        let named = [link.user_id, link.subject];
        Row {
            seq: signed(link.seq),
            id: link.id.into(),
            at: link.at.into(),
            event_type: link.event_type,
            user_id: link.user_id.map(Cow::Borrowed),
            subject: link.subject.map(Cow::Borrowed),
            recorded_by: link.recorded_by.map(Cow::Borrowed),
            variant_data: link.variant_data,
            hash: end.hash.0.to_vec(),
            words: Words::of(texts.into_iter().chain(named.into_iter().flatten())),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct Row<'a> {
    seq: i64,
    id: DbUuid,
    at: DbTime,
    event_type: &'a str,
    user_id: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    recorded_by: Option<Cow<'a, str>>,
    variant_data: &'a str,
    hash: Vec<u8>,
    words: Words,
}

fn insert(conn: &mut Conn, rows: &[Row<'_>]) -> StoreResult<()> {
    for chunk in rows.chunks(rows_per_statement(10)) {
        match &mut conn.db {
            Database::Postgres(c) => insert_arrays!(
                "audit_events",
                chunk,
                [
                    seq: BigInt, id: Uid, at: Ts, event_type: Text, user_id: Nullable<Text>,
                    subject: Nullable<Text>, recorded_by: Nullable<Text>, variant_data: Text,
                    hash: Binary, words: TsWords,
                ],
                ""
            )
            .execute(c)?,
            Database::Sqlite(c) => diesel::insert_into(audit_events::table)
                .values(chunk)
                .execute(c)?,
        };
    }
    Ok(())
}
