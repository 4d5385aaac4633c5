//! `suppressions`: findings that no policy is to count, and risks that somebody answers for.
//!
//! Owns the rows, counting what they hit, and what happens when one ends. What one matches is for
//! `domain::suppression`.
//! **Invariant:** a suppression ends once; an alert that was dismissed because its risk was accepted is opened
//! again in the transaction that ends the acceptance. Alerts are locked before suppressions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use shared::ids::{AlertId, SuppressionId, UserId};

use super::alerts::{self, Alert};
use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{
    DbCount, DbJson, DbNumber, DbTime, DbUuid, MaybeTime, MaybeUuid, Undecodable, signed, storable,
};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging, Seen, total_of};
use super::schema::suppressions;
use crate::domain::alert::{AlertStatus, Resolution};
use crate::domain::due_times::DueTimes;
use crate::domain::suppression::{Live, Matches, SuppressionKind};

/// Suppressions that nobody has ended, at most: each is held against each finding.
pub const MAX_LIVE: u32 = 5_000;

/// A stored suppression.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = suppressions)]
pub struct Suppression {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: SuppressionId,
    /// What kind of decision it was.
    #[diesel(deserialize_as = DbNumber)]
    pub kind: SuppressionKind,
    /// What it is about.
    #[diesel(deserialize_as = DbJson)]
    pub matches: Matches,
    /// Why, in somebody's words.
    pub reason: String,
    /// Who answers for it.
    #[diesel(deserialize_as = DbUuid)]
    pub owner: UserId,
    /// The alert whose risk was accepted.
    #[diesel(deserialize_as = MaybeUuid)]
    pub alert_id: Option<AlertId>,
    /// Who made it.
    #[diesel(deserialize_as = MaybeUuid)]
    pub created_by: Option<UserId>,
    /// When.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it is over.
    #[diesel(deserialize_as = MaybeTime)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was ended, or found to be over.
    #[diesel(deserialize_as = MaybeTime)]
    pub ended_at: Option<DateTime<Utc>>,
    /// How many findings it kept from counting.
    #[diesel(deserialize_as = DbCount)]
    pub hits: u64,
    /// When the last.
    #[diesel(deserialize_as = MaybeTime)]
    pub last_hit_at: Option<DateTime<Utc>>,
    /// Grows with every change by people.
    pub version: i32,
}

/// A suppression to make.
#[derive(Clone)]
pub struct NewSuppression {
    /// Its id.
    pub id: SuppressionId,
    /// What kind of decision it is.
    pub kind: SuppressionKind,
    /// What it is about.
    pub matches: Matches,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: UserId,
    /// The alert whose risk is accepted.
    pub alert: Option<AlertId>,
    /// When it is over.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a list of suppressions shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SuppressionFilter {
    /// Only of that kind.
    pub kind: Option<SuppressionKind>,
    /// Only those in force, or only those that are over.
    pub in_force: Option<bool>,
    /// Only theirs.
    pub owner: Option<UserId>,
}

/// Why a suppression ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody said so.
    By(UserId),
    /// Its time is over.
    Expired,
}

impl TryFrom<DbNumber> for SuppressionKind {
    type Error = Undecodable;

    fn try_from(number: DbNumber) -> Result<Self, Undecodable> {
        Self::from_number(number.0).ok_or(Undecodable("suppression kind"))
    }
}

impl TryFrom<DbJson> for Matches {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("suppression")
    }
}

impl Suppression {
    /// Whether it keeps findings from counting then.
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// Shows neither the reason nor what it matches.
impl std::fmt::Debug for Suppression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Suppression")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("expires_at", &self.expires_at)
            .field("ended_at", &self.ended_at)
            .field("hits", &self.hits)
            .finish_non_exhaustive()
    }
}

/// Makes a suppression, as version 1.
///
/// # Errors
/// As any query.
pub fn insert(
    conn: &mut Conn,
    new: &NewSuppression,
    by: UserId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let row = (
        suppressions::id.eq(DbUuid::from(new.id)),
        suppressions::kind.eq(new.kind.as_number()),
        suppressions::matches.eq(DbJson::of(&new.matches)?),
        suppressions::reason.eq(storable(&new.reason)),
        suppressions::owner.eq(DbUuid::from(new.owner)),
        suppressions::alert_id.eq(new.alert.map(DbUuid::from)),
        suppressions::created_by.eq(DbUuid::from(by)),
        suppressions::created_at.eq(DbTime::from(now)),
        suppressions::expires_at.eq(new.expires_at.map(DbTime::from)),
        suppressions::hits.eq(0_i64),
        suppressions::version.eq(1),
    );
    with_conn!(conn, |c| diesel::insert_into(suppressions::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// A suppression.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: SuppressionId) -> StoreResult<Option<Suppression>> {
    Ok(with_conn!(conn, |c| suppressions::table
        .find(DbUuid::from(id))
        .select(Suppression::as_select())
        .first(c)
        .optional())?)
}

/// Suppressions, newest first. Counting stops at [`COUNTED`](super::COUNTED).
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    filter: SuppressionFilter,
    paging: Paging,
) -> StoreResult<Page<Suppression>> {
    let now = DbTime::from(clock::now(conn)?);
    macro_rules! filtered {
        () => {{
            let mut query = suppressions::table.into_boxed();
            if let Some(kind) = filter.kind {
                query = query.filter(suppressions::kind.eq(kind.as_number()));
            }
            if let Some(owner) = filter.owner {
                query = query.filter(suppressions::owner.eq(DbUuid::from(owner)));
            }
            match filter.in_force {
                Some(true) => {
                    let ahead = suppressions::expires_at.gt(now);
                    query = query
                        .filter(suppressions::ended_at.is_null())
                        .filter(suppressions::expires_at.is_null().or(ahead));
                }
                Some(false) => {
                    let over = suppressions::expires_at.le(now);
                    query = query.filter(suppressions::ended_at.is_not_null().or(over));
                }
                None => {}
            }
            query
        }};
    }
    let rows: Vec<Suppression> = with_conn!(conn, |c| filtered!()
        .filter(suppressions::id.lt(paging.below()))
        .order(suppressions::id.desc())
        .limit(paging.rows())
        .select(Suppression::as_select())
        .load(c))?;
    let total = total_of!(conn, &filter, Seen::of(paging, rows.len()), filtered!())?;
    Ok(Page::new(rows, total))
}

/// Which there are that nobody has ended, and at which version.
///
/// # Errors
/// As any query.
pub fn marks(conn: &mut Conn) -> StoreResult<Vec<(SuppressionId, i32)>> {
    let marks: Vec<(DbUuid, i32)> = with_conn!(conn, |c| suppressions::table
        .filter(suppressions::ended_at.is_null())
        .order(suppressions::id)
        .select((suppressions::id, suppressions::version))
        .load(c))?;
    Ok(marks
        .into_iter()
        .map(|(id, version)| (id.into(), version))
        .collect())
}

/// Those that nobody has ended, oldest first.
///
/// # Errors
/// As any query; one that cannot be read fails the list, so that none is silently left out.
pub fn live(conn: &mut Conn) -> StoreResult<Vec<Live>> {
    let rows: Vec<Suppression> = with_conn!(conn, |c| suppressions::table
        .filter(suppressions::ended_at.is_null())
        .order(suppressions::id)
        .select(Suppression::as_select())
        .load(c))?;
    let live = rows.into_iter().map(|row| Live {
        id: row.id,
        matches: row.matches,
        expires_at: row.expires_at,
    });
    Ok(live.collect())
}

/// Whether there are as many as there may be.
///
/// # Errors
/// As any query.
pub fn is_full(conn: &mut Conn) -> StoreResult<bool> {
    let live: i64 = with_conn!(conn, |c| suppressions::table
        .filter(suppressions::ended_at.is_null())
        .count()
        .get_result(c))?;
    Ok(live >= i64::from(MAX_LIVE))
}

/// Writes reason, owner and end of a suppression that nobody has ended and that is still at `version`;
/// `false` if it is not so any more.
///
/// # Errors
/// As any query.
pub fn update(conn: &mut Conn, changed: &Suppression) -> StoreResult<bool> {
    let columns = (
        suppressions::reason.eq(storable(&changed.reason)),
        suppressions::owner.eq(DbUuid::from(changed.owner)),
        suppressions::expires_at.eq(changed.expires_at.map(DbTime::from)),
        suppressions::version.eq(changed.version + 1),
    );
    let updated = with_conn!(conn, |c| diesel::update(
        suppressions::table
            .find(DbUuid::from(changed.id))
            .filter(suppressions::ended_at.is_null())
            .filter(suppressions::version.eq(changed.version))
    )
    .set(columns)
    .execute(c))?;
    Ok(updated == 1)
}

/// Counts what suppressions kept from counting.
pub(super) fn count_hits(
    conn: &mut Conn,
    hit: impl Iterator<Item = SuppressionId>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    // Rows are locked in one order by all transactions.
    let mut hits: BTreeMap<SuppressionId, u64> = BTreeMap::new();
    for id in hit {
        *hits.entry(id).or_default() += 1;
    }
    for (id, count) in hits {
        let counted = (
            suppressions::hits.eq(suppressions::hits + signed(count)),
            suppressions::last_hit_at.eq(DbTime::from(now)),
        );
        with_conn!(conn, |c| diesel::update(
            suppressions::table.find(DbUuid::from(id))
        )
        .set(counted)
        .execute(c))?;
    }
    Ok(())
}

/// Ends a suppression that is still at `version`; `false` if it is not, or was ended before. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn end(
    conn: &mut Conn,
    suppression: &Suppression,
    why: Ending,
    times: &DueTimes,
) -> StoreResult<bool> {
    let now = clock::now(conn)?;
    let alert = match suppression.alert_id {
        Some(alert) => alerts::lock(conn, &[alert])?.pop(),
        None => None,
    };
    finish(conn, suppression, alert, (why, now), times)
}

/// Ends those whose time is over, at most so many; says how many it ended. Several coordinators may try at
/// once: each suppression is ended by one. Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn end_expired(conn: &mut Conn, times: &DueTimes, most: u32) -> StoreResult<usize> {
    let now = clock::now(conn)?;
    let over: Vec<Suppression> = with_conn!(conn, |c| suppressions::table
        .filter(suppressions::ended_at.is_null())
        .filter(suppressions::expires_at.le(DbTime::from(now)))
        .order(suppressions::id)
        .limit(most.into())
        .select(Suppression::as_select())
        .load(c))?;
    let ids: Vec<AlertId> = over.iter().filter_map(|one| one.alert_id).collect();
    alerts::lock(conn, &ids)?;
    let mut ended = 0;
    for suppression in &over {
        // Read anew: two acceptances of one round can be about one alert.
        let alert = match suppression.alert_id {
            Some(id) => alerts::get(conn, id)?,
            None => None,
        };
        let why = (Ending::Expired, now);
        ended += usize::from(finish(conn, suppression, alert, why, times)?);
    }
    Ok(ended)
}

/// Marks a suppression as ended, and opens the alert it kept closed, which is locked.
fn finish(
    conn: &mut Conn,
    suppression: &Suppression,
    alert: Option<Alert>,
    (why, now): (Ending, DateTime<Utc>),
    times: &DueTimes,
) -> StoreResult<bool> {
    let ended = with_conn!(conn, |c| diesel::update(
        suppressions::table
            .find(DbUuid::from(suppression.id))
            .filter(suppressions::ended_at.is_null())
            // Somebody may have put its end off meanwhile.
            .filter(suppressions::version.eq(suppression.version))
    )
    .set((
        suppressions::ended_at.eq(DbTime::from(now)),
        suppressions::version.eq(suppression.version + 1),
    ))
    .execute(c))?;
    if ended == 0 {
        return Ok(false);
    }
    let (by, why) = match why {
        Ending::By(user) => (Some(user), "deleted"),
        Ending::Expired => (None, "expired"),
    };
    let data = json!({ "kind": suppression.kind, "why": why, "hits": suppression.hits });
    let deed = NewAuditEvent::deed("suppression.ended", by, suppression.id.to_string(), data);
    audit::append(conn, [deed]);
    if let Some(mut alert) = alert
        && is_dismissed_by_acceptance(&alert)
        && !is_accepted_otherwise(conn, suppression, &alert, now)?
    {
        let due = times.of(alert.severity).map(|time| clock::after(now, time));
        alerts::reopen(conn, &mut alert, due, now)?;
    }
    Ok(true)
}

/// Not so an alert that somebody opened meanwhile, or closed in another way.
fn is_dismissed_by_acceptance(alert: &Alert) -> bool {
    alert.status == AlertStatus::Dismissed
        && alert.resolution.as_deref() == Some(Resolution::ACCEPTED_RISK)
}

/// Whether another acceptance of the same alert's risk is in force.
fn is_accepted_otherwise(
    conn: &mut Conn,
    ended: &Suppression,
    alert: &Alert,
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let others: i64 = with_conn!(conn, |c| suppressions::table
        .filter(suppressions::alert_id.eq(DbUuid::from(alert.id)))
        .filter(suppressions::id.ne(DbUuid::from(ended.id)))
        .filter(suppressions::ended_at.is_null())
        .filter(suppressions::expires_at.gt(DbTime::from(now)))
        .count()
        .get_result(c))?;
    Ok(others > 0)
}
