//! Open jobs whose `due_at` has passed: found, claimed, given up.
//!
//! Owns the sweep's side of a job's life. Leaves making and completing jobs to the parent.
//! **Invariant:** two callers never claim the same job.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Text};
use shared::ids::{JobId, WorkspaceId};
use shared::job::{FailureReason, JobClass, TraceContext};

use super::{Job, JobState, class_number, class_of, complete, open};
use crate::store::clock;
use crate::store::columns::{DbTime, DbUuid, Ts, Undecodable};
use crate::store::connection::{Conn, Database, rows_per_statement, with_conn};
use crate::store::error::StoreResult;
use crate::store::results;
use crate::store::schema::scan_jobs;

/// A job to publish again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueJob {
    /// Its id.
    pub id: JobId,
    /// Whose content it is.
    pub workspace: WorkspaceId,
    /// Which stream it travels on.
    pub class: JobClass,
    /// The version of the envelope the body was sealed in.
    pub wire_version: u16,
    /// The sealed body of its envelope.
    pub payload: Vec<u8>,
    /// How often it was claimed as due, this time included.
    pub attempt: u32,
    /// The trace it belongs to.
    pub trace: TraceContext,
}

/// The tenants that have a due job of the class, after `after` in order of id, at most `limit`. Costs a few
/// index look-ups per tenant with open jobs, however many jobs each has.
///
/// # Errors
/// As any query.
pub fn due_workspaces(
    conn: &mut Conn,
    class: JobClass,
    after: Option<&WorkspaceId>,
    limit: u32,
) -> StoreResult<Vec<WorkspaceId>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        workspace_id: String,
    }
    let now = clock::now(conn)?;
    let after = after.map_or("", WorkspaceId::as_str);
    let rows: Vec<Found> = with_conn!(conn, |c| diesel::sql_query(DUE_WORKSPACES)
        .bind::<SmallInt, _>(class_number(class))
        .bind::<Text, _>(after)
        .bind::<Ts, _>(DbTime::from(now))
        .bind::<BigInt, _>(i64::from(limit))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|row| WorkspaceId::new(row.workspace_id))
        .collect())
}

/// Jumps from tenant to tenant in the index of open jobs. `ORDER BY … LIMIT 1` in scalar subqueries, because
/// PostgreSQL would read all open jobs for a `min` or an `EXISTS` while its statistics are stale, which they
/// are just when a backlog grows. The parameters stand in order of first mention: SQLite numbers them so.
const DUE_WORKSPACES: &str = "
WITH RECURSIVE tenant (workspace_id) AS (
    SELECT (SELECT j.workspace_id FROM scan_jobs j
            WHERE j.state = 1 AND j.class = $1 AND j.workspace_id > $2
            ORDER BY j.workspace_id LIMIT 1)
  UNION ALL
    SELECT (SELECT j.workspace_id FROM scan_jobs j
            WHERE j.state = 1 AND j.class = $1 AND j.workspace_id > tenant.workspace_id
            ORDER BY j.workspace_id LIMIT 1)
    FROM tenant WHERE tenant.workspace_id IS NOT NULL
)
SELECT workspace_id FROM tenant
WHERE workspace_id IS NOT NULL
  AND (SELECT j.due_at FROM scan_jobs j
       WHERE j.state = 1 AND j.class = $1 AND j.workspace_id = tenant.workspace_id
       ORDER BY j.due_at LIMIT 1) <= $3
LIMIT $4";

/// How many jobs a claim takes, and when the claimed are due again.
pub struct Claim<'a> {
    /// At most so many.
    pub limit: u32,
    /// Jobs claimed so often already are left for [`give_up`].
    pub max_attempts: u32,
    /// How long until a job is due again, by how often it was claimed before.
    pub next_delay: &'a (dyn Fn(u32) -> Duration + Send + Sync),
}

/// Takes due jobs of a tenant, oldest first, and moves their `due_at` on. Two callers never get the same job.
/// Call it through [`Store::write`](crate::store::Store::write).
///
/// # Errors
/// As any query.
pub fn claim_due(
    conn: &mut Conn,
    class: JobClass,
    workspace: &WorkspaceId,
    claim: &Claim<'_>,
) -> StoreResult<Vec<DueJob>> {
    let now = clock::now(conn)?;
    let due = scan_jobs::table
        .filter(open())
        .filter(scan_jobs::class.eq(class_number(class)))
        .filter(scan_jobs::workspace_id.eq(workspace.as_str()))
        .filter(scan_jobs::due_at.le(DbTime::from(now)))
        .filter(scan_jobs::attempt.lt(whole(claim.max_attempts)))
        .order(scan_jobs::due_at)
        .limit(i64::from(claim.limit));
    let rows: Vec<DueRow> = match &mut conn.db {
        Database::Postgres(c) => due
            .select(DueRow::as_select())
            .for_update()
            .skip_locked()
            .load(c)?,
        // SQLite has one writer, and this is it.
        Database::Sqlite(c) => due.select(DueRow::as_select()).load(c)?,
    };
    let mut by_attempt: BTreeMap<i32, Vec<DbUuid>> = BTreeMap::new();
    for row in &rows {
        by_attempt.entry(row.attempt).or_default().push(row.id);
    }
    for (attempt, ids) in by_attempt {
        let delay = (claim.next_delay)(u32::try_from(attempt).unwrap_or_default());
        move_on(conn, &ids, clock::after(now, delay))?;
    }
    rows.into_iter().map(DueRow::claimed).collect()
}

/// Makes all open jobs due now; says how many were not. For when the queue lost its memory.
///
/// # Errors
/// As any query.
pub fn make_all_due(conn: &mut Conn) -> StoreResult<usize> {
    let now = DbTime::from(clock::now(conn)?);
    Ok(with_conn!(conn, |c| diesel::update(
        scan_jobs::table
            .filter(open())
            .filter(scan_jobs::due_at.gt(now))
    )
    .set(scan_jobs::due_at.eq(now))
    .execute(c))?)
}

/// Fails the due jobs that were claimed `max_attempts` times, at most `limit`, with a result that says
/// `too_many_attempts`; gives them. A real result that still comes is a duplicate then.
/// Call it through [`Store::write`](crate::store::Store::write).
///
/// # Errors
/// As any query.
pub fn give_up(conn: &mut Conn, max_attempts: u32, limit: u32) -> StoreResult<Vec<Job>> {
    let now = clock::now(conn)?;
    let worn_out = scan_jobs::table
        .filter(open())
        .filter(scan_jobs::due_at.le(DbTime::from(now)))
        .filter(scan_jobs::attempt.ge(whole(max_attempts)))
        .limit(i64::from(limit));
    let mut jobs: Vec<Job> = match &mut conn.db {
        Database::Postgres(c) => worn_out
            .select(Job::as_select())
            .for_update()
            .skip_locked()
            .load(c)?,
        Database::Sqlite(c) => worn_out.select(Job::as_select()).load(c)?,
    };
    results::insert_failures(conn, &jobs, FailureReason::TooManyAttempts, now)?;
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    complete(conn, &ids, (JobState::Failed, false), now)?;
    for job in &mut jobs {
        job.state = JobState::Failed;
        job.completed_at = Some(now);
    }
    Ok(jobs)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = scan_jobs)]
struct DueRow {
    id: DbUuid,
    workspace_id: String,
    class: i16,
    wire_version: i16,
    payload: Option<Vec<u8>>,
    attempt: i32,
    traceparent: Option<String>,
    tracestate: Option<String>,
}

impl DueRow {
    fn claimed(self) -> StoreResult<DueJob> {
        Ok(DueJob {
            id: self.id.into(),
            workspace: WorkspaceId::new(self.workspace_id),
            class: class_of(self.class)?,
            wire_version: u16::try_from(self.wire_version)
                .map_err(|_negative| Undecodable("wire version"))?,
            payload: self.payload.ok_or(Undecodable("payload of an open job"))?,
            attempt: u32::try_from(self.attempt)
                .unwrap_or_default()
                .saturating_add(1),
            trace: TraceContext {
                traceparent: self.traceparent,
                tracestate: self.tracestate,
            },
        })
    }
}

fn move_on(conn: &mut Conn, ids: &[DbUuid], due_at: DateTime<Utc>) -> StoreResult<()> {
    for chunk in ids.chunks(rows_per_statement(1)) {
        with_conn!(conn, |c| diesel::update(
            scan_jobs::table.filter(scan_jobs::id.eq_any(chunk))
        )
        .set((
            scan_jobs::attempt.eq(scan_jobs::attempt + 1),
            scan_jobs::due_at.eq(DbTime::from(due_at)),
        ))
        .execute(c))?;
    }
    Ok(())
}

fn whole(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}
