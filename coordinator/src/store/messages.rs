//! Caught messages: Slack jobs in which something was found, with all that is known of them.
//!
//! Owns the join the API's message list is made of. Leaves each part's row to its own file.
//! **Invariant:** a page costs four queries, however many messages it shows.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::ids::{JobId, WorkspaceId};

use super::columns::DbUuid;
use super::connection::{Conn, Database, with_conn};
use super::error::StoreResult;
use super::findings::{self, StoredFinding};
use super::held::{self, HeldMessage};
use super::jobs::Job;
use super::outbox::{self, StoredAction};
use super::page::{Explained, Page, Paging, Seen, total_of};
use super::results::ResultRow;
use super::schema::{scan_jobs, scan_results};
use super::violations::{self, Violation};

/// A message in which something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaughtMessage {
    /// The job: who, where, when.
    pub job: Job,
    /// How the scan went.
    pub result: ResultRow,
    /// What was found, in order of position.
    pub findings: Vec<StoredFinding>,
    /// The policies it met.
    pub violations: Vec<Violation>,
    /// What was done about it.
    pub actions: Vec<StoredAction>,
    /// What became of it, if it was to be blocked.
    pub held: Option<HeldMessage>,
}

/// What a list of messages shows.
#[derive(Clone, Debug, Default, Hash)]
pub struct MessageFilter {
    /// Only of that tenant.
    pub workspace: Option<WorkspaceId>,
    /// Only in that channel.
    pub channel_id: Option<String>,
    /// Only by that author.
    pub user_id: Option<String>,
}

/// A caught message, by its job.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, job: JobId) -> StoreResult<Option<CaughtMessage>> {
    let row: Option<(Job, ResultRow)> = with_conn!(conn, |c| scan_jobs::table
        .inner_join(scan_results::table)
        .filter(scan_jobs::id.eq(DbUuid::from(job)))
        .filter(caught())
        .select((Job::as_select(), ResultRow::as_select()))
        .first(c)
        .optional())?;
    Ok(with_parts(conn, row.into_iter().collect())?.pop())
}

/// Caught messages, newest first.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &MessageFilter,
    paging: Paging,
) -> StoreResult<Page<CaughtMessage>> {
    let rows: Vec<(Job, ResultRow)> = with_conn!(conn, |c| page_of!(filter, paging).load(c))?;
    let total = total_of!(
        conn,
        filter,
        Seen::of(paging, rows.len()),
        filtered!(filter, scan_jobs::table)
    )?;
    let messages: Vec<CaughtMessage> = with_parts(conn, rows)?;
    Ok(Page::new(messages, total))
}

/// How PostgreSQL would find a page; empty on SQLite.
///
/// # Errors
/// As any query.
pub fn explain(
    conn: &mut Conn,
    filter: &MessageFilter,
    paging: Paging,
) -> StoreResult<Vec<String>> {
    match &mut conn.db {
        Database::Postgres(c) => Ok(Explained(page_of!(filter, paging)).load(c)?),
        Database::Sqlite(_) => Ok(Vec::new()),
    }
}

/// The jobs that pass, alone or joined with their results.
macro_rules! filtered {
    ($filter:expr, $jobs:expr) => {{
        let mut query = $jobs.filter(caught()).into_boxed();
        if let Some(workspace) = &$filter.workspace {
            query = query.filter(scan_jobs::workspace_id.eq(workspace.as_str()));
        }
        if let Some(channel) = &$filter.channel_id {
            query = query.filter(scan_jobs::channel_id.eq(channel));
        }
        if let Some(user) = &$filter.user_id {
            query = query.filter(scan_jobs::user_id.eq(user));
        }
        query
    }};
}
use filtered;

/// A page of them.
macro_rules! page_of {
    ($filter:expr, $paging:expr) => {
        filtered!($filter, scan_jobs::table.inner_join(scan_results::table))
            .filter(scan_jobs::id.lt($paging.below()))
            .order(scan_jobs::id.desc())
            .limit($paging.rows())
            .select((Job::as_select(), ResultRow::as_select()))
    };
}
use page_of;

/// Literal, for the partial indexes of caught messages.
fn caught() -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>("(scan_jobs.caught AND scan_jobs.origin = 1)")
}

fn with_parts(conn: &mut Conn, rows: Vec<(Job, ResultRow)>) -> StoreResult<Vec<CaughtMessage>> {
    let ids: Vec<JobId> = rows.iter().map(|(job, _)| job.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = findings::of_jobs(conn, &ids)?;
    let mut violated = violations::of_jobs(conn, &ids)?;
    let mut done = outbox::of_jobs(conn, &ids)?;
    let mut blocked = held::of_jobs(conn, &ids)?;
    let messages = rows.into_iter().map(|(job, result)| CaughtMessage {
        findings: found
            .extract_if(.., |finding| finding.job_id == job.id)
            .collect(),
        violations: violated
            .extract_if(.., |violation| violation.job_id == job.id)
            .collect(),
        actions: done
            .extract_if(.., |action| action.job_id == Some(job.id))
            .collect(),
        held: blocked
            .iter()
            .position(|held| held.job_id == job.id)
            .map(|at| blocked.swap_remove(at)),
        job,
        result,
    });
    Ok(messages.collect())
}
