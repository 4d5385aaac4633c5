//! `originals` and `reveals`: what leaking messages said, sealed, and who looked at it.
//!
//! Owns the rows and the bound on looking. Leaves sealing to `originals`, and who may look to the API.
//! **Invariant:** an original leaves this file in the transaction that notes who asked for it and why, and
//! nobody gets more of them in an hour than the limit, however many ask at once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::ids::{AlertId, JobId, RevealId, UserId, WorkspaceId};
use shared::job::JobClass;

use super::audit::{self, NewAuditEvent};
use super::columns::{DbText, DbTime, DbUuid, storable};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::jobs::class_number;
use super::schema::{alert_occurrences, originals, reveals, scan_jobs, users};
use super::{alerts, clock};

/// Longest sealed message that is kept, in bytes: some more than its text.
pub const MAX_SEALED_BYTES: usize = 1 << 20;
/// Originals that somebody may see in an hour.
pub const REVEALS_AN_HOUR: usize = 10;
const AN_HOUR: Duration = Duration::from_hours(1);

/// The content of a job as it rests, sealed for the queue.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedJob {
    /// The job.
    pub id: JobId,
    /// The tenant, to which the seal is bound.
    pub workspace: WorkspaceId,
    /// The version of the envelope, to which the seal is bound.
    pub wire_version: u16,
    /// The sealed body.
    pub payload: Vec<u8>,
}

/// An original to keep.
#[derive(Clone, PartialEq, Eq)]
pub struct NewOriginal {
    /// Sealed for the database.
    pub sealed: Vec<u8>,
    /// For how long.
    pub keep: Duration,
}

/// Only how much it is.
impl std::fmt::Debug for NewOriginal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewOriginal({} bytes)", self.sealed.len())
    }
}

/// Somebody wants to see an original.
#[derive(Clone, Debug)]
pub struct NewReveal {
    /// The alert they work on.
    pub alert: AlertId,
    /// Which of its messages; the last one if they do not say.
    pub message: Option<JobId>,
    /// Who.
    pub user: UserId,
    /// Why.
    pub reason: String,
}

/// What somebody may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed {
    /// The message.
    pub message: JobId,
    /// Sealed for the database.
    pub sealed: Vec<u8>,
    /// When it will be gone.
    pub expires_at: DateTime<Utc>,
}

/// Why there is nothing to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// No such alert.
    NoAlert,
    /// The alert has no such message.
    NotOfAlert,
    /// Nothing is kept of the message, or not any more.
    NotKept,
    /// They saw as many as they may; again after that long.
    TooOften(Duration),
}

/// The texts among `ids` that are at hand and not too long, as they rest.
///
/// # Errors
/// As any query.
pub fn sealed_jobs(conn: &mut Conn, ids: &[JobId]) -> StoreResult<Vec<SealedJob>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(rows_per_statement(1)) {
        let chunk: Vec<DbUuid> = chunk.iter().copied().map(Into::into).collect();
        let short = format!("length(scan_jobs.payload) <= {MAX_SEALED_BYTES}");
        let rows: Vec<(DbUuid, DbText, i16, Option<Vec<u8>>)> =
            with_conn!(conn, |c| scan_jobs::table
                .filter(scan_jobs::id.eq_any(&chunk))
                .filter(scan_jobs::class.eq(class_number(JobClass::Message)))
                .filter(sql::<Bool>(&short))
                .select((
                    scan_jobs::id,
                    scan_jobs::workspace_id,
                    scan_jobs::wire_version,
                    scan_jobs::payload,
                ))
                .load(c))?;
        found.extend(
            rows.into_iter()
                .filter_map(|(id, workspace, version, payload)| {
                    Some(SealedJob {
                        id: id.into(),
                        workspace: workspace.into(),
                        wire_version: u16::try_from(version).ok()?,
                        payload: payload?,
                    })
                }),
        );
    }
    Ok(found)
}

/// Keeps one original.
///
/// # Errors
/// As any query.
pub fn keep(conn: &mut Conn, message: JobId, original: &NewOriginal) -> StoreResult<()> {
    let now = clock::now(conn)?;
    insert(conn, std::iter::once((message, original)), now)
}

/// Keeps originals.
pub(super) fn insert<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = (JobId, &'a NewOriginal)>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows: Vec<_> = new
        .map(|(job, original)| {
            (
                originals::job_id.eq(DbUuid::from(job)),
                originals::sealed.eq(original.sealed.as_slice()),
                originals::created_at.eq(DbTime::from(now)),
                originals::expires_at.eq(DbTime::from(clock::after(now, original.keep))),
            )
        })
        .collect();
    for chunk in rows.chunks(rows_per_statement(4)) {
        with_conn!(conn, |c| diesel::insert_into(originals::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// Gives an original out, noting who saw it and why. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query; nothing is given out then.
pub fn reveal(conn: &mut Conn, new: &NewReveal) -> StoreResult<Result<Revealed, Unseen>> {
    let now = clock::now(conn)?;
    let Some(alert) = alerts::get(conn, new.alert)? else {
        return Ok(Err(Unseen::NoAlert));
    };
    let Some(message) = new.message.or(alert.job_id) else {
        return Ok(Err(Unseen::NotKept));
    };
    if !is_of_alert(conn, message, new.alert)? {
        return Ok(Err(Unseen::NotOfAlert));
    }
    let Some((sealed, expires_at)) = kept(conn, message, now)? else {
        return Ok(Err(Unseen::NotKept));
    };
    if let Some(wait) = wait(conn, new.user, now)? {
        return Ok(Err(Unseen::TooOften(wait)));
    }
    note(conn, new, message, now)?;
    Ok(Ok(Revealed {
        message,
        sealed,
        expires_at,
    }))
}

/// What a message said, sealed, as long as it is kept: for giving it back, which shows it to nobody who could not
/// read it before.
///
/// # Errors
/// As any query.
pub fn sealed(conn: &mut Conn, message: JobId) -> StoreResult<Option<Vec<u8>>> {
    let now = clock::now(conn)?;
    Ok(kept(conn, message, now)?.map(|(sealed, _)| sealed))
}

/// Deletes originals whose time is over, at most so many; says how many.
///
/// # Errors
/// As any query.
pub fn delete_expired(conn: &mut Conn, limit: u32) -> StoreResult<usize> {
    let now = DbTime::from(clock::now(conn)?);
    let expired: Vec<DbUuid> = with_conn!(conn, |c| originals::table
        .filter(originals::expires_at.le(now))
        .order(originals::expires_at)
        .limit(i64::from(limit))
        .select(originals::job_id)
        .load(c))?;
    Ok(with_conn!(conn, |c| diesel::delete(
        originals::table.filter(originals::job_id.eq_any(&expired))
    )
    .execute(c))?)
}

fn is_of_alert(conn: &mut Conn, message: JobId, alert: AlertId) -> StoreResult<bool> {
    let seen: Option<DbUuid> = with_conn!(conn, |c| alert_occurrences::table
        .filter(alert_occurrences::alert_id.eq(DbUuid::from(alert)))
        .filter(alert_occurrences::job_id.eq(DbUuid::from(message)))
        .select(alert_occurrences::id)
        .first(c)
        .optional())?;
    Ok(seen.is_some())
}

fn kept(
    conn: &mut Conn,
    message: JobId,
    now: DateTime<Utc>,
) -> StoreResult<Option<(Vec<u8>, DateTime<Utc>)>> {
    let row: Option<(Vec<u8>, DbTime)> = with_conn!(conn, |c| originals::table
        .find(DbUuid::from(message))
        .filter(originals::expires_at.gt(DbTime::from(now)))
        .select((originals::sealed, originals::expires_at))
        .first(c)
        .optional())?;
    Ok(row.map(|(sealed, expires_at)| (sealed, expires_at.into())))
}

/// How long somebody has to wait until they may look again; none if they may now.
fn wait(conn: &mut Conn, user: UserId, now: DateTime<Utc>) -> StoreResult<Option<Duration>> {
    if let Database::Postgres(c) = &mut conn.db {
        // Whoever asks several times at once is answered one after the other.
        let them = users::table.find(DbUuid::from(user));
        them.select(users::id)
            .for_update()
            .first::<DbUuid>(c)
            .optional()?;
    }
    let since = now - AN_HOUR;
    let limit = i64::try_from(REVEALS_AN_HOUR).unwrap_or(i64::MAX);
    let newest: Vec<DbTime> = with_conn!(conn, |c| reveals::table
        .filter(reveals::user_id.eq(DbUuid::from(user)))
        .filter(reveals::at.gt(DbTime::from(since)))
        .order(reveals::at.desc())
        .limit(limit)
        .select(reveals::at)
        .load(c))?;
    let oldest = newest.last().filter(|_| newest.len() >= REVEALS_AN_HOUR);
    Ok(oldest.map(|at| (at.0 - since).to_std().unwrap_or_default()))
}

fn note(conn: &mut Conn, new: &NewReveal, message: JobId, now: DateTime<Utc>) -> StoreResult<()> {
    let row = (
        reveals::id.eq(DbUuid::from(RevealId::fresh())),
        reveals::alert_id.eq(DbUuid::from(new.alert)),
        reveals::job_id.eq(DbUuid::from(message)),
        reveals::user_id.eq(DbUuid::from(new.user)),
        reveals::reason.eq(storable(&new.reason)),
        reveals::at.eq(DbTime::from(now)),
    );
    with_conn!(conn, |c| diesel::insert_into(reveals::table)
        .values(row)
        .execute(c))?;
    let data = serde_json::json!({ "message": message, "reason": new.reason });
    let subject = new.alert.to_string();
    let deed = NewAuditEvent::deed("original.revealed", Some(new.user), subject, data);
    audit::append(conn, [deed]);
    Ok(())
}
