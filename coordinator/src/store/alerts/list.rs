//! Alerts as a list: chosen by filters, in one of ten orders, in pages.
//!
//! Owns the one query behind the list and the export. A page goes on behind a row of the order's index; alerts
//! that are never due come last in both directions, as a stretch of the list of their own.
//! **Invariant:** columns and directions come from enumerations; what a caller gives is bound and never part
//! of a statement.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use shared::finding::{InfoType, Severity};
use shared::ids::{PolicyId, UserId};
use uuid::Uuid;

use super::Alert;
use crate::domain::alert::AlertStatus;
use crate::store::clock;
use crate::store::columns::{DbTime, DbUuid, Ts, Uid, signed};
use crate::store::connection::{Conn, Database, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{COUNTED, Counted, Explained, Page, Paging, Position};
use crate::store::schema::alerts;
use crate::store::words::{Found, Search};

/// What a list of alerts shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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

/// Whose alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// Nobody's.
    ToNobody,
    /// Theirs.
    To(UserId),
}

/// By what alerts are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlertKey {
    /// When the leak was seen first.
    #[default]
    CreatedAt,
    /// When it was seen last.
    LastSeenAt,
    /// How bad it is.
    Severity,
    /// When it is to be closed; those without a time come last.
    DueAt,
    /// How often it was seen.
    Occurrences,
}

/// From which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    #[default]
    Descending,
}

/// An order of alerts; the id tells equal ones apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertOrdering {
    /// By what.
    pub key: AlertKey,
    /// From which end.
    pub direction: Direction,
}

/// Stands for "never due" in a position.
const NEVER_DUE: i64 = i64::MAX;

impl AlertKey {
    /// Every key.
    pub const ALL: [Self; 5] = [
        Self::CreatedAt,
        Self::LastSeenAt,
        Self::Severity,
        Self::DueAt,
        Self::Occurrences,
    ];

    /// The word, as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::LastSeenAt => "last_seen_at",
            Self::Severity => "severity",
            Self::DueAt => "due_at",
            Self::Occurrences => "occurrences",
        }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "alerts.first_seen_at",
            Self::LastSeenAt => "alerts.last_seen_at",
            Self::Severity => "alerts.severity",
            Self::DueAt => "alerts.due_at",
            Self::Occurrences => "alerts.occurrences",
        }
    }

    const fn is_a_time(self) -> bool {
        matches!(self, Self::CreatedAt | Self::LastSeenAt | Self::DueAt)
    }
}

impl AlertOrdering {
    /// The order that a word names: a key, with `-` in front for the greatest first.
    pub fn parse(word: &str) -> Option<Self> {
        let (name, direction) = match word.strip_prefix('-') {
            Some(name) => (name, Direction::Descending),
            None => (word, Direction::Ascending),
        };
        let key = AlertKey::ALL.into_iter().find(|key| key.as_str() == name)?;
        Some(Self { key, direction })
    }

    /// `ORDER BY` this. Both ways an index is walked from one of its ends.
    fn clause(self) -> String {
        let (column, direction) = (self.key.column(), self.direction.as_sql());
        format!("{column} {direction}, alerts.id {direction}")
    }

    /// The beginning of a comparison with a place: `(key, id) < (`.
    fn behind(self) -> String {
        let (column, sign) = (self.key.column(), self.direction.sign());
        format!("({column}, alerts.id) {sign} (")
    }
}

impl Direction {
    const fn as_sql(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Ascending => ">",
            Self::Descending => "<",
        }
    }
}

/// The place of an alert in a list of that order.
pub fn place(ordering: AlertOrdering, alert: &Alert) -> Position {
    let key = match ordering.key {
        AlertKey::CreatedAt => alert.first_seen_at.timestamp_micros(),
        AlertKey::LastSeenAt => alert.last_seen_at.timestamp_micros(),
        AlertKey::Severity => alert.severity.as_number().into(),
        AlertKey::DueAt => alert.due_at.map_or(NEVER_DUE, |due| due.timestamp_micros()),
        AlertKey::Occurrences => signed(alert.occurrences),
    };
    let id = alert.id.as_uuid();
    Position { key, id }
}

/// A page of alerts. Counting stops at [`COUNTED`].
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Page<Alert>> {
    let rows = portion(conn, filter, paging)?;
    let total = if paging.after.is_none() && rows.len() < paging.limit as usize {
        rows.len() as u64
    } else {
        count(conn, filter, COUNTED)?
    };
    Ok(Page::new(rows, signed(total)))
}

/// A page of alerts without their number.
///
/// # Errors
/// As any query.
pub fn portion(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Vec<Alert>> {
    let mut rows = Vec::new();
    let asked = Asked::of(conn, filter)?;
    for stretch in Stretch::of(filter.ordering, paging) {
        let left = paging.limit as usize - rows.len();
        if left > 0 {
            rows.extend(asked.load(conn, stretch, left)?);
        }
    }
    Ok(rows)
}

/// How many alerts pass, counted up to `most`.
///
/// # Errors
/// As any query.
pub fn count(conn: &mut Conn, filter: &AlertFilter, most: u32) -> StoreResult<u64> {
    let asked = Asked::of(conn, filter)?;
    let counted = with_conn!(conn, |c| {
        let ones = filtered!(asked)
            .limit(most.into())
            .select(sql::<BigInt>("1"));
        Counted(ones).get_result::<i64>(c)
    })?;
    Ok(u64::try_from(counted).unwrap_or_default())
}

/// How PostgreSQL would find a page, for whoever wonders whether an index serves it; empty on SQLite.
///
/// # Errors
/// As any query.
pub fn explain(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Vec<String>> {
    let mut plan = Vec::new();
    let asked = Asked::of(conn, filter)?;
    for stretch in Stretch::of(filter.ordering, paging) {
        if let Database::Postgres(c) = &mut conn.db {
            let page = page!(asked, stretch, paging.rows());
            plan.extend(Explained(page).load::<String>(c)?);
        }
    }
    Ok(plan)
}

/// A filter, with what it needs of the database.
struct Asked<'a> {
    filter: &'a AlertFilter,
    found: Option<Found>,
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
    ($asked:expr) => {{
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
        if let Some(found) = asked.found.clone() {
            query = query.filter(found);
        }
        query
    }};
}
use filtered;

/// A stretch of them, in order.
macro_rules! page {
    ($asked:expr, $stretch:expr, $limit:expr) => {{
        let ordering = $asked.filter.ordering;
        let query = filtered!($asked);
        let query = match $stretch {
            Stretch::Keyed(after) => {
                let query = match after {
                    None => query,
                    Some(after) if ordering.key.is_a_time() => query.filter(
                        sql::<Bool>(&ordering.behind())
                            .bind::<Ts, _>(time(after.key))
                            .sql(", ")
                            .bind::<Uid, _>(DbUuid(after.id))
                            .sql(")"),
                    ),
                    Some(after) => query.filter(
                        sql::<Bool>(&ordering.behind())
                            .bind::<BigInt, _>(after.key)
                            .sql(", ")
                            .bind::<Uid, _>(DbUuid(after.id))
                            .sql(")"),
                    ),
                };
                let query = if ordering.key == AlertKey::DueAt {
                    query.filter(alerts::due_at.is_not_null())
                } else {
                    query
                };
                query.order(sql::<Bool>(&ordering.clause()))
            }
            Stretch::NeverDue(after) => {
                let query = query.filter(alerts::due_at.is_null());
                match (ordering.direction, after.map(DbUuid)) {
                    (Direction::Ascending, None) => query.order(alerts::id.asc()),
                    (Direction::Descending, None) => query.order(alerts::id.desc()),
                    (Direction::Ascending, Some(after)) => {
                        query.filter(alerts::id.gt(after)).order(alerts::id.asc())
                    }
                    (Direction::Descending, Some(after)) => {
                        query.filter(alerts::id.lt(after)).order(alerts::id.desc())
                    }
                }
            }
        };
        query.limit($limit).select(Alert::as_select())
    }};
}
use page;

impl<'a> Asked<'a> {
    fn of(conn: &mut Conn, filter: &'a AlertFilter) -> StoreResult<Self> {
        let search = filter.search.as_ref();
        Ok(Self {
            filter,
            found: search.map(|search| search.condition(conn, "alerts.words")),
            now: clock::now(conn)?.into(),
        })
    }

    fn load(&self, conn: &mut Conn, stretch: Stretch, limit: usize) -> StoreResult<Vec<Alert>> {
        let limit = signed(limit as u64);
        Ok(with_conn!(conn, |c| page!(self, stretch, limit).load(c))?)
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
    fn each_word_names_an_order_and_nothing_else_does() {
        for key in AlertKey::ALL {
            for (sign, direction) in [("", Direction::Ascending), ("-", Direction::Descending)] {
                let word = format!("{sign}{}", key.as_str());
                assert_eq!(
                    AlertOrdering::parse(&word),
                    Some(AlertOrdering { key, direction })
                );
            }
        }
        for word in [
            "",
            "-",
            "id",
            "--severity",
            "severity desc",
            "SEVERITY",
            "created_at;--",
            "alerts.id",
        ] {
            assert_eq!(AlertOrdering::parse(word), None, "{word}");
        }
        assert_eq!(
            AlertOrdering::parse("-created_at"),
            Some(AlertOrdering::default())
        );
    }

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
