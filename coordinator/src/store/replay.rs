//! Messages of the past, as policies saw them.
//!
//! Owns walking them newest first, a few at a time: no call holds a connection for longer than one batch.
//! Leaves deciding over them to `domain::policy::replay`.
//! **Invariant:** what a suppression kept from counting then is left out; the message's text is not needed.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::content::Location;
use shared::finding::{Finding, Fingerprint, InfoType, Likelihood, Severity};
use shared::ids::{DetectorId, FindingId, JobId};
use uuid::Uuid;

use super::columns::{DbNumber, DbText, DbTime, DbUuid};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::jobs::Job;
use super::made;
use super::schema::{findings, scan_jobs, scan_results};
use crate::domain::policy::replay::Seen;

/// Caught messages that came in since `from`, newest first, those before `before` if it is given.
///
/// # Errors
/// As any query.
pub fn batch(
    conn: &mut Conn,
    from: DateTime<Utc>,
    before: Option<JobId>,
    limit: u32,
) -> StoreResult<Vec<Seen>> {
    let below = before.map_or(DbUuid(Uuid::max()), DbUuid::from);
    let jobs: Vec<Job> = with_conn!(conn, |c| scan_jobs::table
        .inner_join(scan_results::table)
        // Literal, for the partial index of results with findings.
        .filter(sql::<Bool>(
            "(scan_results.finding_count > 0 AND scan_jobs.origin = 1)"
        ))
        .filter(scan_results::job_id.lt(below))
        .filter(scan_results::job_id.ge(made::earliest(from)))
        .filter(scan_jobs::created_at.ge(DbTime::from(from)))
        .order(scan_results::job_id.desc())
        .limit(i64::from(limit))
        .select(Job::as_select())
        .load(c))?;
    let mut found = findings_of(conn, &jobs)?.into_iter().peekable();
    let seen = jobs.into_iter().map(|job| Seen {
        findings: std::iter::from_fn(|| found.next_if(|(of, _)| *of == job.id))
            .map(|(_, finding)| finding)
            .collect(),
        job: job.id,
        at: job.created_at,
        context: job.context(),
    });
    Ok(seen.collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = findings)]
struct Row {
    id: DbUuid,
    job_id: DbUuid,
    #[diesel(deserialize_as = DbText)]
    info_type: InfoType,
    detector: String,
    #[diesel(deserialize_as = DbNumber)]
    likelihood: Likelihood,
    #[diesel(deserialize_as = DbNumber)]
    severity: Severity,
    fingerprint: String,
}

/// As much of the findings as a policy looks at, in the order of the jobs.
fn findings_of(conn: &mut Conn, jobs: &[Job]) -> StoreResult<Vec<(JobId, Finding)>> {
    let ids: Vec<DbUuid> = jobs.iter().map(|job| job.id.into()).collect();
    let rows: Vec<Row> = with_conn!(conn, |c| findings::table
        .filter(findings::job_id.eq_any(&ids))
        .filter(findings::suppressed_by.is_null())
        .order((findings::job_id.desc(), findings::id))
        .select(Row::as_select())
        .load(c))?;
    let findings = rows.into_iter().map(|row| {
        let finding = Finding {
            id: FindingId::from(row.id),
            info_type: row.info_type,
            detector: DetectorId::new(row.detector),
            likelihood: row.likelihood,
            severity: row.severity,
            start: 0,
            end: 0,
            preview: String::new(),
            fingerprint: Fingerprint::new(row.fingerprint),
            location: Location::default(),
            explanation: Vec::new(),
        };
        (JobId::from(row.job_id), finding)
    });
    Ok(findings.collect())
}
