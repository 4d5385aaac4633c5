//! `security_events`: what firewalls, intrusion detection and models report.
//!
//! Owns the rows, and that an event which people must look at raises its alert in the same transaction. What
//! an event may be, and by what it is known again, is for `domain::events`.
//! **Invariant:** an event and its alert are there together or not at all.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use serde_json::{Value, json};
use shared::finding::Severity;
use shared::ids::{AlertId, SecurityEventId, UserId};

use super::alerts::{self, NewAlert};
use super::arrays::insert_arrays;
use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{
    DbJson, DbNumber, DbTime, DbUuid, JsonDoc, MaybeUuid, Ts, TsWords, Uid, storable,
};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::notices::Notices;
use super::page::{COUNTED, Counted, Page, Paging};
use super::schema::security_events;
use super::words::{Search, Words};
use crate::domain::due_times::DueTimes;
use crate::domain::events::SecurityEvent;

/// A stored event.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = security_events)]
pub struct StoredEvent {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: SecurityEventId,
    /// Who reported it.
    pub source: String,
    /// What kind of event.
    pub event_type: String,
    /// How bad.
    #[diesel(deserialize_as = DbNumber)]
    pub severity: Severity,
    /// For people.
    pub description: String,
    /// The rest, as the source has it.
    #[diesel(deserialize_as = DbJson)]
    pub data: Value,
    /// The alert it belongs to, if people must look at it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub alert_id: Option<AlertId>,
    /// Who handed it in.
    #[diesel(deserialize_as = MaybeUuid)]
    pub submitted_by: Option<UserId>,
    /// When it was stored.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
}

/// What a list of events shows.
#[derive(Clone, Debug, Default)]
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

/// Stores events in the order given, raises the alerts of those that people must look at, and writes down whom
/// to tell. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query; nothing is stored then.
pub fn take_in(
    conn: &mut Conn,
    events: Vec<SecurityEvent>,
    by: UserId,
    (notices, times): (&Notices, DueTimes),
) -> StoreResult<Vec<StoredEvent>> {
    let now = clock::now(conn)?;
    let mut stored = Vec::with_capacity(events.len());
    let mut new = Vec::new();
    let mut raising = Vec::new();
    for (at, event) in events.into_iter().enumerate() {
        let id = SecurityEventId::fresh();
        if event.raises_an_alert() {
            new.push(alert_of(id, &event, times));
            raising.push(at);
        }
        stored.push(StoredEvent {
            id,
            source: event.source,
            event_type: event.event_type,
            severity: event.severity,
            description: event.description,
            data: Value::Object(event.data),
            alert_id: None,
            submitted_by: Some(by),
            created_at: now,
        });
    }
    let raised = alerts::raise(conn, &new.iter().collect::<Vec<_>>(), now)?;
    for (at, raised) in raising.into_iter().zip(&raised) {
        if let Some(event) = stored.get_mut(at) {
            event.alert_id = Some(raised.alert);
        }
    }
    insert(conn, &stored)?;
    notices.announce(conn, &raised, now)?;
    note(conn, &stored, by);
    Ok(stored)
}

fn alert_of(id: SecurityEventId, event: &SecurityEvent, times: DueTimes) -> NewAlert {
    NewAlert {
        id: AlertId::fresh(),
        keys: vec![event.alert_key()],
        severity: event.severity,
        source: event.source.clone(),
        title: event.title(),
        description: Some(event.description.clone()),
        info_type: None,
        fingerprint: None,
        policy: None,
        workspace: None,
        channel_id: None,
        user_id: None,
        message_ts: None,
        job: None,
        event: Some(id),
        due_in: times.of(event.severity),
    }
}

/// One entry for all that people must look at, however many were handed in at once.
fn note(conn: &mut Conn, stored: &[StoredEvent], by: UserId) {
    let mut raising = stored.iter().filter(|event| event.alert_id.is_some());
    let Some(first) = raising.next() else { return };
    let data = match stored {
        [only] => json!({ "severity": only.severity, "alert": only.alert_id }),
        all => json!({ "events": all.len(), "raising": 1 + raising.count() }),
    };
    let deed = NewAuditEvent::deed("event.received", Some(by), first.id.to_string(), data);
    audit::append(conn, [deed]);
}

/// An event.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: SecurityEventId) -> StoreResult<Option<StoredEvent>> {
    Ok(with_conn!(conn, |c| security_events::table
        .find(DbUuid::from(id))
        .select(StoredEvent::as_select())
        .first(c)
        .optional())?)
}

/// Events, newest first; counted up to [`COUNTED`].
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &EventFilter,
    paging: Paging,
) -> StoreResult<Page<StoredEvent>> {
    let found = filter
        .search
        .as_ref()
        .map(|search| search.condition(conn, "security_events.words"));
    let severities: Vec<i16> = filter.severities.iter().map(|it| it.as_number()).collect();

    macro_rules! filtered {
        () => {{
            let mut query = security_events::table.into_boxed();
            if let Some(source) = &filter.source {
                query = query.filter(security_events::source.eq(source));
            }
            if let Some(event_type) = &filter.event_type {
                query = query.filter(security_events::event_type.eq(event_type));
            }
            if !severities.is_empty() {
                query = query.filter(security_events::severity.eq_any(&severities));
            }
            if let Some(from) = filter.from {
                query = query.filter(security_events::created_at.ge(DbTime::from(from)));
            }
            if let Some(until) = filter.until {
                query = query.filter(security_events::created_at.lt(DbTime::from(until)));
            }
            if let Some(found) = found.clone() {
                query = query.filter(found);
            }
            query
        }};
    }

    let (rows, total) = with_conn!(conn, |c| {
        let rows: Vec<StoredEvent> = filtered!()
            .filter(security_events::id.lt(paging.below()))
            .order(security_events::id.desc())
            .limit(paging.rows())
            .select(StoredEvent::as_select())
            .load(c)?;
        let ones = filtered!().limit(COUNTED.into()).select(sql::<BigInt>("1"));
        (rows, Counted(ones).get_result::<i64>(c)?)
    });
    Ok(Page::new(rows, total))
}

#[derive(Insertable)]
#[diesel(table_name = security_events, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    source: Cow<'a, str>,
    event_type: Cow<'a, str>,
    severity: i16,
    description: Cow<'a, str>,
    data: DbJson,
    alert_id: Option<DbUuid>,
    submitted_by: Option<DbUuid>,
    created_at: DbTime,
    words: Words,
}

impl<'a> Row<'a> {
    fn of(event: &'a StoredEvent) -> Self {
        let data = event.data.to_string();
        let texts = [&event.source, &event.event_type, &event.description, &data];
        Self {
            id: event.id.into(),
            source: storable(&event.source),
            event_type: storable(&event.event_type),
            severity: event.severity.as_number(),
            description: storable(&event.description),
            data: event.data.clone().into(),
            alert_id: event.alert_id.map(Into::into),
            submitted_by: event.submitted_by.map(Into::into),
            created_at: event.created_at.into(),
            words: Words::of(texts.map(String::as_str)),
        }
    }
}

fn insert(conn: &mut Conn, events: &[StoredEvent]) -> StoreResult<()> {
    let rows: Vec<Row<'_>> = events.iter().map(Row::of).collect();
    for chunk in rows.chunks(rows_per_statement(10)) {
        match &mut conn.db {
            Database::Postgres(c) => insert_arrays!(
                "security_events",
                chunk,
                [
                    id: Uid,
                    source: Text,
                    event_type: Text,
                    severity: SmallInt,
                    description: Text,
                    data: JsonDoc,
                    alert_id: Nullable<Uid>,
                    submitted_by: Nullable<Uid>,
                    created_at: Ts,
                    words: TsWords,
                ],
                ""
            )
            .execute(c)?,
            Database::Sqlite(c) => diesel::insert_into(security_events::table)
                .values(chunk)
                .execute(c)?,
        };
    }
    Ok(())
}
