//! `audit_events`: what was done, by whom, to what.
//!
//! Owns appending and listing. There is no change and no deletion here.
//! **Invariant:** an entry is written in the transaction of the deed it records.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use shared::ids::AuditEventId;

use super::clock;
use super::columns::{DbJson, DbTime, DbUuid, storable, storable_opt};
use super::connection::{Conn, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging};
use super::schema::audit_events;

/// An entry to append.
#[derive(Clone, Debug)]
pub struct NewAuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// What was done: `detector.updated`.
    pub event_type: String,
    /// By whom: a user's or token's id; none for the system itself.
    pub actor: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// The rest, as this type of event has it.
    pub variant_data: Value,
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub struct AuditEvent {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: AuditEventId,
    /// When, by the database's clock.
    #[diesel(deserialize_as = DbTime)]
    pub at: DateTime<Utc>,
    /// What was done.
    pub event_type: String,
    /// By whom.
    pub actor: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// The rest.
    #[diesel(deserialize_as = DbJson)]
    pub variant_data: Value,
}

/// What a list of entries shows.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only of that type.
    pub event_type: Option<String>,
    /// Only by them.
    pub actor: Option<String>,
}

/// Appends entries, all at the same instant.
///
/// # Errors
/// As any query.
pub fn append(conn: &mut Conn, new: &[NewAuditEvent]) -> StoreResult<()> {
    let now = clock::now(conn)?;
    append_at(conn, new.iter(), now)
}

/// Entries, newest first.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    paging: Paging,
) -> StoreResult<Page<AuditEvent>> {
    let (rows, total) = with_conn!(conn, |c| {
        let mut page = audit_events::table.into_boxed();
        let mut all = audit_events::table.into_boxed();
        if let Some(event_type) = &filter.event_type {
            page = page.filter(audit_events::event_type.eq(event_type));
            all = all.filter(audit_events::event_type.eq(event_type));
        }
        if let Some(actor) = &filter.actor {
            page = page.filter(audit_events::actor.eq(actor));
            all = all.filter(audit_events::actor.eq(actor));
        }
        let rows: Vec<AuditEvent> = page
            .filter(audit_events::id.lt(paging.below()))
            .order(audit_events::id.desc())
            .limit(paging.rows())
            .select(AuditEvent::as_select())
            .load(c)?;
        (rows, all.count().get_result::<i64>(c)?)
    });
    Ok(Page::new(rows, total))
}

#[derive(Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    at: DbTime,
    event_type: Cow<'a, str>,
    actor: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
    variant_data: DbJson,
}

pub(super) fn append_at<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = &'a NewAuditEvent>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows: Vec<Row<'_>> = new.map(|event| row(event, now)).collect();
    for chunk in rows.chunks(rows_per_statement(6)) {
        with_conn!(conn, |c| diesel::insert_into(audit_events::table)
            .values(chunk)
            .execute(c))?;
    }
    Ok(())
}

fn row(event: &NewAuditEvent, now: DateTime<Utc>) -> Row<'_> {
    Row {
        id: event.id.into(),
        at: now.into(),
        event_type: storable(&event.event_type),
        actor: storable_opt(event.actor.as_ref()),
        subject: storable_opt(event.subject.as_ref()),
        variant_data: event.variant_data.clone().into(),
    }
}
