//! Security events as a list, newest first.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Binary;
use shared::finding::Severity;

use super::StoredEvent;
use crate::store::columns::{DbTime, DbUuid};
use crate::store::connection::{Conn, Database, with_conn};
use crate::store::error::StoreResult;
use crate::store::made;
use crate::store::page::{self, Explained, Page, Paging, Position, count};
use crate::store::schema::security_events;
use crate::store::searching::{self, Reach};
use crate::store::words::{Found, Search};

/// What a list of events shows.
#[derive(Clone, Debug, Default, Hash)]
pub struct EventFilter {
    /// Only of that source.
    pub source: Option<String>,
    /// Only of that type.
    pub event_type: Option<String>,
    /// Only that bad; all if empty.
    pub severities: Vec<Severity>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Only with these words.
    pub search: Option<Search>,
}

/// Events, newest first.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &EventFilter,
    paging: Paging,
) -> StoreResult<Page<StoredEvent>> {
    let asked = Asked::of(filter, paging);
    let reaches = asked.reaches(conn)?;
    let (rows, seen) = searching::page(conn, &reaches, paging, |conn, reach, limit| {
        let found = asked.found(conn, reach);
        Ok(with_conn!(conn, |c| {
            page_of!(asked, reach, found, limit).load::<StoredEvent>(c)
        })?)
    })?;
    let most = page::counted_to(filter.filters(), filter.search.is_some());
    let total = page::total(conn, filter, (seen, most), |conn| {
        searching::count(conn, &reaches, most, |conn, reach| {
            let found = asked.found(conn, reach);
            count!(conn, filtered!(asked, reach, found), most)
        })
    })?;
    Ok(Page::new(rows, total))
}

/// How PostgreSQL would find a page, one way after the other; empty on SQLite.
///
/// # Errors
/// As any query.
pub fn explain(conn: &mut Conn, filter: &EventFilter, paging: Paging) -> StoreResult<Vec<String>> {
    let mut plan = Vec::new();
    let asked = Asked::of(filter, paging);
    for reach in asked.reaches(conn)? {
        let found = asked.found(conn, reach);
        if let Database::Postgres(c) = &mut conn.db {
            let page = page_of!(asked, reach, found, paging.rows());
            plan.extend(Explained(page).load::<String>(c)?);
        }
    }
    Ok(plan)
}

/// A filter, and behind which event.
struct Asked<'a> {
    filter: &'a EventFilter,
    severities: Vec<i16>,
    below: DbUuid,
}

impl<'a> Asked<'a> {
    fn of(filter: &'a EventFilter, paging: Paging) -> Self {
        Self {
            filter,
            below: filter.until.map_or(paging.below(), |until| {
                paging.below().min(made::latest(until))
            }),
            severities: filter.severities.iter().map(|it| it.as_number()).collect(),
        }
    }

    fn reaches(&self, conn: &mut Conn) -> StoreResult<Vec<Reach>> {
        searching::reaches(conn, self.filter.search.as_ref(), |conn| {
            horizon(conn, self)
        })
    }

    fn found(&self, conn: &Conn, reach: Reach) -> Option<Found> {
        reach.condition(self.filter.search.as_ref(), conn, "security_events.words")
    }
}

/// The events that pass, as a query for the database at hand.
macro_rules! filtered {
    ($asked:expr, $reach:expr, $found:expr) => {{
        let filter = $asked.filter;
        let mut query = security_events::table.into_boxed();
        if let Reach::Near(Some(horizon)) = $reach {
            query = query.filter(security_events::id.ge(DbUuid(horizon.id)));
        }
        if let Some(source) = &filter.source {
            query = query.filter(security_events::source.eq(source));
        }
        if let Some(event_type) = &filter.event_type {
            query = query.filter(security_events::event_type.eq(event_type));
        }
        if !$asked.severities.is_empty() {
            query = query.filter(security_events::severity.eq_any(&$asked.severities));
        }
        if let Some(from) = filter.from {
            query = query
                .filter(security_events::created_at.ge(DbTime::from(from)))
                .filter(security_events::id.ge(made::earliest(from)));
        }
        if let Some(until) = filter.until {
            query = query
                .filter(security_events::created_at.lt(DbTime::from(until)))
                .filter(security_events::id.lt(made::latest(until)));
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
        let rows = filtered!($asked, $reach, $found).filter(security_events::id.lt($asked.below));
        let rows = match $reach {
            // Hidden from the planner: along the order it would walk all events for a rare word.
            Reach::Indexed => rows.order(sql::<Binary>("uuid_send(security_events.id) DESC")),
            Reach::Near(_) | Reach::Whole => rows.order(security_events::id.desc()),
        };
        rows.limit($limit).select(StoredEvent::as_select())
    }};
}
use page_of;

impl EventFilter {
    /// How many hold together, but for the search.
    fn filters(&self) -> usize {
        let filters = [
            self.source.is_some(),
            self.event_type.is_some(),
            !self.severities.is_empty(),
            self.from.is_some() || self.until.is_some(),
        ];
        filters.into_iter().filter(|set| *set).count()
    }
}

/// The place up to which the nearest events reach.
fn horizon(conn: &mut Conn, asked: &Asked<'_>) -> StoreResult<Option<Position>> {
    let unsearched = None::<Found>;
    let id: Option<DbUuid> = with_conn!(conn, |c| filtered!(asked, Reach::Whole, unsearched)
        .filter(security_events::id.lt(asked.below))
        .order(security_events::id.desc())
        .offset(searching::nearest(asked.filter.filters()))
        .select(security_events::id)
        .first(c)
        .optional())?;
    Ok(id.map(|id| Position::from(id.0)))
}
