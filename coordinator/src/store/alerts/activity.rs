//! `alert_activity`: what people said and did about an alert, and what Weir did by itself.
//!
//! **Invariant:** an entry is written in the transaction of what it tells, and never changed, but that what somebody
//! said is forgotten with them.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use shared::ids::{ActivityId, AlertId, UserId};
use uuid::Uuid;

use crate::store::columns::{DbJson, DbTime, DbUuid, MaybeUuid, storable_opt};
use crate::store::connection::{Conn, rows_per_statement, with_conn};
use crate::store::error::StoreResult;
use crate::store::page::{Page, Paging, Seen, total_of};
use crate::store::people::FORGOTTEN;
use crate::store::schema::alert_activity;

/// Something to note about an alert.
#[derive(Clone, PartialEq)]
pub struct NewActivity {
    /// The alert.
    pub alert: AlertId,
    /// Who did it; none for Weir itself.
    pub by: Option<UserId>,
    /// What it was: `comment`, `status`, `assigned`, `changed`, `reopened`, `risk_accepted`,
    /// `blocked`, `decided`, `released`…
    pub kind: &'static str,
    /// What somebody said.
    pub text: Option<String>,
    /// From what to what.
    pub data: Value,
}

/// Something that was noted about an alert.
#[derive(Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = alert_activity)]
pub struct Activity {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: ActivityId,
    /// When.
    #[diesel(deserialize_as = DbTime)]
    pub at: DateTime<Utc>,
    /// Who did it; none for Weir itself.
    #[diesel(deserialize_as = MaybeUuid)]
    pub user_id: Option<UserId>,
    /// What it was.
    pub kind: String,
    /// What somebody said.
    pub text: Option<String>,
    /// From what to what.
    #[diesel(deserialize_as = DbJson)]
    pub data: Value,
}

/// From which end a list begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivityOrder {
    /// As it happened.
    #[default]
    OldestFirst,
    /// The newest first.
    NewestFirst,
}

/// Shows nothing that somebody said.
impl std::fmt::Debug for NewActivity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewActivity")
            .field("alert", &self.alert)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Shows nothing that somebody said.
impl std::fmt::Debug for Activity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Activity")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[derive(Insertable)]
#[diesel(table_name = alert_activity, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    alert_id: DbUuid,
    at: DbTime,
    user_id: Option<DbUuid>,
    kind: &'static str,
    text: Option<Cow<'a, str>>,
    data: DbJson,
}

/// Notes what was said and done, in the order given.
///
/// # Errors
/// As any query.
pub fn note(conn: &mut Conn, new: &[NewActivity], now: DateTime<Utc>) -> StoreResult<()> {
    let rows: Vec<Row<'_>> = new
        .iter()
        .map(|new| Row {
            id: ActivityId::fresh().into(),
            alert_id: new.alert.into(),
            at: now.into(),
            user_id: new.by.map(Into::into),
            kind: new.kind,
            text: storable_opt(new.text.as_ref()),
            data: DbJson::from(new.data.clone()),
        })
        .collect();
    for chunk in rows.chunks(rows_per_statement(7)) {
        with_conn!(conn, |c| diesel::insert_into(alert_activity::table)
            .values(chunk)
            .execute(c))?;
    }
    Ok(())
}

/// What somebody said and did about alerts, as it happened: behind a place, at most so much of it.
///
/// # Errors
/// As any query.
pub fn activity_of(
    conn: &mut Conn,
    user: UserId,
    after: Uuid,
    most: u32,
) -> StoreResult<Vec<(AlertId, Activity)>> {
    let rows: Vec<(DbUuid, Activity)> = with_conn!(conn, |c| alert_activity::table
        .filter(alert_activity::user_id.eq(DbUuid::from(user)))
        .filter(alert_activity::id.gt(DbUuid(after)))
        .order(alert_activity::id)
        .limit(most.into())
        .select((alert_activity::alert_id, Activity::as_select()))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(alert, activity)| (alert.into(), activity))
        .collect())
}

/// Forgets what somebody said about alerts; that they said something stays. Says how often they did.
///
/// # Errors
/// As any query.
pub fn forget_words_of(conn: &mut Conn, user: UserId) -> StoreResult<usize> {
    let said = alert_activity::table
        .filter(alert_activity::user_id.eq(DbUuid::from(user)))
        .filter(alert_activity::text.is_not_null())
        .filter(alert_activity::text.ne(FORGOTTEN));
    Ok(with_conn!(conn, |c| diesel::update(said)
        .set(alert_activity::text.eq(FORGOTTEN))
        .execute(c))?)
}

/// What was noted about an alert last, the newest first; at most so much.
///
/// # Errors
/// As any query.
pub fn recent(conn: &mut Conn, alert: AlertId, most: u32) -> StoreResult<Vec<Activity>> {
    Ok(with_conn!(conn, |c| alert_activity::table
        .filter(alert_activity::alert_id.eq(DbUuid::from(alert)))
        .order(alert_activity::id.desc())
        .limit(most.into())
        .select(Activity::as_select())
        .load(c))?)
}

/// What was noted about an alert.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    alert: AlertId,
    order: ActivityOrder,
    paging: Paging,
) -> StoreResult<Page<Activity>> {
    let of_alert = alert_activity::alert_id.eq(DbUuid::from(alert));
    let rows: Vec<Activity> = with_conn!(conn, |c| {
        let page = alert_activity::table.filter(of_alert).into_boxed();
        let page = match order {
            ActivityOrder::OldestFirst => {
                let after = DbUuid(paging.after.map_or(Uuid::nil(), |after| after.id));
                page.filter(alert_activity::id.gt(after))
                    .order(alert_activity::id.asc())
            }
            ActivityOrder::NewestFirst => page
                .filter(alert_activity::id.lt(paging.below()))
                .order(alert_activity::id.desc()),
        };
        page.limit(paging.rows())
            .select(Activity::as_select())
            .load(c)
    })?;
    let all = || alert_activity::table.filter(of_alert);
    let total = total_of!(
        conn,
        &("activity", alert),
        Seen::of(paging, rows.len()),
        all()
    )?;
    Ok(Page::new(rows, total))
}
