//! `security_events`: what firewalls, intrusion detection and models report.
//!
//! Owns the rows, and that an event which people must look at raises its alert in the same transaction. What
//! an event may be, and by what it is known again, is for `domain::events`.
//! **Invariant:** an event and its alert are there together or not at all.

mod list;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, SmallInt, Text};
use serde_json::{Value, json};
use shared::finding::Severity;
use shared::ids::{AlertId, SecurityEventId, UserId};

use crate::domain::due_times::DueTimes;
use crate::domain::events::SecurityEvent;
use crate::store::alerts::{self, NewAlert};
use crate::store::arrays::insert_arrays;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::clock;
use crate::store::columns::{
    DbJson, DbNumber, DbTime, DbUuid, JsonDoc, MaybeUuid, Ts, TsWords, Uid, storable,
};
use crate::store::connection::{Conn, Database, rows_per_statement, with_conn};
use crate::store::error::StoreResult;
use crate::store::notices::Notices;
use crate::store::schema::security_events;
use crate::store::words::Words;

pub use list::{EventFilter, explain, list};

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
