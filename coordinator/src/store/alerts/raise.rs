//! Raising alerts: a row for a leak that is new, an occurrence more for a known one.
//!
//! A leak is known by its keys: its message, and its gravest values. The keys are claimed first, in one order
//! for all transactions; whoever finds a key claimed by another sees the same leak again.
//! **Invariant:** a key belongs to one alert, and each occurrence is written once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::finding::{Fingerprint, InfoType, Severity};
use shared::ids::{AlertId, JobId, OccurrenceId, PolicyId, SecurityEventId, WorkspaceId};

use super::{Alert, AlertStatus, lock, note_reopening};
use crate::store::clock;
use crate::store::columns::{DbTime, DbUuid, signed, storable, storable_opt};
use crate::store::connection::{Conn, rows_per_statement, with_conn};
use crate::store::counts::{self, What};
use crate::store::error::StoreResult;
use crate::store::schema::{alert_keys, alert_occurrences, alerts};
use crate::store::words::Words;

/// An alert to raise: a leak that was seen.
#[derive(Clone, Debug)]
pub struct NewAlert {
    /// Its id, if the leak is new.
    pub id: AlertId,
    /// What the same leak is known by, the surest first; not empty.
    pub keys: Vec<String>,
    /// How bad.
    pub severity: Severity,
    /// Who raised it: `slack`, or the source of a security event.
    pub source: String,
    /// For people. Never content.
    pub title: String,
    /// What a security event says of itself. Never content of a message.
    pub description: Option<String>,
    /// The kind of data.
    pub info_type: Option<InfoType>,
    /// The gravest value.
    pub fingerprint: Option<Fingerprint>,
    /// The policy.
    pub policy: Option<PolicyId>,
    /// The tenant.
    pub workspace: Option<WorkspaceId>,
    /// Slack's channel.
    pub channel_id: Option<String>,
    /// Slack's user.
    pub user_id: Option<String>,
    /// Slack's message.
    pub message_ts: Option<String>,
    /// The job that found it.
    pub job: Option<JobId>,
    /// The security event that reported it.
    pub event: Option<SecurityEventId>,
    /// How long people have, at this severity.
    pub due_in: Option<Duration>,
}

/// What became of an alert that was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The alert that stands for the leak.
    pub alert: AlertId,
    /// Whether it is new, or open again: news for people.
    pub is_news: bool,
}

/// Raises alerts; says for each, in the order given, which alert stands for it. Call it through
/// [`Store::write`](crate::store::Store::write).
///
/// # Errors
/// As any query.
pub fn raise(conn: &mut Conn, new: &[&NewAlert], now: DateTime<Utc>) -> StoreResult<Vec<Raised>> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let mut leaks = Leak::of(new);
    claim_keys(conn, &mut leaks)?;
    let mut by_alert: BTreeMap<AlertId, Vec<&NewAlert>> = BTreeMap::new();
    for leak in &leaks {
        by_alert.entry(leak.alert).or_default().extend(&leak.seen);
    }
    // Rows are locked in one order by all transactions.
    let ids: Vec<AlertId> = by_alert.keys().copied().collect();
    let locked = lock(conn, &ids)?.into_iter();
    let mut known: HashMap<AlertId, Alert> = locked.map(|alert| (alert.id, alert)).collect();
    let mut raised = HashMap::with_capacity(new.len());
    let mut first = Vec::new();
    for (id, seen) in &by_alert {
        let is_news = if let Some(alert) = known.remove(id) {
            see_again(conn, &alert, seen, now)?
        } else {
            first.extend(Row::of(*id, seen, now));
            true
        };
        let outcome = Raised {
            alert: *id,
            is_news,
        };
        raised.extend(seen.iter().map(|alert| (alert.id, outcome)));
    }
    for chunk in first.chunks(rows_per_statement(20)) {
        with_conn!(conn, |c| diesel::insert_into(alerts::table)
            .values(chunk)
            .execute(c))?;
    }
    note_occurrences(conn, &by_alert, now)?;
    for row in &first {
        let severity = Severity::from_number(row.severity).map_or("", Severity::as_str);
        counts::add(conn, What::AlertsRaised, severity, 1);
    }
    Ok(new
        .iter()
        .filter_map(|alert| raised.get(&alert.id).copied())
        .collect())
}

/// Sightings that share a key.
struct Leak<'a> {
    /// The alert that stands for it: the first sighting's, until another is found to.
    alert: AlertId,
    keys: Vec<&'a str>,
    seen: Vec<&'a NewAlert>,
}

impl<'a> Leak<'a> {
    fn of(new: &[&'a NewAlert]) -> Vec<Self> {
        let mut leaks: Vec<Self> = Vec::new();
        for &alert in new {
            let mut leak = Self {
                alert: alert.id,
                keys: alert.keys.iter().map(String::as_str).collect(),
                seen: vec![alert],
            };
            for known in leaks.extract_if(.., |known| known.shares_a_key(&alert.keys)) {
                leak = known.joined_with(leak);
            }
            leaks.push(leak);
        }
        leaks
    }

    fn shares_a_key(&self, keys: &[String]) -> bool {
        keys.iter().any(|key| self.keys.contains(&key.as_str()))
    }

    fn joined_with(mut self, later: Self) -> Self {
        for key in later.keys {
            if !self.keys.contains(&key) {
                self.keys.push(key);
            }
        }
        self.seen.extend(later.seen);
        self
    }
}

/// Claims the keys that nobody has, and finds the alert that stands for each leak: the one that has the surest
/// of its keys already, or its own.
fn claim_keys(conn: &mut Conn, leaks: &mut [Leak<'_>]) -> StoreResult<()> {
    let mut wanted: BTreeMap<Cow<'_, str>, AlertId> = BTreeMap::new();
    for leak in leaks.iter() {
        wanted.extend(leak.keys.iter().map(|key| (storable(key), leak.alert)));
    }
    let claims: Vec<_> = wanted
        .iter()
        .map(|(key, id)| {
            (
                alert_keys::key.eq(key.clone()),
                alert_keys::alert_id.eq(DbUuid::from(*id)),
            )
        })
        .collect();
    for chunk in claims.chunks(rows_per_statement(2)) {
        with_conn!(conn, |c| diesel::insert_into(alert_keys::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    let owners = owners(conn, &wanted.into_keys().collect::<Vec<_>>())?;
    for leak in leaks {
        let owner = |key: &&str| owners.get(storable(key).as_ref()).copied();
        let others = leak.keys.iter().filter_map(owner);
        let (own, mut others) = (leak.alert, others.filter(|id| *id != leak.alert));
        let Some(known) = others.next() else { continue };
        leak.alert = known;
        // Its other keys were claimed just now, for an alert that is not to be.
        with_conn!(conn, |c| diesel::update(alert_keys::table)
            .filter(alert_keys::alert_id.eq(DbUuid::from(own)))
            .set(alert_keys::alert_id.eq(DbUuid::from(known)))
            .execute(c))?;
    }
    Ok(())
}

fn owners(conn: &mut Conn, keys: &[Cow<'_, str>]) -> StoreResult<HashMap<String, AlertId>> {
    let mut owners = HashMap::with_capacity(keys.len());
    for chunk in keys.chunks(rows_per_statement(1)) {
        let found: Vec<(String, DbUuid)> = with_conn!(conn, |c| alert_keys::table
            .filter(alert_keys::key.eq_any(chunk))
            .select((alert_keys::key, alert_keys::alert_id))
            .load(c))?;
        owners.extend(found.into_iter().map(|(key, id)| (key, id.into())));
    }
    Ok(owners)
}

/// One more sighting of a known leak; says whether that is news.
fn see_again(
    conn: &mut Conn,
    alert: &Alert,
    seen: &[&NewAlert],
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let worst = seen.iter().max_by_key(|sighting| sighting.severity);
    let severity = worst.map_or(alert.severity, |worst| worst.severity.max(alert.severity));
    let status = alert.status.seen_again();
    let reopened = status != alert.status;
    let last = seen.last();
    // Reopened or graver than before, it has a new time to be closed in.
    let due_at = if reopened || severity > alert.severity {
        due(now, worst.copied())
    } else {
        alert.due_at.map(Into::into)
    };
    let changes = (
        alerts::status.eq(status.as_number()),
        alerts::severity.eq(severity.as_number()),
        alerts::occurrences.eq(alerts::occurrences + signed(seen.len() as u64)),
        alerts::last_seen_at.eq(DbTime::from(now)),
        alerts::job_id.eq(last.and_then(|last| last.job).map(DbUuid::from)),
        alerts::event_id.eq(last.and_then(|last| last.event).map(DbUuid::from)),
        alerts::due_at.eq(due_at),
        alerts::resolution.eq(alert.resolution.as_ref().filter(|_| !reopened)),
        alerts::closed_at.eq(alert.closed_at.filter(|_| !reopened).map(DbTime::from)),
        alerts::reopened.eq(alert.reopened + i32::from(reopened)),
        alerts::version.eq(alert.version + i32::from(reopened)),
    );
    with_conn!(conn, |c| diesel::update(
        alerts::table.find(DbUuid::from(alert.id))
    )
    .set(changes)
    .execute(c))?;
    if reopened {
        note_reopening(conn, alert, now)?;
    }
    Ok(reopened)
}

fn due(now: DateTime<Utc>, worst: Option<&NewAlert>) -> Option<DbTime> {
    let delay = worst?.due_in?;
    Some(clock::after(now, delay).into())
}

#[derive(Insertable)]
#[diesel(table_name = alerts, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    status: i16,
    severity: i16,
    source: Cow<'a, str>,
    title: Cow<'a, str>,
    description: Option<Cow<'a, str>>,
    info_type: Option<Cow<'a, str>>,
    fingerprint: Option<Cow<'a, str>>,
    policy_id: Option<DbUuid>,
    workspace_id: Option<Cow<'a, str>>,
    channel_id: Option<Cow<'a, str>>,
    user_id: Option<Cow<'a, str>>,
    job_id: Option<DbUuid>,
    event_id: Option<DbUuid>,
    occurrences: i64,
    first_seen_at: DbTime,
    last_seen_at: DbTime,
    due_at: Option<DbTime>,
    reopened: i32,
    version: i32,
    words: Words,
}

impl<'a> Row<'a> {
    /// A leak that was never seen before; of several sightings at once, the gravest tells what it is.
    fn of(id: AlertId, seen: &[&'a NewAlert], now: DateTime<Utc>) -> Option<Self> {
        let worst = *seen.iter().rev().max_by_key(|sighting| sighting.severity)?;
        let last = *seen.last()?;
        let texts = [
            Some(worst.title.as_str()),
            Some(worst.source.as_str()),
            worst.description.as_deref(),
            worst.info_type.as_ref().map(InfoType::as_str),
            worst.workspace.as_ref().map(WorkspaceId::as_str),
            worst.channel_id.as_deref(),
            worst.user_id.as_deref(),
        ];
        Some(Self {
            id: id.into(),
            status: AlertStatus::Open.as_number(),
            severity: worst.severity.as_number(),
            source: storable(&worst.source),
            title: storable(&worst.title),
            description: storable_opt(worst.description.as_ref()),
            info_type: worst
                .info_type
                .as_ref()
                .map(|it| Cow::Borrowed(it.as_str())),
            fingerprint: worst.fingerprint.as_ref().map(|it| storable(it.as_str())),
            policy_id: worst.policy.map(Into::into),
            workspace_id: worst.workspace.as_ref().map(|it| storable(it.as_str())),
            channel_id: storable_opt(worst.channel_id.as_ref()),
            user_id: storable_opt(worst.user_id.as_ref()),
            job_id: last.job.map(Into::into),
            event_id: last.event.map(Into::into),
            occurrences: signed(seen.len() as u64),
            first_seen_at: now.into(),
            last_seen_at: now.into(),
            due_at: due(now, Some(worst)),
            reopened: 0,
            version: 1,
            words: Words::of(texts.into_iter().flatten()),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = alert_occurrences, treat_none_as_default_value = false)]
struct OccurrenceRow<'a> {
    id: DbUuid,
    alert_id: DbUuid,
    job_id: Option<DbUuid>,
    event_id: Option<DbUuid>,
    workspace_id: Option<Cow<'a, str>>,
    channel_id: Option<Cow<'a, str>>,
    user_id: Option<Cow<'a, str>>,
    message_ts: Option<Cow<'a, str>>,
    severity: i16,
    seen_at: DbTime,
}

fn note_occurrences(
    conn: &mut Conn,
    by_alert: &BTreeMap<AlertId, Vec<&NewAlert>>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let rows: Vec<OccurrenceRow<'_>> = by_alert
        .iter()
        .flat_map(|(id, seen)| seen.iter().map(move |sighting| (id, sighting)))
        .map(|(id, sighting)| OccurrenceRow {
            id: OccurrenceId::fresh().into(),
            alert_id: (*id).into(),
            job_id: sighting.job.map(Into::into),
            event_id: sighting.event.map(Into::into),
            workspace_id: sighting.workspace.as_ref().map(|it| storable(it.as_str())),
            channel_id: storable_opt(sighting.channel_id.as_ref()),
            user_id: storable_opt(sighting.user_id.as_ref()),
            message_ts: storable_opt(sighting.message_ts.as_ref()),
            severity: sighting.severity.as_number(),
            seen_at: now.into(),
        })
        .collect();
    for chunk in rows.chunks(rows_per_statement(10)) {
        with_conn!(conn, |c| diesel::insert_into(alert_occurrences::table)
            .values(chunk)
            .execute(c))?;
    }
    Ok(())
}
