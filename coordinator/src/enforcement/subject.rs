//! A message that leaks, with what is known of it.
//!
//! Owns gathering it for those who tell of it. **Invariant:** of what was found it holds masks only.

use shared::finding::Finding;
use shared::ids::{AlertId, JobId, PolicyId};

use crate::store::jobs::{self, Job};
use crate::store::{Conn, StoreResult, alerts, findings, violations};

/// Masked values that are told.
const PREVIEWS: usize = 5;

/// A message that leaks.
#[derive(Clone)]
pub(super) struct Subject {
    /// Where it stood, and whose it is.
    pub(super) job: Job,
    /// The alert that tells of it.
    pub(super) alert: Option<AlertId>,
    /// What the policy is called that it met.
    pub(super) policy: Option<String>,
    /// What was found, the gravest first: its kind, and its mask.
    pub(super) found: Vec<(String, String)>,
}

/// What is known of the message that `job` scanned; none if it was forgotten.
pub(super) fn load(
    conn: &mut Conn,
    job: JobId,
    policy: Option<PolicyId>,
) -> StoreResult<Option<Subject>> {
    let Some(row) = jobs::contexts(conn, &[job])?.pop() else {
        return Ok(None);
    };
    let violations = violations::of_jobs(conn, &[job])?;
    let met = violations
        .iter()
        .find(|violation| policy.is_none_or(|policy| violation.policy_id == policy))
        .or(violations.first());
    let all = findings::of_job(conn, job)?;
    let counted: Vec<&Finding> = all
        .iter()
        .filter(|finding| met.is_none_or(|met| met.finding_ids.0.contains(&finding.id)))
        .collect();
    Ok(Some(Subject {
        alert: alerts::alert_of_job(conn, job)?,
        policy: met.map(|met| met.policy_name.clone()),
        found: shown(counted),
        job: row,
    }))
}

fn shown(mut findings: Vec<&Finding>) -> Vec<(String, String)> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut shown: Vec<(String, String)> = Vec::new();
    for finding in findings {
        let one = (finding.info_type.to_string(), finding.preview.clone());
        if shown.len() < PREVIEWS && !shown.contains(&one) {
            shown.push(one);
        }
    }
    shown
}
