//! What is known of a person who writes in Slack: finding it, and forgetting it.
//!
//! Owns which columns name a person. Leaves walking all of it, a window at a time, to `privacy`.
//! **Invariant:** forgetting keeps what happened and takes away who it was: rows, kinds and numbers stay.

use diesel::prelude::*;
use shared::ids::WorkspaceId;
use uuid::Uuid;

use super::alerts::Alert;
use super::columns::DbUuid;
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::findings::{self, StoredFinding};
use super::jobs::Job;
use super::schema::{alert_occurrences, alerts, findings as finding_rows, originals, scan_jobs};
use super::words::Words;

/// What stands where something was known of somebody.
pub(super) const FORGOTTEN: &str = "[erased]";

/// Somebody who writes in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Slack's id of them.
    pub slack_user: String,
    /// Only in this workspace; in all of them without.
    pub workspace: Option<WorkspaceId>,
}

/// The scans with ids after one up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Behind this one.
    pub after: Uuid,
    /// Up to this one.
    pub last: Uuid,
}

/// A scan of what somebody wrote, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The scan.
    pub job: Job,
    /// What was found, masked.
    pub findings: Vec<StoredFinding>,
}

/// The next window of so many scans, whoever wrote what was scanned; none at the end.
///
/// # Errors
/// As any query.
pub fn window(conn: &mut Conn, after: Uuid, rows: u32) -> StoreResult<Option<Window>> {
    let ids: Vec<DbUuid> = with_conn!(conn, |c| scan_jobs::table
        .filter(scan_jobs::id.gt(DbUuid(after)))
        .order(scan_jobs::id)
        .limit(rows.into())
        .select(scan_jobs::id)
        .load(c))?;
    Ok(ids.last().map(|last| Window {
        after,
        last: last.0,
    }))
}

macro_rules! by {
    ($query:expr, $person:expr, $table:ident) => {{
        let query = $query.filter($table::user_id.eq(&$person.slack_user));
        match &$person.workspace {
            Some(workspace) => query.filter($table::workspace_id.eq(workspace.as_str())),
            None => query,
        }
    }};
}

/// What somebody wrote, of a window.
///
/// # Errors
/// As any query.
pub fn written(conn: &mut Conn, person: &Person, window: Window) -> StoreResult<Vec<Written>> {
    let jobs: Vec<Job> = with_conn!(conn, |c| {
        let within = scan_jobs::table
            .filter(scan_jobs::id.gt(DbUuid(window.after)))
            .filter(scan_jobs::id.le(DbUuid(window.last)))
            .order(scan_jobs::id)
            .select(Job::as_select())
            .into_boxed();
        by!(within, person, scan_jobs).load(c)
    })?;
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let mut found = findings::of_jobs(conn, &ids)?;
    let written = jobs.into_iter().map(|job| Written {
        findings: found
            .extract_if(.., |finding| finding.job_id == job.id)
            .collect(),
        job,
    });
    Ok(written.collect())
}

/// The alerts that name somebody.
///
/// # Errors
/// As any query.
pub fn named_by_alerts(conn: &mut Conn, person: &Person) -> StoreResult<Vec<Alert>> {
    Ok(with_conn!(conn, |c| {
        let all = alerts::table
            .order(alerts::id)
            .select(Alert::as_select())
            .into_boxed();
        by!(all, person, alerts).load(c)
    })?)
}

/// Forgets who wrote what of a window, and what it said; says how many scans that concerns. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn forget_written(conn: &mut Conn, person: &Person, window: Window) -> StoreResult<usize> {
    let written = written(conn, person, window)?;
    let ids: Vec<DbUuid> = written.iter().map(|one| one.job.id.into()).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    with_conn!(conn, |c| {
        diesel::delete(originals::table.filter(originals::job_id.eq_any(&ids))).execute(c)?;
        diesel::update(finding_rows::table.filter(finding_rows::job_id.eq_any(&ids)))
            .set((
                finding_rows::preview.eq(FORGOTTEN),
                finding_rows::fingerprint.eq(FORGOTTEN),
            ))
            .execute(c)?;
        diesel::update(scan_jobs::table.filter(scan_jobs::id.eq_any(&ids)))
            .set(scan_jobs::user_id.eq(None::<String>))
            .execute(c)?;
    });
    Ok(ids.len())
}

/// Forgets whom alerts and occurrences name; says how many alerts that concerns. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn forget_in_alerts(conn: &mut Conn, person: &Person) -> StoreResult<usize> {
    let named = named_by_alerts(conn, person)?;
    for alert in &named {
        let words = Words::of(alert.searchable(None));
        with_conn!(conn, |c| diesel::update(
            alerts::table.find(DbUuid::from(alert.id))
        )
        .set((alerts::user_id.eq(None::<String>), alerts::words.eq(words)))
        .execute(c))?;
    }
    with_conn!(conn, |c| {
        let all = alert_occurrences::table
            .select(alert_occurrences::id)
            .into_boxed();
        let ids: Vec<DbUuid> = by!(all, person, alert_occurrences).load(c)?;
        diesel::update(alert_occurrences::table.filter(alert_occurrences::id.eq_any(&ids)))
            .set(alert_occurrences::user_id.eq(None::<String>))
            .execute(c)?;
    });
    Ok(named.len())
}
