//! `alerts`: what people work on.
//!
//! Owns folding the same leak seen again into one row. Leaves what an alert is grouped by to `domain`.
//! **Invariant:** one row per group key; its severity never falls by being seen again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::SmallInt;
use diesel::upsert::excluded;
use shared::finding::{InfoType, Severity};
use shared::ids::{AlertId, JobId, PolicyId, WorkspaceId};

use super::columns::{DbCount, DbNumber, DbTime, DbUuid, MaybeUuid, storable, storable_opt};
use super::connection::{Conn, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging};
use super::schema::alerts;

/// An alert to raise.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// Its id, if it is the first of its group.
    pub id: AlertId,
    /// What it has in common with the same leak seen again.
    pub group_key: String,
    /// How bad.
    pub severity: Severity,
    /// Who raised it: `slack`, `api`.
    pub source: String,
    /// For people. Never content.
    pub title: String,
    /// The kind of data.
    pub info_type: Option<InfoType>,
    /// The policy.
    pub policy: Option<PolicyId>,
    /// The tenant.
    pub workspace: Option<WorkspaceId>,
    /// Slack's channel.
    pub channel_id: Option<String>,
    /// Slack's user.
    pub user_id: Option<String>,
    /// The job that found it.
    pub job: Option<JobId>,
}

/// A stored alert.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = alerts)]
pub struct Alert {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: AlertId,
    /// What it has in common with the same leak seen again.
    pub group_key: String,
    /// How far people are with it: `OPEN` at first.
    pub status: String,
    /// The worst so far.
    #[diesel(deserialize_as = DbNumber)]
    pub severity: Severity,
    /// Who raised it.
    pub source: String,
    /// For people.
    pub title: String,
    /// The kind of data.
    pub info_type: Option<String>,
    /// The policy.
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
    /// How often it was seen.
    #[diesel(deserialize_as = DbCount)]
    pub occurrences: u64,
    /// When it was seen first.
    #[diesel(deserialize_as = DbTime)]
    pub first_seen_at: DateTime<Utc>,
    /// When it was seen last.
    #[diesel(deserialize_as = DbTime)]
    pub last_seen_at: DateTime<Utc>,
    /// Grows with every change by people.
    pub version: i32,
}

/// What a list of alerts shows.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    /// Only with that status.
    pub status: Option<String>,
    /// Only that bad.
    pub severity: Option<Severity>,
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
        if let Some(status) = &filter.status {
            page = page.filter(alerts::status.eq(status));
            all = all.filter(alerts::status.eq(status));
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
pub fn set_status(conn: &mut Conn, id: AlertId, version: i32, status: &str) -> StoreResult<bool> {
    let changed = with_conn!(conn, |c| diesel::update(
        alerts::table
            .find(DbUuid::from(id))
            .filter(alerts::version.eq(version))
    )
    .set((
        alerts::status.eq(status),
        alerts::version.eq(alerts::version + 1),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

#[derive(Insertable)]
#[diesel(table_name = alerts, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    group_key: Cow<'a, str>,
    status: &'a str,
    severity: i16,
    source: Cow<'a, str>,
    title: Cow<'a, str>,
    info_type: Option<Cow<'a, str>>,
    policy_id: Option<DbUuid>,
    workspace_id: Option<Cow<'a, str>>,
    channel_id: Option<Cow<'a, str>>,
    user_id: Option<Cow<'a, str>>,
    job_id: Option<DbUuid>,
    occurrences: i64,
    first_seen_at: DbTime,
    last_seen_at: DbTime,
    version: i32,
}

diesel::define_sql_function! {
    /// SQLite's two-argument `max`.
    #[sql_name = "max"]
    fn larger_in_sqlite(a: SmallInt, b: SmallInt) -> SmallInt;
}

diesel::define_sql_function! {
    /// PostgreSQL's `greatest`.
    #[sql_name = "greatest"]
    fn larger_in_postgres(a: SmallInt, b: SmallInt) -> SmallInt;
}

/// Raises alerts: a new row for a new group, one occurrence more for a known one.
///
/// # Errors
/// As any query.
pub fn raise<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = &'a NewAlert>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    // A statement may touch a row once only, and all transactions touch them in one order.
    let mut groups: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for alert in new {
        groups
            .entry(&alert.group_key)
            .and_modify(|row| {
                row.occurrences += 1;
                row.severity = row.severity.max(alert.severity.as_number());
                row.job_id = alert.job.map(Into::into);
            })
            .or_insert_with(|| row(alert, now));
    }
    let rows: Vec<Row<'_>> = groups.into_values().collect();
    for chunk in rows.chunks(rows_per_statement(16)) {
        upsert(conn, chunk)?;
    }
    Ok(())
}

fn upsert(conn: &mut Conn, rows: &[Row<'_>]) -> StoreResult<()> {
    use super::connection::Database;

    macro_rules! upsert_with {
        ($c:ident, $larger:ident) => {
            diesel::insert_into(alerts::table)
                .values(rows)
                .on_conflict(alerts::group_key)
                .do_update()
                .set((
                    alerts::occurrences.eq(alerts::occurrences + excluded(alerts::occurrences)),
                    alerts::severity.eq($larger(alerts::severity, excluded(alerts::severity))),
                    alerts::last_seen_at.eq(excluded(alerts::last_seen_at)),
                    alerts::job_id.eq(excluded(alerts::job_id)),
                ))
                .execute($c)?
        };
    }
    match &mut conn.db {
        Database::Postgres(c) => upsert_with!(c, larger_in_postgres),
        Database::Sqlite(c) => upsert_with!(c, larger_in_sqlite),
    };
    Ok(())
}

fn row(alert: &NewAlert, now: DateTime<Utc>) -> Row<'_> {
    Row {
        id: alert.id.into(),
        group_key: storable(&alert.group_key),
        status: "OPEN",
        severity: alert.severity.as_number(),
        source: storable(&alert.source),
        title: storable(&alert.title),
        info_type: alert
            .info_type
            .as_ref()
            .map(|kind| Cow::Borrowed(kind.as_str())),
        policy_id: alert.policy.map(Into::into),
        workspace_id: alert.workspace.as_ref().map(|id| storable(id.as_str())),
        channel_id: storable_opt(alert.channel_id.as_ref()),
        user_id: storable_opt(alert.user_id.as_ref()),
        job_id: alert.job.map(Into::into),
        occurrences: 1,
        first_seen_at: now.into(),
        last_seen_at: now.into(),
        version: 1,
    }
}
