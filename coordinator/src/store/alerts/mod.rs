//! `alerts`: what people work on.
//!
//! Owns the rows: raising them (`raise`), listing them (`list`, `order`), changing them, what people said and did
//! (`activity`) and where a leak was seen (`occurrences`). What the same leak is known by is for whoever
//! raises an alert; which step may follow which is for `domain::alert`.
//! **Invariant:** one row for each leak; its severity never falls by being seen again; a row is changed by
//! people only while it is locked.

mod activity;
mod list;
mod occurrences;
mod order;
mod raise;
mod standing;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, PolicyId, SecurityEventId, UserId};

use super::audit::{self, NewAuditEvent};
use super::columns::{
    DbCount, DbNumber, DbTime, DbUuid, MaybeTime, MaybeUuid, Undecodable, storable_opt,
};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::counts::{self, What};
use super::error::StoreResult;
use super::schema::{alert_keys, alerts};
use crate::domain::alert::{AlertStatus, Resolution};

pub use activity::{
    Activity, ActivityOrder, NewActivity, activity_of, forget_words_of, list as activity, note,
    recent as recent_activity,
};
pub use list::{AlertFilter, Assigned, count, explain, list, portion};
pub use occurrences::{Occurrence, alert_of_job, list as occurrences};
pub use order::{AlertKey, AlertOrdering, Direction, place};
pub use raise::{NewAlert, Raised, raise};
pub use standing::{Standing, standing};

/// A stored alert.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = alerts)]
pub struct Alert {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: AlertId,
    /// How far people are with it.
    #[diesel(deserialize_as = DbNumber)]
    pub status: AlertStatus,
    /// The worst so far.
    #[diesel(deserialize_as = DbNumber)]
    pub severity: Severity,
    /// Who raised it: `slack`, or the source of a security event.
    pub source: String,
    /// For people.
    pub title: String,
    /// What a security event says of itself. Never content of a message.
    pub description: Option<String>,
    /// The kind of data.
    pub info_type: Option<String>,
    /// The gravest value it was first seen with, as a keyed hash.
    pub fingerprint: Option<String>,
    /// The policy of highest priority that it met first.
    #[diesel(deserialize_as = MaybeUuid)]
    pub policy_id: Option<PolicyId>,
    /// The tenant.
    pub workspace_id: Option<String>,
    /// Slack's channel, where it was seen first.
    pub channel_id: Option<String>,
    /// Slack's user, who wrote it first.
    pub user_id: Option<String>,
    /// The job that saw it last.
    #[diesel(deserialize_as = MaybeUuid)]
    pub job_id: Option<JobId>,
    /// The security event that reported it last.
    #[diesel(deserialize_as = MaybeUuid)]
    pub event_id: Option<SecurityEventId>,
    /// How often it was seen.
    #[diesel(deserialize_as = DbCount)]
    pub occurrences: u64,
    /// When it was seen first.
    #[diesel(deserialize_as = DbTime)]
    pub first_seen_at: DateTime<Utc>,
    /// When it was seen last.
    #[diesel(deserialize_as = DbTime)]
    pub last_seen_at: DateTime<Utc>,
    /// Who works on it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub assignee: Option<UserId>,
    /// Until when it is to be closed.
    #[diesel(deserialize_as = MaybeTime)]
    pub due_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub resolution: Option<String>,
    /// When it ended.
    #[diesel(deserialize_as = MaybeTime)]
    pub closed_at: Option<DateTime<Utc>>,
    /// How often it came back after it was resolved.
    pub reopened: i32,
    /// Grows with every change by people, and when it is reopened.
    pub version: i32,
}

impl Alert {
    /// What a search for the alert looks through, if this is whom it names.
    pub(in crate::store) fn searchable<'a>(
        &'a self,
        user: Option<&'a str>,
    ) -> impl Iterator<Item = &'a str> {
        let texts = [
            Some(self.title.as_str()),
            Some(self.source.as_str()),
            self.description.as_deref(),
            self.info_type.as_deref(),
            self.workspace_id.as_deref(),
            self.channel_id.as_deref(),
            user,
        ];
        texts.into_iter().flatten()
    }
}

impl TryFrom<DbNumber> for AlertStatus {
    type Error = Undecodable;

    fn try_from(number: DbNumber) -> Result<Self, Undecodable> {
        Self::from_number(number.0).ok_or(Undecodable("alert status"))
    }
}

impl Alert {
    /// Whether it should have been closed by then.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        !self.status.is_closed() && self.due_at.is_some_and(|due| due < now)
    }
}

/// An alert.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: AlertId) -> StoreResult<Option<Alert>> {
    Ok(with_conn!(conn, |c| alerts::table
        .find(DbUuid::from(id))
        .select(Alert::as_select())
        .first(c)
        .optional())?)
}

/// Alerts, locked until the transaction ends, in order of id: all transactions lock them in that order. Those
/// that are not there are left out.
///
/// # Errors
/// As any query.
pub fn lock(conn: &mut Conn, ids: &[AlertId]) -> StoreResult<Vec<Alert>> {
    let mut ids: Vec<DbUuid> = ids.iter().copied().map(Into::into).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut locked = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(rows_per_statement(1)) {
        let of_chunk = alerts::table
            .filter(alerts::id.eq_any(chunk))
            .order(alerts::id);
        let rows: Vec<Alert> = match &mut conn.db {
            Database::Postgres(c) => {
                let locked = of_chunk.select(Alert::as_select()).for_update();
                locked.load(c)?
            }
            Database::Sqlite(c) => of_chunk.select(Alert::as_select()).load(c)?,
        };
        locked.extend(rows);
    }
    Ok(locked)
}

/// The alerts that somebody works on, closed ones too.
///
/// # Errors
/// As any query.
pub fn assigned_to(conn: &mut Conn, user: UserId) -> StoreResult<Vec<Alert>> {
    Ok(with_conn!(conn, |c| alerts::table
        .filter(alerts::assignee.eq(DbUuid::from(user)))
        .order(alerts::id)
        .select(Alert::as_select())
        .load(c))?)
}

/// Writes what people may change of an alert that is locked, and gives it its next version.
///
/// # Errors
/// As any query.
pub fn update(conn: &mut Conn, alert: &mut Alert) -> StoreResult<()> {
    let changes = (
        alerts::status.eq(alert.status.as_number()),
        alerts::severity.eq(alert.severity.as_number()),
        alerts::assignee.eq(alert.assignee.map(DbUuid::from)),
        alerts::due_at.eq(alert.due_at.map(DbTime::from)),
        alerts::resolution.eq(storable_opt(alert.resolution.as_ref())),
        alerts::closed_at.eq(alert.closed_at.map(DbTime::from)),
        alerts::reopened.eq(alert.reopened),
        alerts::version.eq(alert.version + 1),
    );
    with_conn!(conn, |c| diesel::update(
        alerts::table.find(DbUuid::from(alert.id))
    )
    .set(changes)
    .execute(c))?;
    alert.version += 1;
    Ok(())
}

/// Opens an alert that is locked: its leak is back, or what closed it no longer holds. Nobody did it, so Weir
/// itself says so.
///
/// # Errors
/// As any query.
pub fn reopen(
    conn: &mut Conn,
    alert: &mut Alert,
    due_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    note_reopening(conn, alert, now)?;
    alert.status = AlertStatus::Open;
    alert.resolution = None;
    alert.closed_at = None;
    alert.due_at = due_at;
    alert.reopened += 1;
    update(conn, alert)
}

fn note_reopening(conn: &mut Conn, alert: &Alert, now: DateTime<Utc>) -> StoreResult<()> {
    let (from, to) = (alert.status, AlertStatus::Open);
    let activity = NewActivity {
        alert: alert.id,
        by: None,
        kind: "reopened",
        text: None,
        data: json!({ "from": from, "to": to, "was": alert.resolution }),
    };
    note(conn, &[activity], now)?;
    // The word may be somebody's own.
    let was = alert.resolution.as_deref().map(Resolution::kind_of);
    let data = json!({ "from": from, "to": to, "was": was });
    let deed = NewAuditEvent::deed("alert.reopened", None, alert.id.to_string(), data);
    audit::append(conn, [deed]);
    counts::add(conn, What::AlertsReopened, alert.severity.as_str(), 1);
    Ok(())
}

/// By what an alert's leak is known again, at most so many keys.
///
/// # Errors
/// As any query.
pub fn keys(conn: &mut Conn, id: AlertId, most: u32) -> StoreResult<Vec<String>> {
    Ok(with_conn!(conn, |c| alert_keys::table
        .filter(alert_keys::alert_id.eq(DbUuid::from(id)))
        .order(alert_keys::key)
        .limit(most.into())
        .select(alert_keys::key)
        .load(c))?)
}
