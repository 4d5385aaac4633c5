//! The trail as a list, newest first.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use shared::ids::AuditEventId;
use uuid::Uuid;

use super::AuditEvent;
use super::append::head;
use crate::domain::chain::ChainHash;
use crate::store::columns::{DbCount, DbTime, DbUuid, Undecodable, signed};
use crate::store::connection::{Conn, Database, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{self, Explained, Page, Paging, Position, count};
use crate::store::schema::audit_events;
use crate::store::searching::{self, Reach};
use crate::store::words::{Found, Search};

/// What a list of entries shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuditFilter {
    /// Only of that type.
    pub event_type: Option<String>,
    /// Only by them.
    pub user_id: Option<String>,
    /// Only about that.
    pub subject: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Only with these words.
    pub search: Option<Search>,
}

impl AuditFilter {
    /// How many hold together, but for the search.
    fn filters(&self) -> usize {
        let filters = [
            self.event_type.is_some(),
            self.user_id.is_some(),
            self.subject.is_some(),
            self.from.is_some() || self.until.is_some(),
        ];
        filters.into_iter().filter(|set| *set).count()
    }

    /// Whether every entry passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An entry.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: AuditEventId) -> StoreResult<Option<AuditEvent>> {
    Ok(with_conn!(conn, |c| audit_events::table
        .filter(audit_events::id.eq(DbUuid::from(id)))
        .select(Row::as_select())
        .first(c)
        .optional())?
    .map(AuditEvent::try_from)
    .transpose()?)
}

/// Entries, newest first. The position's key is the entry's place in the chain. The number of all entries is exact.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    paging: Paging,
) -> StoreResult<Page<AuditEvent>> {
    let asked = Asked::of(conn, filter, paging)?;
    let reaches = asked.reaches(conn)?;
    let (rows, seen) = searching::page(conn, &reaches, paging, |conn, reach, limit| {
        let found = asked.found(conn, reach);
        Ok(with_conn!(conn, |c| {
            page_of!(asked, reach, found, limit).load::<Row>(c)
        })?)
    })?;
    let total = if filter.is_empty() {
        let head = head(conn)?;
        signed(head.seq.saturating_sub(head.pruned))
    } else {
        let most = page::counted_to(filter.filters(), filter.search.is_some());
        page::total(conn, filter, (seen, most), |conn| {
            searching::count(conn, &reaches, most, |conn, reach| {
                let found = asked.found(conn, reach);
                count!(conn, filtered!(asked, reach, found), most)
            })
        })?
    };
    let entries = rows
        .into_iter()
        .map(AuditEvent::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Page::new(entries, total))
}

/// How PostgreSQL would find a page, one way after the other; empty on SQLite.
///
/// # Errors
/// As any query.
pub fn explain(conn: &mut Conn, filter: &AuditFilter, paging: Paging) -> StoreResult<Vec<String>> {
    let mut plan = Vec::new();
    let asked = Asked::of(conn, filter, paging)?;
    for reach in asked.reaches(conn)? {
        let found = asked.found(conn, reach);
        if let Database::Postgres(c) = &mut conn.db {
            let page = page_of!(asked, reach, found, paging.rows());
            plan.extend(Explained(page).load::<String>(c)?);
        }
    }
    Ok(plan)
}

/// A filter, with its times as places in the chain, and behind which place.
struct Asked<'a> {
    filter: &'a AuditFilter,
    from: Option<i64>,
    until: Option<i64>,
    after: i64,
}

impl<'a> Asked<'a> {
    fn of(conn: &mut Conn, filter: &'a AuditFilter, paging: Paging) -> StoreResult<Self> {
        let mut place = |time: Option<DateTime<Utc>>| {
            let place = time.map(|time| first_since(conn, time)).transpose();
            place.map(|place| place.map(|place| place.unwrap_or(i64::MAX)))
        };
        Ok(Self {
            filter,
            from: place(filter.from)?,
            until: place(filter.until)?,
            after: paging.after.map_or(i64::MAX, |after| after.key),
        })
    }

    /// The place that the entries of a page are before.
    fn below(&self) -> i64 {
        self.until.map_or(self.after, |until| until.min(self.after))
    }

    fn reaches(&self, conn: &mut Conn) -> StoreResult<Vec<Reach>> {
        searching::reaches(conn, self.filter.search.as_ref(), |conn| {
            horizon(conn, self)
        })
    }

    fn found(&self, conn: &Conn, reach: Reach) -> Option<Found> {
        reach.condition(self.filter.search.as_ref(), conn, "audit_events.words")
    }
}

/// The entries that pass, as a query for the database at hand.
macro_rules! filtered {
    ($asked:expr, $reach:expr, $found:expr) => {{
        let filter = $asked.filter;
        let mut query = audit_events::table.into_boxed();
        if let Reach::Near(Some(horizon)) = $reach {
            query = query.filter(audit_events::seq.ge(horizon.key));
        }
        if let Some(event_type) = &filter.event_type {
            query = query.filter(audit_events::event_type.eq(event_type));
        }
        if let Some(user_id) = &filter.user_id {
            query = query.filter(audit_events::user_id.eq(user_id));
        }
        if let Some(subject) = &filter.subject {
            query = query.filter(audit_events::subject.eq(subject));
        }
        if let Some(from) = $asked.from {
            query = query.filter(audit_events::seq.ge(from));
        }
        if let Some(until) = $asked.until {
            query = query.filter(audit_events::seq.lt(until));
        }
        if let Some(found) = $found.clone() {
            query = query.filter(found);
        }
        query
    }};
}
use filtered;

/// A page of them.
macro_rules! page_of {
    ($asked:expr, $reach:expr, $found:expr, $limit:expr) => {{
        let rows = filtered!($asked, $reach, $found).filter(audit_events::seq.lt($asked.below()));
        let rows = match $reach {
            // Hidden from the planner: along the order it would walk the whole trail for a rare word.
            Reach::Indexed => rows.order(sql::<BigInt>("audit_events.seq + 0 DESC")),
            Reach::Near(_) | Reach::Whole => rows.order(audit_events::seq.desc()),
        };
        rows.limit($limit).select(Row::as_select())
    }};
}
use page_of;

/// The first place at a time or later. Along the chain time never goes back: a stretch of time is a stretch of the
/// chain, which the planner cannot know.
fn first_since(conn: &mut Conn, time: DateTime<Utc>) -> StoreResult<Option<i64>> {
    Ok(with_conn!(conn, |c| audit_events::table
        .filter(audit_events::at.ge(DbTime::from(time)))
        .order((audit_events::at, audit_events::seq))
        .select(audit_events::seq)
        .first(c)
        .optional())?)
}

/// The place up to which the nearest entries reach.
fn horizon(conn: &mut Conn, asked: &Asked<'_>) -> StoreResult<Option<Position>> {
    let unsearched = None::<Found>;
    let seq: Option<i64> = with_conn!(conn, |c| filtered!(asked, Reach::Whole, unsearched)
        .filter(audit_events::seq.lt(asked.below()))
        .order(audit_events::seq.desc())
        .offset(searching::nearest(asked.filter.filters()))
        .select(audit_events::seq)
        .first(c)
        .optional())?;
    Ok(seq.map(|key| Position {
        key,
        id: Uuid::nil(),
    }))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub(super) struct Row {
    #[diesel(deserialize_as = DbCount)]
    seq: u64,
    id: DbUuid,
    at: DbTime,
    event_type: String,
    user_id: Option<String>,
    subject: Option<String>,
    recorded_by: Option<String>,
    variant_data: String,
    hash: Vec<u8>,
}

impl TryFrom<Row> for AuditEvent {
    type Error = Undecodable;

    fn try_from(row: Row) -> Result<Self, Undecodable> {
        Ok(Self {
            seq: row.seq,
            id: row.id.into(),
            at: row.at.into(),
            event_type: row.event_type,
            user_id: row.user_id,
            subject: row.subject,
            recorded_by: row.recorded_by,
            variant_data: row.variant_data,
            hash: ChainHash::from_slice(&row.hash).ok_or(Undecodable("audit hash"))?,
        })
    }
}
