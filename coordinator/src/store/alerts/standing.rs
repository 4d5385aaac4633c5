//! How many alerts there are, by status and severity.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt};
use shared::finding::Severity;

use crate::domain::alert::AlertStatus;
use crate::store::clock;
use crate::store::columns::{DbNumber, DbTime, Ts};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;

/// The alerts of one status and severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Their status.
    pub status: AlertStatus,
    /// Their severity.
    pub severity: Severity,
    /// How many.
    pub alerts: u64,
    /// How many of them are past the time by which they were to be closed.
    pub overdue: u64,
}

/// How many alerts there are now.
///
/// # Errors
/// As any query.
pub fn standing(conn: &mut Conn) -> StoreResult<Vec<Standing>> {
    let now = DbTime::from(clock::now(conn)?);
    let rows: Vec<Row> = with_conn!(conn, |c| diesel::sql_query(
        "SELECT status, severity, count(*) AS alerts, \
         CAST(sum(CASE WHEN due_at < $1 THEN 1 ELSE 0 END) AS BIGINT) AS overdue \
         FROM alerts GROUP BY status, severity ORDER BY status, severity"
    )
    .bind::<Ts, _>(now)
    .load(c))?;
    rows.into_iter()
        .map(|row| {
            Ok(Standing {
                status: DbNumber(row.status).try_into()?,
                severity: DbNumber(row.severity).try_into()?,
                alerts: u64::try_from(row.alerts).unwrap_or_default(),
                overdue: u64::try_from(row.overdue).unwrap_or_default(),
            })
        })
        .collect()
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SmallInt)]
    status: i16,
    #[diesel(sql_type = SmallInt)]
    severity: i16,
    #[diesel(sql_type = BigInt)]
    alerts: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
}
