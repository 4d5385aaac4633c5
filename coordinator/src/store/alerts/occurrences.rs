//! `alert_occurrences`: where and when a leak was seen.
//!
//! Owns the list; `raise` writes the rows. **Invariant:** each sighting is one row.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::finding::Severity;
use shared::ids::{AlertId, JobId, OccurrenceId, SecurityEventId};

use crate::store::columns::{DbNumber, DbTime, DbUuid, MaybeUuid};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{Page, Paging, Seen, total_of};
use crate::store::schema::alert_occurrences;

/// Once that a leak was seen.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = alert_occurrences)]
pub struct Occurrence {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: OccurrenceId,
    /// The job that found it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub job_id: Option<JobId>,
    /// The security event that reported it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub event_id: Option<SecurityEventId>,
    /// The tenant.
    pub workspace_id: Option<String>,
    /// Slack's channel.
    pub channel_id: Option<String>,
    /// Slack's user.
    pub user_id: Option<String>,
    /// Slack's message.
    pub message_ts: Option<String>,
    /// How bad it was this time.
    #[diesel(deserialize_as = DbNumber)]
    pub severity: Severity,
    /// When.
    #[diesel(deserialize_as = DbTime)]
    pub seen_at: DateTime<Utc>,
}

/// Where a leak was seen, newest first.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn, alert: AlertId, paging: Paging) -> StoreResult<Page<Occurrence>> {
    let all =
        || alert_occurrences::table.filter(alert_occurrences::alert_id.eq(DbUuid::from(alert)));
    let rows: Vec<Occurrence> = with_conn!(conn, |c| all()
        .filter(alert_occurrences::id.lt(paging.below()))
        .order(alert_occurrences::id.desc())
        .limit(paging.rows())
        .select(Occurrence::as_select())
        .load(c))?;
    let list = ("occurrences", alert);
    let total = total_of!(conn, &list, Seen::of(paging, rows.len()), all())?;
    Ok(Page::new(rows, total))
}

/// The alert that a job raised, or was seen by.
///
/// # Errors
/// As any query.
pub fn alert_of_job(conn: &mut Conn, job: JobId) -> StoreResult<Option<AlertId>> {
    let alert: Option<DbUuid> = with_conn!(conn, |c| alert_occurrences::table
        .filter(alert_occurrences::job_id.eq(DbUuid::from(job)))
        .order(alert_occurrences::id.desc())
        .select(alert_occurrences::alert_id)
        .first(c)
        .optional())?;
    Ok(alert.map(Into::into))
}
