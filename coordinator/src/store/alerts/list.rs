//! Alerts as a list: chosen by filters, in one of ten orders, in pages.
//!
//! Owns the one query behind the list and the export. A page goes on behind a row of the order's index; alerts
//! that are never due come last in both directions, as a stretch of the list of their own.
//! **Invariant:** what a caller gives is bound and never part of a statement.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use shared::finding::{InfoType, Severity};
use shared::ids::{PolicyId, UserId};
use uuid::Uuid;

use super::Alert;
use super::order::{AlertKey, AlertOrdering, Direction, NEVER_DUE};
use crate::domain::alert::AlertStatus;
use crate::store::clock;
use crate::store::columns::{DbTime, DbUuid, Ts, Uid, signed};
use crate::store::connection::{Conn, Database, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{self, Explained, Page, Paging, Position, Seen, count};
use crate::store::schema::alerts;
use crate::store::searching::{self, Reach};
use crate::store::words::{Found, Search};

/// What a list of alerts shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlertFilter {
    /// Only with one of these statuses; none named is any. So it is with every list here.
    pub statuses: Vec<AlertStatus>,
    /// Only that bad.
    pub severities: Vec<Severity>,
    /// Only raised by these.
    pub sources: Vec<String>,
    /// Only of these kinds.
    pub info_types: Vec<InfoType>,
    /// Only met by these policies first.
    pub policies: Vec<PolicyId>,
    /// Only of these tenants.
    pub workspaces: Vec<String>,
    /// Only seen first in these channels.
    pub channels: Vec<String>,
    /// Only written first by these.
    pub users: Vec<String>,
    /// Only theirs, or nobody's.
    pub assigned: Option<Assigned>,
    /// Not seen before.
    pub from: Option<DateTime<Utc>>,
    /// Seen before.
    pub until: Option<DateTime<Utc>>,
    /// Only those that should have been closed by now, or only the others.
    pub overdue: Option<bool>,
    /// Only with these words.
    pub search: Option<Search>,
    /// In which order.
    pub ordering: AlertOrdering,
}

impl AlertFilter {
    /// How many hold together, but for the search.
    fn filters(&self) -> usize {
        let filters = [
            !self.statuses.is_empty(),
            !self.severities.is_empty(),
            !self.sources.is_empty(),
            !self.info_types.is_empty(),
            !self.policies.is_empty(),
            !self.workspaces.is_empty(),
            !self.channels.is_empty(),
            !self.users.is_empty(),
            self.assigned.is_some(),
            self.from.is_some() || self.until.is_some(),
            self.overdue.is_some(),
        ];
        filters.into_iter().filter(|set| *set).count()
    }
}

/// Whose alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assigned {
    /// Nobody's.
    ToNobody,
    /// Theirs.
    To(UserId),
}

/// A page of alerts.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Page<Alert>> {
    let (rows, seen) = part(conn, filter, paging)?;
    let most = page::counted_to(filter.filters(), filter.search.is_some());
    let list = AlertFilter {
        ordering: AlertOrdering::default(),
        ..filter.clone()
    };
    let total = page::total(conn, &list, (seen, most), |conn| {
        Ok(signed(count(conn, filter, most)?))
    })?;
    Ok(Page::new(rows, total))
}

/// A page of alerts without their number.
///
/// # Errors
/// As any query.
pub fn portion(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Vec<Alert>> {
    Ok(part(conn, filter, paging)?.0)
}

/// A page of alerts, and what was seen of the list.
fn part(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<(Vec<Alert>, Seen)> {
    let asked = Asked::of(conn, filter)?;
    let stretches: Vec<Stretch> = Stretch::of(filter.ordering, paging).collect();
    if let [whole] = stretches[..] {
        return asked.load(conn, whole, paging);
    }
    let mut rows = Vec::new();
    let mut left = paging;
    for stretch in stretches {
        if left.limit > 0 {
            let (found, _of_one_stretch) = asked.load(conn, stretch, left)?;
            left.limit -= u32::try_from(found.len()).unwrap_or(left.limit);
            rows.extend(found);
        }
    }
    let seen = Seen::of(paging, rows.len());
    Ok((rows, seen))
}

/// How many alerts pass, counted up to `most`.
///
/// # Errors
/// As any query.
pub fn count(conn: &mut Conn, filter: &AlertFilter, most: u32) -> StoreResult<u64> {
    let asked = Asked::of(conn, filter)?;
    let reaches = asked.reaches(conn, Stretch::Keyed(None))?;
    let counted = searching::count(conn, &reaches, most, |conn, reach| {
        let found = asked.found(conn, reach);
        count!(
            conn,
            nearest!(
                asked.filter.ordering,
                Stretch::Keyed(None),
                reach,
                filtered!(asked, found)
            ),
            most
        )
    })?;
    Ok(u64::try_from(counted).unwrap_or_default())
}

/// How PostgreSQL would find a page, one way after the other, for whoever wonders whether an index serves it; empty on
/// SQLite.
///
/// # Errors
/// As any query.
pub fn explain(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Vec<String>> {
    let mut plan = Vec::new();
    let asked = Asked::of(conn, filter)?;
    for stretch in Stretch::of(filter.ordering, paging) {
        for reach in asked.reaches(conn, stretch)? {
            let found = asked.found(conn, reach);
            if let Database::Postgres(c) = &mut conn.db {
                let page = page_of!(asked, stretch, reach, found, paging.rows());
                plan.extend(Explained(page).load::<String>(c)?);
            }
        }
    }
    Ok(plan)
}

/// A filter, with what it needs of the database.
struct Asked<'a> {
    filter: &'a AlertFilter,
    now: DbTime,
}

/// A part of the list that one walk of an index gives.
#[derive(Clone, Copy)]
enum Stretch {
    /// Those that have what the list is ordered by, behind a place.
    Keyed(Option<Position>),
    /// Those that are never due, behind an id.
    NeverDue(Option<Uuid>),
}

impl Stretch {
    fn of(ordering: AlertOrdering, paging: Paging) -> impl Iterator<Item = Self> {
        let (keyed, never_due) = match (ordering.key, paging.after) {
            (AlertKey::DueAt, Some(after)) if after.key == NEVER_DUE => {
                (None, Some(Self::NeverDue(Some(after.id))))
            }
            (AlertKey::DueAt, after) => (Some(Self::Keyed(after)), Some(Self::NeverDue(None))),
            (_, after) => (Some(Self::Keyed(after)), None),
        };
        keyed.into_iter().chain(never_due)
    }
}

/// The rows that pass, as a query for the database at hand.
macro_rules! filtered {
    ($asked:expr, $found:expr) => {{
        let (asked, filter) = (&$asked, $asked.filter);
        let mut query = alerts::table.into_boxed();
        macro_rules! among {
            ($column:expr, $values:expr) => {
                // An index keeps its order behind one value, and not behind several.
                match $values.collect::<Vec<_>>() {
                    values if values.is_empty() => {}
                    mut values if values.len() == 1 => {
                        if let Some(value) = values.pop() {
                            query = query.filter($column.eq(value));
                        }
                    }
                    values => query = query.filter($column.eq_any(values)),
                }
            };
        }
        among!(
            alerts::status,
            filter.statuses.iter().map(|it| it.as_number())
        );
        among!(
            alerts::severity,
            filter.severities.iter().map(|it| it.as_number())
        );
        among!(alerts::source, filter.sources.iter().map(String::as_str));
        among!(
            alerts::info_type,
            filter.info_types.iter().map(InfoType::as_str)
        );
        among!(
            alerts::policy_id,
            filter.policies.iter().map(|it| DbUuid::from(*it))
        );
        among!(
            alerts::workspace_id,
            filter.workspaces.iter().map(String::as_str)
        );
        among!(
            alerts::channel_id,
            filter.channels.iter().map(String::as_str)
        );
        among!(alerts::user_id, filter.users.iter().map(String::as_str));
        match filter.assigned {
            Some(Assigned::ToNobody) => query = query.filter(alerts::assignee.is_null()),
            Some(Assigned::To(user)) => {
                query = query.filter(alerts::assignee.eq(DbUuid::from(user)));
            }
            None => {}
        }
        if let Some(from) = filter.from {
            query = query.filter(alerts::first_seen_at.ge(DbTime::from(from)));
        }
        if let Some(until) = filter.until {
            query = query.filter(alerts::first_seen_at.lt(DbTime::from(until)));
        }
        match filter.overdue {
            // Written out, so that the partial index is seen to serve it.
            Some(true) => {
                query = query
                    .filter(sql::<Bool>("alerts.status <= 2"))
                    .filter(alerts::due_at.lt(asked.now));
            }
            Some(false) => {
                let in_time = alerts::due_at.is_null().or(alerts::due_at.ge(asked.now));
                query = query.filter(sql::<Bool>("alerts.status > 2").or(in_time));
            }
            None => {}
        }
        if let Some(found) = $found.clone() {
            query = query.filter(found);
        }
        if filter.filters() > 0 {
            // A literal keeps a statement from being prepared: which plan is good depends on how common the values are.
            query = query.filter(sql::<Bool>("TRUE"));
        }
        query
    }};
}
use filtered;

/// Only rows whose place compares so with this one.
macro_rules! placed {
    ($query:expr, $ordering:expr, $begin:expr, $place:expr) => {{
        let (query, begin, place) = ($query, $begin, $place);
        if $ordering.key.is_a_time() {
            query.filter(
                sql::<Bool>(&begin)
                    .bind::<Ts, _>(time(place.key))
                    .sql(", ")
                    .bind::<Uid, _>(DbUuid(place.id))
                    .sql(")"),
            )
        } else {
            query.filter(
                sql::<Bool>(&begin)
                    .bind::<BigInt, _>(place.key)
                    .sql(", ")
                    .bind::<Uid, _>(DbUuid(place.id))
                    .sql(")"),
            )
        }
    }};
}
use placed;

/// Only the rows of a stretch.
macro_rules! stretched {
    ($ordering:expr, $stretch:expr, $query:expr) => {{
        let (ordering, query) = ($ordering, $query);
        match $stretch {
            Stretch::Keyed(after) => {
                let query = match after {
                    None => query,
                    Some(after) => placed!(query, ordering, ordering.behind(), after),
                };
                match ordering.key {
                    AlertKey::DueAt => query.filter(alerts::due_at.is_not_null()),
                    _ => query,
                }
            }
            Stretch::NeverDue(after) => {
                let query = query.filter(alerts::due_at.is_null());
                match (ordering.direction, after.map(DbUuid)) {
                    (_, None) => query,
                    (Direction::Ascending, Some(after)) => query.filter(alerts::id.gt(after)),
                    (Direction::Descending, Some(after)) => query.filter(alerts::id.lt(after)),
                }
            }
        }
    }};
}
use stretched;

/// Only the rows that are so near.
macro_rules! nearest {
    ($ordering:expr, $stretch:expr, $reach:expr, $query:expr) => {{
        let (ordering, query) = ($ordering, $query);
        match ($reach, $stretch, ordering.direction) {
            (Reach::Near(Some(place)), Stretch::Keyed(_), _) => {
                placed!(query, ordering, ordering.up_to(), place)
            }
            (Reach::Near(Some(place)), Stretch::NeverDue(_), Direction::Ascending) => {
                query.filter(alerts::id.le(DbUuid(place.id)))
            }
            (Reach::Near(Some(place)), Stretch::NeverDue(_), Direction::Descending) => {
                query.filter(alerts::id.ge(DbUuid(place.id)))
            }
            _ => query,
        }
    }};
}
use nearest;

/// A stretch, in order. Both ways an index is walked from one of its ends.
macro_rules! ordered {
    ($ordering:expr, $stretch:expr, $reach:expr, $query:expr) => {{
        let (ordering, query) = ($ordering, $query);
        macro_rules! along {
            ($column:expr) => {
                match ordering.direction {
                    Direction::Ascending => query.order(($column.asc(), alerts::id.asc())),
                    Direction::Descending => query.order(($column.desc(), alerts::id.desc())),
                }
            };
        }
        match ($stretch, $reach, ordering.key) {
            // Hidden from the planner: along the order it would walk all alerts for a rare word.
            (Stretch::Keyed(_), Reach::Indexed, _) => {
                query.order(sql::<Bool>(&ordering.sorting_clause()))
            }
            (Stretch::NeverDue(_), Reach::Indexed, _) => {
                let direction = ordering.direction.as_sql();
                query.order(sql::<Bool>(&format!("uuid_send(alerts.id) {direction}")))
            }
            (Stretch::NeverDue(_), _, _) => match ordering.direction {
                Direction::Ascending => query.order(alerts::id.asc()),
                Direction::Descending => query.order(alerts::id.desc()),
            },
            (Stretch::Keyed(_), _, AlertKey::CreatedAt) => along!(alerts::first_seen_at),
            (Stretch::Keyed(_), _, AlertKey::LastSeenAt) => along!(alerts::last_seen_at),
            (Stretch::Keyed(_), _, AlertKey::Severity) => along!(alerts::severity),
            (Stretch::Keyed(_), _, AlertKey::DueAt) => along!(alerts::due_at),
            (Stretch::Keyed(_), _, AlertKey::Occurrences) => along!(alerts::occurrences),
        }
    }};
}
use ordered;

/// The page of a stretch.
macro_rules! page_of {
    ($asked:expr, $stretch:expr, $reach:expr, $found:expr, $limit:expr) => {{
        let ordering = $asked.filter.ordering;
        let query = stretched!(ordering, $stretch, filtered!($asked, $found));
        let query = nearest!(ordering, $stretch, $reach, query);
        ordered!(ordering, $stretch, $reach, query)
            .limit($limit)
            .select(Alert::as_select())
    }};
}
use page_of;

impl<'a> Asked<'a> {
    fn of(conn: &mut Conn, filter: &'a AlertFilter) -> StoreResult<Self> {
        let now = match filter.overdue {
            Some(_) => clock::now(conn)?,
            None => DateTime::UNIX_EPOCH,
        };
        Ok(Self {
            filter,
            now: now.into(),
        })
    }

    fn found(&self, conn: &Conn, reach: Reach) -> Option<Found> {
        reach.condition(self.filter.search.as_ref(), conn, "alerts.words")
    }

    fn reaches(&self, conn: &mut Conn, stretch: Stretch) -> StoreResult<Vec<Reach>> {
        searching::reaches(conn, self.filter.search.as_ref(), |conn| {
            self.horizon(conn, stretch)
        })
    }

    fn load(
        &self,
        conn: &mut Conn,
        stretch: Stretch,
        paging: Paging,
    ) -> StoreResult<(Vec<Alert>, Seen)> {
        let reaches = self.reaches(conn, stretch)?;
        searching::page(conn, &reaches, paging, |conn, reach, limit| {
            let found = self.found(conn, reach);
            Ok(with_conn!(conn, |c| {
                page_of!(self, stretch, reach, found, limit).load(c)
            })?)
        })
    }

    /// The place up to which the nearest alerts of a stretch reach.
    fn horizon(&self, conn: &mut Conn, stretch: Stretch) -> StoreResult<Option<Position>> {
        let ordering = self.filter.ordering;
        let unsearched = None::<Found>;
        macro_rules! last {
            ($key:expr) => {{
                let all = stretched!(ordering, stretch, filtered!(self, unsearched));
                ordered!(ordering, stretch, Reach::Whole, all)
                    .offset(searching::nearest(self.filter.filters()))
                    .select(($key, alerts::id))
            }};
        }
        Ok(match stretch {
            Stretch::Keyed(_) if ordering.key.is_a_time() => {
                let key = || sql::<Ts>(ordering.key.column());
                let last: Option<(DbTime, DbUuid)> =
                    with_conn!(conn, |c| last!(key()).first(c).optional())?;
                last.map(|(time, id)| Position {
                    key: time.0.timestamp_micros(),
                    id: id.0,
                })
            }
            Stretch::Keyed(_) => {
                let key = || sql::<BigInt>(&format!("CAST({} AS BIGINT)", ordering.key.column()));
                let last: Option<(i64, DbUuid)> =
                    with_conn!(conn, |c| last!(key()).first(c).optional())?;
                last.map(|(key, id)| Position { key, id: id.0 })
            }
            Stretch::NeverDue(_) => {
                let key = || sql::<BigInt>("0");
                let last: Option<(i64, DbUuid)> =
                    with_conn!(conn, |c| last!(key()).first(c).optional())?;
                last.map(|(_, id)| id.0.into())
            }
        })
    }
}

/// The time in a position.
fn time(micros: i64) -> DbTime {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_list_by_due_time_has_a_stretch_of_its_own_for_those_never_due() {
        for key in AlertKey::ALL {
            let ordering = AlertOrdering {
                key,
                direction: Direction::Ascending,
            };
            let stretches = Stretch::of(ordering, Paging::first(1)).count();
            assert_eq!(stretches, if key == AlertKey::DueAt { 2 } else { 1 });
        }
    }
}
