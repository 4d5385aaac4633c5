//! `daily_counts`: what happened each day, in numbers.
//!
//! Owns adding to a day and summing days up. Leaves what is counted to the transactions that do it.
//! **Invariant:** numbers are added in the transaction of what they count, so that they are neither short nor
//! double; they hold kinds and no value, and stay when what they count is dropped.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::upsert::excluded;

use super::clock;
use super::columns::{signed, storable};
use super::connection::{Conn, rows_per_statement, with_conn};
use super::error::StoreResult;
use super::schema::daily_counts;

/// Rows per figure and day: as many coordinators add without waiting for each other.
const SLOTS: i16 = 16;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// Scans that ended, by outcome.
    Scans,
    /// Bytes of text that were scanned.
    ScannedBytes,
    /// Messages and files in which something was found, by where they came from.
    Caught,
    /// Findings, by kind of data.
    Findings,
    /// Violations, by policy.
    Violations,
    /// Alerts that were raised, by severity.
    AlertsRaised,
    /// Alerts that came back, by severity.
    AlertsReopened,
    /// Alerts that were closed, by resolution.
    AlertsClosed,
    /// The same, by severity.
    AlertsClosedBySeverity,
    /// Seconds that closed alerts had been open, by severity.
    AlertSecondsToClose,
    /// Findings that a suppression kept from counting, by kind of data.
    Suppressed,
}

impl What {
    /// Everything that is counted.
    pub const ALL: [Self; 11] = [
        Self::Scans,
        Self::ScannedBytes,
        Self::Caught,
        Self::Findings,
        Self::Violations,
        Self::AlertsRaised,
        Self::AlertsReopened,
        Self::AlertsClosed,
        Self::AlertsClosedBySeverity,
        Self::AlertSecondsToClose,
        Self::Suppressed,
    ];

    /// The word, as stored and as written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scans => "scans",
            Self::ScannedBytes => "scanned_bytes",
            Self::Caught => "caught",
            Self::Findings => "findings",
            Self::Violations => "violations",
            Self::AlertsRaised => "alerts_raised",
            Self::AlertsReopened => "alerts_reopened",
            Self::AlertsClosed => "alerts_closed",
            Self::AlertsClosedBySeverity => "alerts_closed_by_severity",
            Self::AlertSecondsToClose => "alert_seconds_to_close",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Numbers to add to a day, in the order in which all transactions lock their rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(BTreeMap<(What, String), u64>);

/// A number of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyCount {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// What was counted: a word of [`What`].
    pub what: String,
    /// Of which kind.
    pub key: String,
    /// How many.
    pub n: u64,
}

impl Tally {
    fn add(&mut self, what: What, key: String, n: u64) {
        if n > 0 {
            *self.0.entry((what, key)).or_default() += n;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[derive(Insertable)]
#[diesel(table_name = daily_counts, treat_none_as_default_value = false)]
struct Row<'a> {
    day: &'a str,
    what: &'a str,
    key: std::borrow::Cow<'a, str>,
    slot: i16,
    n: i64,
}

/// Counts so many of a kind today, when the transaction commits. Call it through
/// [`Store::write`](super::Store::write).
pub fn add(conn: &mut Conn, what: What, key: impl Into<String>, n: u64) {
    conn.tally.add(what, key.into(), n);
}

/// Writes down what a transaction counted: shortly before its commit, since others that count wait for that.
pub(super) fn flush(conn: &mut Conn) -> StoreResult<()> {
    let tally = std::mem::take(&mut conn.tally);
    if tally.is_empty() {
        return Ok(());
    }
    let (day, slot) = (clock::now(conn)?.date_naive().to_string(), slot());
    let rows: Vec<Row<'_>> = tally
        .0
        .iter()
        .map(|((what, key), n)| Row {
            day: &day,
            what: what.as_str(),
            key: storable(key),
            slot,
            n: signed(*n),
        })
        .collect();
    for chunk in rows.chunks(rows_per_statement(5)) {
        with_conn!(conn, |c| diesel::insert_into(daily_counts::table)
            .values(chunk)
            .on_conflict((
                daily_counts::day,
                daily_counts::what,
                daily_counts::key,
                daily_counts::slot
            ))
            .do_update()
            .set(daily_counts::n.eq(daily_counts::n + excluded(daily_counts::n)))
            .execute(c))?;
    }
    Ok(())
}

/// The numbers of the days from one to another, both included; by day, word and kind.
///
/// # Errors
/// As any query.
pub fn between(conn: &mut Conn, from: NaiveDate, to: NaiveDate) -> StoreResult<Vec<DailyCount>> {
    let (from, to) = (from.to_string(), to.to_string());
    let rows: Vec<Summed> = with_conn!(conn, |c| diesel::sql_query(
        "SELECT day, what, key, CAST(sum(n) AS BIGINT) AS n FROM daily_counts \
         WHERE day >= $1 AND day <= $2 GROUP BY day, what, key ORDER BY day, what, key"
    )
    .bind::<Text, _>(&from)
    .bind::<Text, _>(&to)
    .load(c))?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(DailyCount {
                day: row.day.parse().ok()?,
                what: row.what,
                key: row.key,
                n: u64::try_from(row.n).unwrap_or_default(),
            })
        })
        .collect())
}

#[derive(QueryableByName)]
struct Summed {
    #[diesel(sql_type = Text)]
    day: String,
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The same for the life of a process: two processes rarely meet.
fn slot() -> i16 {
    i16::try_from(std::process::id() % u32::try_from(SLOTS).unwrap_or(1)).unwrap_or_default()
}
