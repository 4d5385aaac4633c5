//! `violations`: which message met which policy.
//!
//! Owns the rows. Leaves deciding to `domain::policy` and committing to `results`.
//! **Invariant:** a violation belongs to a committed result.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::finding::{Finding, Severity};
use shared::ids::{FindingId, JobId, PolicyId, ViolationId};

use super::columns::{DbJson, DbNumber, DbTime, DbUuid, Undecodable, storable};
use super::connection::{Conn, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::schema::violations;
use crate::domain::policy::{Action, Decision, PolicyMode};

/// A violation to store.
#[derive(Clone, Debug)]
pub struct NewViolation {
    /// Its id.
    pub id: ViolationId,
    /// What was decided.
    pub decision: Decision,
}

/// A stored violation.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = violations)]
pub struct Violation {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: ViolationId,
    /// The job whose content it was.
    #[diesel(deserialize_as = DbUuid)]
    pub job_id: JobId,
    /// The policy.
    #[diesel(deserialize_as = DbUuid)]
    pub policy_id: PolicyId,
    /// The policy's name at the time.
    pub policy_name: String,
    /// The policy's mode at the time.
    #[diesel(deserialize_as = DbNumber)]
    pub mode: PolicyMode,
    /// How bad it was.
    #[diesel(deserialize_as = DbNumber)]
    pub severity: Severity,
    /// The findings that counted.
    #[diesel(deserialize_as = DbJson)]
    pub finding_ids: FindingIds,
    /// The policy's actions at the time, without addresses.
    #[diesel(deserialize_as = DbJson)]
    pub actions: Actions,
    /// When it was decided.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
}

/// Findings, by id.
pub type FindingIds = JsonList<FindingId>;
/// Actions of a policy.
pub type Actions = JsonList<Action>;

/// A list that a column keeps as a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonList<T>(pub Vec<T>);

impl<T: serde::de::DeserializeOwned> TryFrom<DbJson> for JsonList<T> {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("list").map(Self)
    }
}

/// The violations of jobs, in order of job and making.
///
/// # Errors
/// As any query.
pub fn of_jobs(conn: &mut Conn, jobs: &[JobId]) -> StoreResult<Vec<Violation>> {
    let jobs: Vec<DbUuid> = jobs.iter().copied().map(Into::into).collect();
    Ok(with_conn!(conn, |c| violations::table
        .filter(violations::job_id.eq_any(&jobs))
        .order((violations::job_id, violations::id))
        .select(Violation::as_select())
        .load(c))?)
}

#[derive(Insertable)]
#[diesel(table_name = violations, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    job_id: DbUuid,
    policy_id: DbUuid,
    policy_name: Cow<'a, str>,
    mode: i16,
    severity: i16,
    finding_ids: DbJson,
    actions: DbJson,
    created_at: DbTime,
}

pub(super) fn insert<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = (JobId, &'a NewViolation, &'a [Finding])>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows = new
        .map(|(job, new, findings)| row(job, new, findings, now))
        .collect::<StoreResult<Vec<_>>>()?;
    for chunk in rows.chunks(rows_per_statement(9)) {
        with_conn!(conn, |c| diesel::insert_into(violations::table)
            .values(chunk)
            .execute(c))?;
    }
    Ok(())
}

fn row<'a>(
    job: JobId,
    new: &'a NewViolation,
    findings: &[Finding],
    now: DateTime<Utc>,
) -> StoreResult<Row<'a>> {
    let decision = &new.decision;
    let matched: Vec<FindingId> = decision
        .matched
        .iter()
        .filter_map(|&at| findings.get(at))
        .map(|finding| finding.id)
        .collect();
    let noted: Vec<Action> = decision.actions.iter().map(Action::noted).collect();
    Ok(Row {
        id: new.id.into(),
        job_id: job.into(),
        policy_id: decision.policy.into(),
        policy_name: storable(&decision.name),
        mode: mode_number(decision.mode),
        severity: decision.severity.as_number(),
        finding_ids: DbJson::of(&matched)?,
        actions: DbJson::of(&noted)?,
        created_at: now.into(),
    })
}

pub(super) const fn mode_number(mode: PolicyMode) -> i16 {
    match mode {
        PolicyMode::Off => 1,
        PolicyMode::Simulate => 2,
        PolicyMode::Enforce => 3,
    }
}

impl TryFrom<DbNumber> for PolicyMode {
    type Error = Undecodable;

    fn try_from(number: DbNumber) -> Result<Self, Undecodable> {
        match number.0 {
            1 => Ok(Self::Off),
            2 => Ok(Self::Simulate),
            3 => Ok(Self::Enforce),
            _ => Err(Undecodable("policy mode")),
        }
    }
}
