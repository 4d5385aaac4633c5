//! `findings`: what was found, as reported.
//!
//! Owns the rows and the list the API shows. Leaves committing to `results`.
//! **Invariant:** a finding belongs to a committed result.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::content::Location;
use shared::finding::{Evidence, Finding, Fingerprint, InfoType, Likelihood, Severity};
use shared::ids::{DetectorId, FindingId, JobId, SuppressionId};

use super::columns::{
    DbCount, DbJson, DbNumber, DbText, DbTime, DbUuid, MaybeUuid, Undecodable, signed, storable,
};
use super::connection::{Conn, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging, Seen, total_of};
use super::schema::findings;
use super::violations::JsonList;

/// A finding and the job it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFinding {
    /// The job.
    pub job_id: JobId,
    /// When its result was committed.
    pub created_at: DateTime<Utc>,
    /// The finding as reported.
    pub finding: Finding,
    /// What kept it from counting for policies.
    pub suppressed_by: Option<SuppressionId>,
}

/// What a list of findings shows.
#[derive(Clone, Debug, Default, Hash)]
pub struct FindingFilter {
    /// Only of that kind.
    pub info_type: Option<InfoType>,
    /// Only as sure as that.
    pub min_likelihood: Option<Likelihood>,
    /// Only of that job.
    pub job: Option<JobId>,
}

/// The findings of a job, in order of position.
///
/// # Errors
/// As any query.
pub fn of_job(conn: &mut Conn, job: JobId) -> StoreResult<Vec<Finding>> {
    let found = of_jobs(conn, &[job])?;
    Ok(found.into_iter().map(|stored| stored.finding).collect())
}

/// The findings of jobs, in order of job and position.
///
/// # Errors
/// As any query.
pub fn of_jobs(conn: &mut Conn, jobs: &[JobId]) -> StoreResult<Vec<StoredFinding>> {
    let jobs: Vec<DbUuid> = jobs.iter().copied().map(Into::into).collect();
    let rows: Vec<ReadRow> = with_conn!(conn, |c| findings::table
        .filter(findings::job_id.eq_any(&jobs))
        .order((findings::job_id, findings::start_byte, findings::id))
        .select(ReadRow::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Findings, newest first.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: &FindingFilter,
    paging: Paging,
) -> StoreResult<Page<StoredFinding>> {
    macro_rules! filtered {
        () => {{
            let mut query = findings::table.into_boxed();
            if let Some(info_type) = &filter.info_type {
                query = query.filter(findings::info_type.eq(info_type.as_str()));
            }
            if let Some(least) = filter.min_likelihood {
                query = query.filter(findings::likelihood.ge(least.as_number()));
            }
            if let Some(job) = filter.job {
                query = query.filter(findings::job_id.eq(DbUuid::from(job)));
            }
            query
        }};
    }
    let rows: Vec<ReadRow> = with_conn!(conn, |c| filtered!()
        .filter(findings::id.lt(paging.below()))
        .order(findings::id.desc())
        .limit(paging.rows())
        .select(ReadRow::as_select())
        .load(c))?;
    let total = total_of!(conn, filter, Seen::of(paging, rows.len()), filtered!())?;
    Ok(Page::new(rows, total))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = findings)]
struct ReadRow {
    id: DbUuid,
    job_id: DbUuid,
    #[diesel(deserialize_as = DbText)]
    info_type: InfoType,
    detector: String,
    #[diesel(deserialize_as = DbNumber)]
    likelihood: Likelihood,
    #[diesel(deserialize_as = DbNumber)]
    severity: Severity,
    #[diesel(deserialize_as = DbCount)]
    start_byte: u64,
    #[diesel(deserialize_as = DbCount)]
    end_byte: u64,
    preview: String,
    fingerprint: String,
    #[diesel(deserialize_as = DbJson)]
    location: StoredLocation,
    #[diesel(deserialize_as = DbJson)]
    explanation: JsonList<Evidence>,
    #[diesel(deserialize_as = MaybeUuid)]
    suppressed_by: Option<SuppressionId>,
    created_at: DbTime,
}

struct StoredLocation(Location);

impl TryFrom<DbJson> for StoredLocation {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("location").map(Self)
    }
}

impl From<ReadRow> for StoredFinding {
    fn from(row: ReadRow) -> Self {
        Self {
            job_id: row.job_id.into(),
            created_at: row.created_at.into(),
            suppressed_by: row.suppressed_by,
            finding: Finding {
                id: FindingId::from(row.id),
                info_type: row.info_type,
                detector: DetectorId::new(row.detector),
                likelihood: row.likelihood,
                severity: row.severity,
                start: row.start_byte,
                end: row.end_byte,
                preview: row.preview,
                fingerprint: Fingerprint::new(row.fingerprint),
                location: row.location.0,
                explanation: row.explanation.0,
            },
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = findings, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    job_id: DbUuid,
    info_type: &'a str,
    detector: Cow<'a, str>,
    likelihood: i16,
    severity: i16,
    start_byte: i64,
    end_byte: i64,
    preview: Cow<'a, str>,
    fingerprint: Cow<'a, str>,
    location: DbJson,
    explanation: DbJson,
    suppressed_by: Option<DbUuid>,
    created_at: DbTime,
}

/// A finding whose id is known already is left out: ids come from nodes, and a node that repeats one must
/// not keep a whole batch of results from being committed.
pub(super) fn insert<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = (JobId, &'a Finding)>,
    suppressed: &HashMap<FindingId, SuppressionId>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows = new
        .map(|(job, finding)| {
            let suppressed_by = suppressed.get(&finding.id).copied().map(Into::into);
            let row = row(job, finding, now)?;
            Ok(Row {
                suppressed_by,
                ..row
            })
        })
        .collect::<StoreResult<Vec<_>>>()?;
    for chunk in rows.chunks(rows_per_statement(14)) {
        with_conn!(conn, |c| diesel::insert_into(findings::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

fn row(job: JobId, finding: &Finding, now: DateTime<Utc>) -> StoreResult<Row<'_>> {
    Ok(Row {
        id: finding.id.into(),
        job_id: job.into(),
        info_type: finding.info_type.as_str(),
        detector: storable(finding.detector.as_str()),
        likelihood: finding.likelihood.as_number(),
        severity: finding.severity.as_number(),
        start_byte: signed(finding.start),
        end_byte: signed(finding.end),
        preview: storable(&finding.preview),
        fingerprint: storable(finding.fingerprint.as_str()),
        location: DbJson::of(&finding.location)?,
        explanation: DbJson::of(&finding.explanation)?,
        suppressed_by: None,
        created_at: now.into(),
    })
}
