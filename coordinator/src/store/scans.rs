//! Scans: jobs beside what became of them.
//!
//! Owns reading the two together. Leaves writing them to `jobs` and `results`.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::ids::{JobId, WorkspaceId};

use super::columns::DbUuid;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::jobs::{Job, JobOrigin, JobState};
use super::page::{Page, Paging, Seen, total_of};
use super::results::ResultRow;
use super::schema::{scan_jobs, scan_results};

/// What a list of jobs shows.
#[derive(Clone, Debug, Default, Hash)]
pub struct ScanFilter {
    /// Only from there.
    pub origin: Option<JobOrigin>,
    /// Only that far.
    pub state: Option<JobState>,
    /// Only of that tenant.
    pub workspace: Option<WorkspaceId>,
}

/// A job and its result.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: JobId) -> StoreResult<Option<(Job, Option<ResultRow>)>> {
    Ok(with_conn!(conn, |c| scan_jobs::table
        .left_join(scan_results::table)
        .filter(scan_jobs::id.eq(DbUuid::from(id)))
        .select((Job::as_select(), Option::<ResultRow>::as_select()))
        .first(c)
        .optional())?)
}

/// Jobs and their results, newest first.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &ScanFilter,
    paging: Paging,
) -> StoreResult<Page<(Job, Option<ResultRow>)>> {
    macro_rules! filtered {
        ($jobs:expr) => {{
            let mut query = $jobs.into_boxed();
            if let Some(origin) = filter.origin {
                query = query.filter(from(origin));
            }
            if let Some(state) = filter.state {
                query = query.filter(scan_jobs::state.eq(state.number()));
            }
            if let Some(workspace) = &filter.workspace {
                query = query.filter(scan_jobs::workspace_id.eq(workspace.as_str()));
            }
            query
        }};
    }
    let rows: Vec<(Job, Option<ResultRow>)> = with_conn!(conn, |c| filtered!(
        scan_jobs::table.left_join(scan_results::table)
    )
    .filter(scan_jobs::id.lt(paging.below()))
    .order(scan_jobs::id.desc())
    .limit(paging.rows())
    .select((Job::as_select(), Option::<ResultRow>::as_select()))
    .load(c))?;
    let total = total_of!(
        conn,
        filter,
        Seen::of(paging, rows.len()),
        filtered!(scan_jobs::table)
    )?;
    Ok(Page::new(rows, total))
}

/// Literal for the same reason.
fn from(origin: JobOrigin) -> diesel::expression::SqlLiteral<Bool> {
    match origin {
        JobOrigin::Slack => sql::<Bool>("scan_jobs.origin = 1"),
        JobOrigin::Api => sql::<Bool>("scan_jobs.origin = 2"),
    }
}
