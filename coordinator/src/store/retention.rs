//! Dropping records whose time is over, a batch at a time.
//!
//! Owns which rows a kind of record consists of. Leaves how long each is kept to `domain::retention`.
//! **Invariant:** nothing goes that somebody still has to do something about: open jobs, open alerts and
//! pending actions stay, however old.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt};

use super::columns::{DbTime, DbUuid, Ts, Uid};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::jobs::JobState;
use super::made::first_id;
use crate::domain::alert::AlertStatus;
use crate::domain::retention::Kind;

/// Drops at most `limit` records of a kind from before then; says how many rows went, 0 if there are none left.
/// Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn drop_before(
    conn: &mut Conn,
    kind: Kind,
    before: DateTime<Utc>,
    limit: u32,
) -> StoreResult<usize> {
    match kind {
        Kind::CleanScans => {
            let scans = drop_scans(conn, before, limit, "finding_count = 0")?;
            Ok(scans + drop_inbound(conn, before, limit)?)
        }
        Kind::CaughtScans => drop_scans(conn, before, limit, "finding_count > 0"),
        Kind::ClosedAlerts => drop_alerts(conn, before, limit),
        Kind::SecurityEvents => drop_events(conn, before, limit),
        Kind::Spent => drop_spent(conn, before, limit),
    }
}

macro_rules! run {
    ($conn:expr, $statement:expr, $($bind:expr => $type:ty),+ $(,)?) => {
        with_conn!($conn, |c| diesel::sql_query($statement)$(.bind::<$type, _>($bind))+.execute(c))?
    };
}

/// Results, findings and violations go with their jobs.
fn drop_scans(
    conn: &mut Conn,
    before: DateTime<Utc>,
    limit: u32,
    which: &str,
) -> StoreResult<usize> {
    let old = first_id(before);
    let doomed = format!(
        "SELECT j.id FROM scan_jobs j JOIN scan_results r ON r.job_id = j.id \
         WHERE j.id < $1 AND j.state <> $2 AND r.{which} \
         AND NOT EXISTS (SELECT 1 FROM action_outbox o WHERE o.job_id = j.id AND o.state = 1) \
         ORDER BY j.id LIMIT $3"
    );
    let ids: Vec<Doomed> = with_conn!(conn, |c| diesel::sql_query(&doomed)
        .bind::<Uid, _>(old)
        .bind::<SmallInt, _>(JobState::Queued.number())
        .bind::<BigInt, _>(i64::from(limit))
        .load(c))?;
    drop_jobs(conn, &ids)
}

#[derive(QueryableByName)]
struct Doomed {
    #[diesel(sql_type = Uid)]
    id: DbUuid,
}

fn drop_jobs(conn: &mut Conn, doomed: &[Doomed]) -> StoreResult<usize> {
    use super::schema::{action_outbox, originals, scan_jobs};

    let ids: Vec<DbUuid> = doomed.iter().map(|job| job.id).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    with_conn!(conn, |c| {
        diesel::delete(originals::table.filter(originals::job_id.eq_any(&ids))).execute(c)?;
        diesel::delete(action_outbox::table.filter(action_outbox::job_id.eq_any(&ids)))
            .execute(c)?;
        diesel::delete(scan_jobs::table.filter(scan_jobs::id.eq_any(&ids))).execute(c)?;
    });
    Ok(ids.len())
}

/// Events are kept to know their repetition, which comes within hours, and have no use beyond.
fn drop_inbound(conn: &mut Conn, before: DateTime<Utc>, limit: u32) -> StoreResult<usize> {
    Ok(run!(
        conn,
        "DELETE FROM inbound_events WHERE id IN \
         (SELECT id FROM inbound_events WHERE id < $1 ORDER BY id LIMIT $2)",
        first_id(before) => Uid,
        i64::from(limit) => BigInt,
    ))
}

fn drop_alerts(conn: &mut Conn, before: DateTime<Utc>, limit: u32) -> StoreResult<usize> {
    use super::schema::{action_outbox, alert_activity, alert_keys, alert_occurrences, alerts};

    let ids: Vec<DbUuid> = with_conn!(conn, |c| alerts::table
        .filter(alerts::closed_at.lt(DbTime::from(before)))
        .filter(alerts::status.ge(AlertStatus::Resolved.as_number()))
        .order(alerts::closed_at)
        .limit(limit.into())
        .select(alerts::id)
        .load(c))?;
    if ids.is_empty() {
        return Ok(0);
    }
    with_conn!(conn, |c| {
        diesel::delete(alert_keys::table.filter(alert_keys::alert_id.eq_any(&ids))).execute(c)?;
        diesel::delete(alert_occurrences::table.filter(alert_occurrences::alert_id.eq_any(&ids)))
            .execute(c)?;
        diesel::delete(alert_activity::table.filter(alert_activity::alert_id.eq_any(&ids)))
            .execute(c)?;
        diesel::delete(action_outbox::table.filter(action_outbox::alert_id.eq_any(&ids)))
            .execute(c)?;
        diesel::delete(alerts::table.filter(alerts::id.eq_any(&ids))).execute(c)?;
    });
    Ok(ids.len())
}

fn drop_events(conn: &mut Conn, before: DateTime<Utc>, limit: u32) -> StoreResult<usize> {
    Ok(run!(
        conn,
        "DELETE FROM security_events WHERE id IN \
         (SELECT id FROM security_events WHERE id < $1 ORDER BY id LIMIT $2)",
        first_id(before) => Uid,
        i64::from(limit) => BigInt,
    ))
}

/// What is over since then: nobody can use it, and somebody may have wanted to look into it.
fn drop_spent(conn: &mut Conn, before: DateTime<Utc>, limit: u32) -> StoreResult<usize> {
    let mut gone = 0;
    for (table, column) in [("refresh_tokens", "expires_at"), ("nodes", "last_seen_at")] {
        gone += run!(
            conn,
            format!(
                "DELETE FROM {table} WHERE id IN \
                 (SELECT id FROM {table} WHERE {column} < $1 LIMIT $2)"
            ),
            DbTime::from(before) => Ts,
            i64::from(limit) => BigInt,
        );
    }
    Ok(gone)
}
