//! `alerts`: what people work on.
//!
//! Owns the rows: raising them (`raise`) and reading them. What the same leak is known by is for whoever
//! raises an alert; which step may follow which is for `domain::alert`.
//! **Invariant:** one row for each leak; its severity never falls by being seen again.

mod raise;
mod standing;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, PolicyId, SecurityEventId, UserId};

use super::columns::{DbCount, DbNumber, DbTime, DbUuid, MaybeTime, MaybeUuid, Undecodable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging};
use super::schema::alerts;
use crate::domain::alert::AlertStatus;

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

/// What a list of alerts shows.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    /// Only with that status.
    pub status: Option<AlertStatus>,
    /// Only that bad.
    pub severity: Option<Severity>,
}

impl TryFrom<DbNumber> for AlertStatus {
    type Error = Undecodable;

    fn try_from(number: DbNumber) -> Result<Self, Undecodable> {
        Self::from_number(number.0).ok_or(Undecodable("alert status"))
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

/// Alerts, newest first.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn, filter: &AlertFilter, paging: Paging) -> StoreResult<Page<Alert>> {
    let (rows, total) = with_conn!(conn, |c| {
        let mut page = alerts::table.into_boxed();
        let mut all = alerts::table.into_boxed();
        if let Some(status) = filter.status {
            page = page.filter(alerts::status.eq(status.as_number()));
            all = all.filter(alerts::status.eq(status.as_number()));
        }
        if let Some(severity) = filter.severity {
            page = page.filter(alerts::severity.eq(severity.as_number()));
            all = all.filter(alerts::severity.eq(severity.as_number()));
        }
        let rows: Vec<Alert> = page
            .filter(alerts::id.lt(paging.below()))
            .order(alerts::id.desc())
            .limit(paging.rows())
            .select(Alert::as_select())
            .load(c)?;
        (rows, all.count().get_result::<i64>(c)?)
    });
    Ok(Page::new(rows, total))
}

/// Gives an alert another status if nobody changed it since `version`; `false` if somebody did, or if there
/// is no such alert.
///
/// # Errors
/// As any query.
pub fn set_status(
    conn: &mut Conn,
    id: AlertId,
    version: i32,
    status: AlertStatus,
) -> StoreResult<bool> {
    let changed = with_conn!(conn, |c| diesel::update(
        alerts::table
            .find(DbUuid::from(id))
            .filter(alerts::version.eq(version))
    )
    .set((
        alerts::status.eq(status.as_number()),
        alerts::version.eq(alerts::version + 1),
    ))
    .execute(c))?;
    Ok(changed == 1)
}
