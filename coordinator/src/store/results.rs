//! `scan_results`, and the one transaction that makes a result count.
//!
//! Owns that a job's result counts once, with everything that follows from it. Leaves deciding what follows
//! to `domain` and acknowledging to the aggregator.
//! **Invariant:** findings, violations, alerts, actions and audit entries are written only for results whose
//! row was new in the same transaction.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
use shared::content::Coverage;
use shared::finding::{Finding, Likelihood, Severity};
use shared::ids::{
    AlertId, DetectorSetVersion, FindingId, JobId, NodeId, SuppressionId, WorkspaceId,
};
use shared::job::{FailureReason, ScanOutcome, ScanResult};

use super::alerts::{self, NewAlert, Raised};
use super::arrays::insert_arrays;
use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{
    DbCount, DbJson, DbNumber, DbText, DbTime, DbUuid, JsonDoc, MaybeJson, MaybeNumber, MaybeUuid,
    Ts, Uid, Undecodable, numbered, signed, storable,
};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::counts::{self, What};
use super::error::StoreResult;
use super::findings;
use super::jobs::{self, Job, JobState};
use super::notices::Notices;
use super::originals::{self, NewOriginal};
use super::outbox::{self, NewAction, Notice};
use super::schema::{scan_jobs, scan_results};
use super::suppressions;
use super::violations::{self, NewViolation};

numbered! {
    /// How a scan ended.
    ResultState "scan outcome" {
        /// Scanned.
        Completed = 1 "completed",
        /// Not scanned.
        Failed = 2 "failed",
    }
}

/// A result and what follows from it, should it count.
#[derive(Clone, Debug)]
pub struct NewResult {
    /// What the node said.
    pub result: ScanResult,
    /// The policies it meets.
    pub violations: Vec<NewViolation>,
    /// The alerts to raise.
    pub alerts: Vec<NewAlert>,
    /// The side effects to carry out.
    pub actions: Vec<NewAction>,
    /// Whom to tell of the alerts, if they are news.
    pub notices: Vec<Notice>,
    /// What the message said, if that is kept.
    pub original: Option<NewOriginal>,
    /// What to record.
    pub audit: Vec<NewAuditEvent>,
    /// Findings that no policy counted, and why.
    pub suppressed: Vec<(FindingId, SuppressionId)>,
}

/// What became of a batch of results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The jobs whose result counts, in order of id.
    pub inserted: Vec<JobId>,
    /// Results of jobs that had one already.
    pub duplicates: usize,
    /// Results of jobs that do not exist.
    pub orphans: usize,
    /// The alerts that are news.
    pub news: Vec<News>,
}

/// An alert that is news.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct News {
    /// Which.
    pub alert: AlertId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The job that found what it is about.
    pub job: Option<JobId>,
}

/// A stored result, without its findings.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = scan_results)]
pub struct ResultRow {
    /// The job it answers.
    #[diesel(deserialize_as = DbUuid)]
    pub job_id: JobId,
    /// Which node scanned; none if no node ever answered.
    #[diesel(deserialize_as = MaybeUuid)]
    pub node_id: Option<NodeId>,
    /// With which detectors.
    #[diesel(deserialize_as = DbText, column_name = detector_set)]
    pub detectors: DetectorSetVersion,
    /// How it ended.
    #[diesel(deserialize_as = DbNumber)]
    pub outcome: ResultState,
    /// Why it failed, if it did: a [`FailureReason`]'s word.
    pub failure_reason: Option<String>,
    /// How much was examined, if anything was.
    #[diesel(deserialize_as = MaybeJson)]
    pub coverage: StoredCoverage,
    /// How many findings.
    pub finding_count: i32,
    /// The surest.
    #[diesel(deserialize_as = MaybeNumber)]
    pub highest_likelihood: Option<Likelihood>,
    /// The gravest.
    #[diesel(deserialize_as = MaybeNumber)]
    pub highest_severity: Option<Severity>,
    /// Time spent scanning, in microseconds.
    #[diesel(deserialize_as = DbCount)]
    pub scan_us: u64,
    /// Bytes of text scanned.
    #[diesel(deserialize_as = DbCount)]
    pub scanned_bytes: u64,
    /// When it was committed.
    #[diesel(deserialize_as = DbTime)]
    pub committed_at: DateTime<Utc>,
}

/// How much was examined, if anything was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCoverage(pub Option<Coverage>);

impl TryFrom<MaybeJson> for StoredCoverage {
    type Error = Undecodable;

    fn try_from(document: MaybeJson) -> Result<Self, Undecodable> {
        document.read("coverage").map(Self)
    }
}

/// Makes results count, each once, and tells nobody of the alerts. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query; nothing is counted then.
pub fn commit(conn: &mut Conn, batch: &[NewResult]) -> StoreResult<Committed> {
    commit_telling(conn, batch, None)
}

/// Makes results count, each once, and writes down whom to tell of new alerts. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query; nothing is counted then.
pub fn commit_telling(
    conn: &mut Conn,
    batch: &[NewResult],
    notices: Option<&Notices>,
) -> StoreResult<Committed> {
    let now = clock::now(conn)?;
    let known = known_jobs(conn, batch)?;
    let (known, orphans): (Vec<&NewResult>, Vec<&NewResult>) = batch
        .iter()
        .partition(|new| known.contains(&DbUuid::from(new.result.job_id)));
    let counted = insert_results(conn, &known, now)?;
    // Of two results for one job in a batch only the first was inserted.
    let mut left = counted;
    let mut fresh: Vec<&NewResult> = known
        .iter()
        .copied()
        .filter(|new| left.remove(&DbUuid::from(new.result.job_id)))
        .collect();
    fresh.sort_by_key(|new| new.result.job_id);
    let news = write_consequences(conn, &fresh, notices, now)?;
    complete_jobs(conn, &fresh, now)?;
    Ok(Committed {
        news,
        duplicates: known.len() - fresh.len(),
        orphans: orphans.len(),
        inserted: fresh.iter().map(|new| new.result.job_id).collect(),
    })
}

/// Results that say that no node could scan these jobs.
pub(super) fn insert_failures(
    conn: &mut Conn,
    jobs: &[Job],
    reason: FailureReason,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows: Vec<Row<'_>> = jobs
        .iter()
        .map(|job| Row {
            job_id: job.id.into(),
            node_id: None,
            detector_set: Cow::Borrowed(job.detectors.as_str()),
            outcome: ResultState::Failed.number(),
            failure_reason: Some(Cow::Borrowed(reason.as_str())),
            coverage: None,
            finding_count: 0,
            highest_likelihood: None,
            highest_severity: None,
            scan_us: 0,
            scanned_bytes: 0,
            committed_at: now.into(),
        })
        .collect();
    insert_rows(conn, &rows).map(drop)
}

fn known_jobs(conn: &mut Conn, batch: &[NewResult]) -> StoreResult<HashSet<DbUuid>> {
    let mut known = HashSet::with_capacity(batch.len());
    for chunk in batch.chunks(rows_per_statement(1)) {
        let ids: Vec<DbUuid> = chunk.iter().map(|new| new.result.job_id.into()).collect();
        let found: Vec<DbUuid> = with_conn!(conn, |c| scan_jobs::table
            .filter(scan_jobs::id.eq_any(&ids))
            .select(scan_jobs::id)
            .load(c))?;
        known.extend(found);
    }
    Ok(known)
}

#[derive(Insertable)]
#[diesel(table_name = scan_results, treat_none_as_default_value = false)]
struct Row<'a> {
    job_id: DbUuid,
    node_id: Option<DbUuid>,
    detector_set: Cow<'a, str>,
    outcome: i16,
    failure_reason: Option<Cow<'a, str>>,
    coverage: Option<DbJson>,
    finding_count: i32,
    highest_likelihood: Option<i16>,
    highest_severity: Option<i16>,
    scan_us: i64,
    scanned_bytes: i64,
    committed_at: DbTime,
}

fn insert_results(
    conn: &mut Conn,
    batch: &[&NewResult],
    now: DateTime<Utc>,
) -> StoreResult<HashSet<DbUuid>> {
    let mut rows = batch
        .iter()
        .map(|new| row(&new.result, now))
        .collect::<StoreResult<Vec<_>>>()?;
    // One order for all transactions, or two with the same jobs would wait for each other in a ring.
    rows.sort_by_key(|row| row.job_id);
    insert_rows(conn, &rows)
}

#[derive(QueryableByName)]
struct Inserted {
    #[diesel(sql_type = Uid)]
    job_id: DbUuid,
}

fn insert_rows(conn: &mut Conn, rows: &[Row<'_>]) -> StoreResult<HashSet<DbUuid>> {
    let mut inserted = HashSet::with_capacity(rows.len());
    for chunk in rows.chunks(rows_per_statement(12)) {
        let ids: Vec<DbUuid> = match &mut conn.db {
            Database::Postgres(c) => insert_arrays!(
                "scan_results",
                chunk,
                [
                    job_id: Uid,
                    node_id: Nullable<Uid>,
                    detector_set: Text,
                    outcome: SmallInt,
                    failure_reason: Nullable<Text>,
                    coverage: Nullable<JsonDoc>,
                    finding_count: Integer,
                    highest_likelihood: Nullable<SmallInt>,
                    highest_severity: Nullable<SmallInt>,
                    scan_us: BigInt,
                    scanned_bytes: BigInt,
                    committed_at: Ts,
                ],
                "ON CONFLICT DO NOTHING RETURNING job_id"
            )
            .load::<Inserted>(c)?
            .into_iter()
            .map(|row| row.job_id)
            .collect(),
            Database::Sqlite(c) => diesel::insert_into(scan_results::table)
                .values(chunk)
                .on_conflict_do_nothing()
                .returning(scan_results::job_id)
                .get_results(c)?,
        };
        inserted.extend(ids);
    }
    Ok(inserted)
}

fn row(result: &ScanResult, now: DateTime<Utc>) -> StoreResult<Row<'_>> {
    let (outcome, failure_reason, coverage) = match &result.outcome {
        ScanOutcome::Completed { coverage, .. } => {
            (ResultState::Completed, None, Some(DbJson::of(coverage)?))
        }
        ScanOutcome::Failed { reason } => (
            ResultState::Failed,
            Some(Cow::Borrowed(reason.as_str())),
            None,
        ),
    };
    let findings = findings_of(result);
    Ok(Row {
        job_id: result.job_id.into(),
        node_id: Some(result.node.into()),
        detector_set: storable(result.detectors.as_str()),
        outcome: outcome.number(),
        failure_reason,
        coverage,
        finding_count: i32::try_from(findings.len()).unwrap_or(i32::MAX),
        highest_likelihood: findings.iter().map(|f| f.likelihood.as_number()).max(),
        highest_severity: findings.iter().map(|f| f.severity.as_number()).max(),
        scan_us: signed(result.scan_us),
        scanned_bytes: signed(result.scanned_bytes),
        committed_at: now.into(),
    })
}

fn findings_of(result: &ScanResult) -> &[Finding] {
    match &result.outcome {
        ScanOutcome::Completed { findings, .. } => findings,
        ScanOutcome::Failed { .. } => &[],
    }
}

fn write_consequences(
    conn: &mut Conn,
    fresh: &[&NewResult],
    notices: Option<&Notices>,
    now: DateTime<Utc>,
) -> StoreResult<Vec<News>> {
    let found = fresh.iter().flat_map(|new| {
        findings_of(&new.result)
            .iter()
            .map(|finding| (new.result.job_id, finding))
    });
    let suppressed = fresh.iter().flat_map(|new| new.suppressed.iter().copied());
    findings::insert(conn, found, &suppressed.clone().collect(), now)?;
    let violations = fresh.iter().flat_map(|new| {
        let findings = findings_of(&new.result);
        new.violations
            .iter()
            .map(move |violation| (new.result.job_id, violation, findings))
    });
    violations::insert(conn, violations, now)?;
    let alerts: Vec<&NewAlert> = fresh.iter().flat_map(|new| &new.alerts).collect();
    let raised = alerts::raise(conn, &alerts, now)?;
    if let Some(notices) = notices {
        notices.announce(conn, &raised, now)?;
    }
    let news = news_of(&alerts, &raised);
    let raised: HashMap<AlertId, Raised> =
        alerts.iter().map(|alert| alert.id).zip(raised).collect();
    let asked = fresh.iter().flat_map(|new| {
        let notices = new.notices.iter();
        notices.map(|notice| (new.result.job_id, notice))
    });
    let told = outbox::told(asked, &raised)?;
    count(conn, fresh);
    suppressions::count_hits(conn, suppressed.map(|(_, why)| why), now)?;
    let actions = fresh.iter().flat_map(|new| {
        new.actions
            .iter()
            .map(|action| (Some(new.result.job_id), action))
    });
    let told = told.iter().map(|(job, action)| (Some(*job), action));
    outbox::insert(conn, actions.chain(told), now)?;
    let kept = fresh
        .iter()
        .filter_map(|new| Some((new.result.job_id, new.original.as_ref()?)));
    originals::insert(conn, kept, now)?;
    audit::append(conn, fresh.iter().flat_map(|new| new.audit.iter().cloned()));
    Ok(news)
}

/// The alerts that are news, each once.
fn news_of(alerts: &[&NewAlert], raised: &[Raised]) -> Vec<News> {
    let mut news: Vec<News> = alerts
        .iter()
        .zip(raised)
        .filter(|(_, raised)| raised.is_news)
        .filter_map(|(alert, raised)| {
            Some(News {
                alert: raised.alert,
                workspace: alert.workspace.clone()?,
                job: alert.job,
            })
        })
        .collect();
    news.sort_unstable();
    news.dedup_by_key(|news| news.alert);
    news
}

/// What this batch adds to the numbers of the day.
fn count(conn: &mut Conn, fresh: &[&NewResult]) {
    for new in fresh {
        let result = &new.result;
        let outcome = match result.outcome {
            ScanOutcome::Completed { .. } => ResultState::Completed,
            ScanOutcome::Failed { .. } => ResultState::Failed,
        };
        counts::add(conn, What::Scans, outcome.as_str(), 1);
        counts::add(conn, What::ScannedBytes, "", result.scanned_bytes);
        let findings = findings_of(result);
        counts::add(conn, What::Caught, "", u64::from(!findings.is_empty()));
        let suppressed: HashSet<FindingId> = new.suppressed.iter().map(|(id, _)| *id).collect();
        for finding in findings {
            counts::add(conn, What::Findings, finding.info_type.as_str(), 1);
            if suppressed.contains(&finding.id) {
                counts::add(conn, What::Suppressed, finding.info_type.as_str(), 1);
            }
        }
        for violation in &new.violations {
            let policy = violation.decision.policy.to_string();
            counts::add(conn, What::Violations, policy, 1);
        }
    }
}

fn complete_jobs(conn: &mut Conn, fresh: &[&NewResult], now: DateTime<Utc>) -> StoreResult<()> {
    let end_of = |new: &NewResult| match &new.result.outcome {
        ScanOutcome::Completed { findings, .. } => (JobState::Completed, !findings.is_empty()),
        ScanOutcome::Failed { .. } => (JobState::Failed, false),
    };
    for end in [
        (JobState::Completed, false),
        (JobState::Completed, true),
        (JobState::Failed, false),
    ] {
        let ended = fresh.iter().filter(|new| end_of(new) == end);
        let ids: Vec<JobId> = ended.map(|new| new.result.job_id).collect();
        jobs::complete(conn, &ids, end, now)?;
    }
    Ok(())
}
