//! `action_outbox`: side effects that are to happen, each once.
//!
//! Owns the rows and their claims. Leaves carrying them out to the actors.
//! **Invariant:** one row per action key, for ever; a claim moves `due_at` on, so that whoever claimed and died
//! is followed by another.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::{case_when, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shared::ids::{ActionId, AlertId, JobId, WebhookId, WorkspaceId};
use shared::seal::Sealer;

use super::alerts::Raised;
use super::clock;
use super::columns::{
    DbNumber, DbText, DbTime, DbUuid, MaybeTime, MaybeUuid, numbered, storable, storable_opt,
};
use super::connection::{Conn, Database, rows_per_statement, with_conn};
use super::error::{StoreError, StoreResult};
use super::page::{Page, Paging, Seen, total_of};
use super::schema::action_outbox;
use crate::domain::notice::NoticeKind;
use crate::domain::policy::Recipients;

numbered! {
    /// How far an action is.
    ActionState "action state" {
        /// To be carried out.
        Pending = 1 "pending",
        /// Carried out, or found done.
        Done = 2 "done",
        /// Given up.
        Failed = 3 "failed",
    }
}

/// An action to carry out.
#[derive(Clone, Debug)]
pub struct NewAction {
    /// Its id.
    pub id: ActionId,
    /// What the same action for the same content has in common.
    pub action_key: String,
    /// What to do: `block`, `notify_author`, `mail`, `webhook`.
    pub kind: String,
    /// Whom it is for, if that is a webhook.
    pub target: Option<WebhookId>,
    /// The alert it tells of.
    pub alert: Option<AlertId>,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// Within one lane only the oldest goes out.
    pub lane: Option<String>,
    /// Sealed: what carrying it out needs.
    pub payload: Vec<u8>,
    /// How long it is put off.
    pub due_in: Duration,
}

/// A mail or a call that tells of an alert, as a policy asks for it. Which alert stands for the leak is known
/// when it is raised; so it is sealed then.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The action, without its payload; its `alert` is the one that is to be raised.
    pub action: NewAction,
    /// Whom a mail goes to; empty for those who are configured.
    pub to: Recipients,
    /// Seals it.
    pub sealer: Sealer,
}

impl Notice {
    /// The action that tells of `alert`.
    fn about(&self, alert: AlertId) -> StoreResult<NewAction> {
        // Read as `MailPayload::Alert` or as `WebhookPayload`, by the action's kind.
        let event = NoticeKind::AlertOpened;
        let payload = serde_json::json!({ "template": "alert", "alert": alert, "to": self.to, "event": event });
        let key = self.action.action_key.as_bytes();
        let sealed = self.sealer.seal(key, payload.to_string().as_bytes());
        Ok(NewAction {
            alert: Some(alert),
            payload: sealed.map_err(|_no_randomness| StoreError::Busy)?,
            ..self.action.clone()
        })
    }
}

/// A stored action, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = action_outbox)]
pub struct StoredAction {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: ActionId,
    /// Its key.
    pub action_key: String,
    /// What to do.
    pub kind: String,
    /// The job it follows from.
    #[diesel(deserialize_as = MaybeUuid)]
    pub job_id: Option<JobId>,
    /// Whom it is for, if that is a webhook.
    #[diesel(deserialize_as = MaybeUuid)]
    pub target: Option<WebhookId>,
    /// The alert it tells of.
    #[diesel(deserialize_as = MaybeUuid)]
    pub alert_id: Option<AlertId>,
    /// The tenant.
    #[diesel(deserialize_as = DbText, column_name = workspace_id)]
    pub workspace: WorkspaceId,
    /// How far it is.
    #[diesel(deserialize_as = DbNumber)]
    pub state: ActionState,
    /// When to try next.
    #[diesel(deserialize_as = DbTime)]
    pub due_at: DateTime<Utc>,
    /// How often it was claimed.
    pub attempts: i32,
    /// Why the last attempt failed, as a code.
    pub last_error_code: Option<String>,
    /// When it was decided.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it was done or given up.
    #[diesel(deserialize_as = MaybeTime)]
    pub settled_at: Option<DateTime<Utc>>,
    /// When somebody first tried; of a claimed one, before this claim.
    #[diesel(deserialize_as = MaybeTime)]
    pub first_tried_at: Option<DateTime<Utc>>,
    /// When somebody last said to be trying; of a claimed one, before this claim.
    #[diesel(deserialize_as = MaybeTime)]
    pub last_tried_at: Option<DateTime<Utc>>,
}

impl StoredAction {
    /// Of a claimed one: between which times somebody may have carried it out before; none if nobody can have.
    pub fn tried(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let first = self.first_tried_at.unwrap_or(self.created_at);
        let last = self.last_tried_at.unwrap_or(self.due_at);
        (self.attempts > 1).then_some((first, last))
    }
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<'a> {
    /// It is done.
    Done,
    /// Not yet; again after the delay.
    Later {
        /// Why, as a code.
        code: &'a str,
        /// How long to wait.
        delay: Duration,
    },
    /// Nobody could try now; again after the delay, and this was no attempt.
    PutOff {
        /// Why, as a code.
        code: &'a str,
        /// How long to wait.
        delay: Duration,
    },
    /// It cannot be done.
    Failed {
        /// Why, as a code.
        code: &'a str,
    },
}

/// How often an action may fail before those behind it in its lane go on without it.
pub const STEPS_ASIDE_AFTER: i32 = 5;

/// Whether there is anything due of these kinds: what looks often asks this first, which holds up nobody.
///
/// # Errors
/// As any query.
pub fn any_due(conn: &mut Conn, kinds: &[&str]) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let due: Option<DbUuid> = with_conn!(conn, |c| action_outbox::table
        .filter(sql::<Bool>("action_outbox.state = 1"))
        .filter(action_outbox::kind.eq_any(kinds))
        .filter(action_outbox::due_at.le(now))
        .select(action_outbox::id)
        .first(c)
        .optional())?;
    Ok(due.is_some())
}

/// Takes due actions of these kinds, oldest first, and holds them for `lease`. Two callers never get the same one
/// while its lease lasts, and nobody gets one whose lane has an older one that is due or was tried. Call it
/// through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn claim(
    conn: &mut Conn,
    kinds: &[&str],
    limit: u32,
    lease: Duration,
) -> StoreResult<Vec<(StoredAction, Option<Vec<u8>>)>> {
    let now = clock::now(conn)?;
    let due = action_outbox::table
        .filter(sql::<Bool>("action_outbox.state = 1"))
        .filter(action_outbox::kind.eq_any(kinds))
        .filter(action_outbox::due_at.le(DbTime::from(now)))
        .filter(is_first_of_its_lane())
        .order(action_outbox::due_at)
        .limit(i64::from(limit));
    let columns = (StoredAction::as_select(), action_outbox::payload);
    let mut claimed: Vec<(StoredAction, Option<Vec<u8>>)> = match &mut conn.db {
        Database::Postgres(c) => due.select(columns).for_update().skip_locked().load(c)?,
        Database::Sqlite(c) => {
            let columns = (StoredAction::as_select(), action_outbox::payload);
            due.select(columns).load(c)?
        }
    };
    let until = clock::after(now, lease);
    let ids: Vec<DbUuid> = claimed.iter().map(|(action, _)| action.id.into()).collect();
    with_conn!(conn, |c| diesel::update(
        action_outbox::table.filter(action_outbox::id.eq_any(&ids))
    )
    .set((
        action_outbox::attempts.eq(action_outbox::attempts + 1),
        action_outbox::due_at.eq(DbTime::from(until)),
        action_outbox::first_tried_at.eq(case_when(
            action_outbox::first_tried_at.is_null(),
            Some(DbTime::from(now))
        )
        .otherwise(action_outbox::first_tried_at)),
        action_outbox::last_tried_at.eq(Some(DbTime::from(now))),
    ))
    .execute(c))?;
    for (action, _) in &mut claimed {
        action.attempts += 1;
        action.due_at = until;
    }
    Ok(claimed)
}

/// Nothing older in its lane is due as early, or was tried and has not stepped aside. What a policy put off, and
/// nobody tried yet, holds up nobody.
fn is_first_of_its_lane() -> SqlLiteral<Bool> {
    sql::<Bool>(&format!(
        "(action_outbox.lane IS NULL OR NOT EXISTS (SELECT 1 FROM action_outbox AS older \
         WHERE older.lane = action_outbox.lane AND older.state = 1 AND older.id < action_outbox.id \
         AND (older.due_at <= action_outbox.due_at OR older.attempts BETWEEN 1 AND {STEPS_ASIDE_AFTER})))"
    ))
}

/// Holds the claim numbered `attempts` for `lease` from now on; `false` if the action was claimed again or settled
/// since.
///
/// # Errors
/// As any query.
pub fn renew(conn: &mut Conn, id: ActionId, attempts: i32, lease: Duration) -> StoreResult<bool> {
    let now = clock::now(conn)?;
    let of_claim = action_outbox::table
        .find(DbUuid::from(id))
        .filter(action_outbox::state.eq(ActionState::Pending.number()))
        .filter(action_outbox::attempts.eq(attempts));
    let rows = with_conn!(conn, |c| diesel::update(of_claim)
        .set((
            action_outbox::due_at.eq(DbTime::from(clock::after(now, lease))),
            action_outbox::last_tried_at.eq(Some(DbTime::from(now))),
        ))
        .execute(c))?;
    Ok(rows == 1)
}

/// Records what became of the claim numbered `attempts`; `false` if the action was claimed again or settled
/// since. A settled action loses its payload.
///
/// # Errors
/// As any query.
pub fn record(
    conn: &mut Conn,
    id: ActionId,
    attempts: i32,
    attempt: Attempt<'_>,
) -> StoreResult<bool> {
    let now = clock::now(conn)?;
    let of_claim = action_outbox::table
        .find(DbUuid::from(id))
        .filter(action_outbox::state.eq(ActionState::Pending.number()))
        .filter(action_outbox::attempts.eq(attempts));
    let again = |code, delay, attempts| {
        (
            action_outbox::due_at.eq(DbTime::from(clock::after(now, delay))),
            action_outbox::last_error_code.eq(Some(code)),
            action_outbox::attempts.eq(attempts),
        )
    };
    let (state, code) = match attempt {
        Attempt::Later { code, delay } => {
            let later = again(code, delay, attempts);
            let rows = with_conn!(conn, |c| diesel::update(of_claim).set(later).execute(c))?;
            return Ok(rows == 1);
        }
        Attempt::PutOff { code, delay } => {
            // Nothing was done, and whoever comes next need not look for it.
            let first = case_when(action_outbox::attempts.gt(1), action_outbox::first_tried_at)
                .otherwise(None::<DbTime>);
            let put_off = (
                again(code, delay, attempts - 1),
                action_outbox::first_tried_at.eq(first),
            );
            let rows = with_conn!(conn, |c| diesel::update(of_claim).set(put_off).execute(c))?;
            return Ok(rows == 1);
        }
        Attempt::Done => (ActionState::Done, None),
        Attempt::Failed { code } => (ActionState::Failed, Some(code)),
    };
    let changed = with_conn!(conn, |c| diesel::update(of_claim)
        .set((
            action_outbox::state.eq(state.number()),
            action_outbox::payload.eq(None::<Vec<u8>>),
            action_outbox::last_error_code.eq(code),
            action_outbox::settled_at.eq(Some(DbTime::from(now))),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// An action.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: ActionId) -> StoreResult<Option<StoredAction>> {
    Ok(with_conn!(conn, |c| action_outbox::table
        .find(DbUuid::from(id))
        .select(StoredAction::as_select())
        .first(c)
        .optional())?)
}

/// Gives claimed actions back untried: they are due at once, and the claim does not count.
///
/// # Errors
/// As any query.
pub fn give_back(conn: &mut Conn, claims: &[(ActionId, i32)]) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    for &(id, attempts) in claims {
        let of_claim = action_outbox::table
            .find(DbUuid::from(id))
            .filter(action_outbox::state.eq(ActionState::Pending.number()))
            .filter(action_outbox::attempts.eq(attempts));
        with_conn!(conn, |c| diesel::update(of_claim)
            .set((
                action_outbox::attempts.eq(attempts - 1),
                action_outbox::due_at.eq(now),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Gives up whatever is still to be told to a webhook, with a reason.
///
/// # Errors
/// As any query.
pub fn fail_all_for(conn: &mut Conn, target: WebhookId, code: &str) -> StoreResult<usize> {
    let now = clock::now(conn)?;
    let pending = action_outbox::table
        .filter(action_outbox::target.eq(DbUuid::from(target)))
        .filter(action_outbox::state.eq(ActionState::Pending.number()));
    Ok(with_conn!(conn, |c| diesel::update(pending)
        .set((
            action_outbox::state.eq(ActionState::Failed.number()),
            action_outbox::payload.eq(None::<Vec<u8>>),
            action_outbox::last_error_code.eq(Some(code)),
            action_outbox::settled_at.eq(Some(DbTime::from(now))),
        ))
        .execute(c))?)
}

/// What was and is to be told to a webhook, newest first.
///
/// # Errors
/// As any query.
pub fn of_target(
    conn: &mut Conn,
    target: WebhookId,
    paging: Paging,
) -> StoreResult<Page<StoredAction>> {
    let of_target = || action_outbox::table.filter(action_outbox::target.eq(DbUuid::from(target)));
    let rows: Vec<StoredAction> = with_conn!(conn, |c| of_target()
        .filter(action_outbox::id.lt(paging.below()))
        .order(action_outbox::id.desc())
        .limit(paging.rows())
        .select(StoredAction::as_select())
        .load(c))?;
    let total = total_of!(conn, &target, Seen::of(paging, rows.len()), of_target())?;
    Ok(Page::new(rows, total))
}

/// The actions of jobs, in order of job and making.
///
/// # Errors
/// As any query.
pub fn of_jobs(conn: &mut Conn, jobs: &[JobId]) -> StoreResult<Vec<StoredAction>> {
    let jobs: Vec<DbUuid> = jobs.iter().copied().map(Into::into).collect();
    Ok(with_conn!(conn, |c| action_outbox::table
        .filter(action_outbox::job_id.eq_any(&jobs))
        .order((action_outbox::job_id, action_outbox::id))
        .select(StoredAction::as_select())
        .load(c))?)
}

/// Actions, newest first.
///
/// # Errors
/// As any query.
pub fn list(
    conn: &mut Conn,
    state: Option<ActionState>,
    paging: Paging,
) -> StoreResult<Page<StoredAction>> {
    macro_rules! filtered {
        () => {{
            let all = action_outbox::table.into_boxed();
            match state {
                Some(state) => all.filter(action_outbox::state.eq(state.number())),
                None => all,
            }
        }};
    }
    let rows: Vec<StoredAction> = with_conn!(conn, |c| filtered!()
        .filter(action_outbox::id.lt(paging.below()))
        .order(action_outbox::id.desc())
        .limit(paging.rows())
        .select(StoredAction::as_select())
        .load(c))?;
    let total = total_of!(
        conn,
        &("actions", state.map(ActionState::number)),
        Seen::of(paging, rows.len()),
        filtered!()
    )?;
    Ok(Page::new(rows, total))
}

#[derive(Insertable)]
#[diesel(table_name = action_outbox, treat_none_as_default_value = false)]
struct Row<'a> {
    id: DbUuid,
    action_key: Cow<'a, str>,
    kind: Cow<'a, str>,
    target: Option<DbUuid>,
    job_id: Option<DbUuid>,
    alert_id: Option<DbUuid>,
    workspace_id: Cow<'a, str>,
    lane: Option<Cow<'a, str>>,
    payload: &'a [u8],
    state: i16,
    due_at: DbTime,
    attempts: i32,
    created_at: DbTime,
}

/// What is to be told of alerts that are news; `raised` gives what became of each that was to be raised. Who
/// was told of a leak is not told again each time that it is seen.
pub(super) fn told<'a>(
    notices: impl Iterator<Item = (JobId, &'a Notice)>,
    raised: &HashMap<AlertId, Raised>,
) -> StoreResult<Vec<(JobId, NewAction)>> {
    let news = |(job, notice): (JobId, &'a Notice)| {
        let raised = raised.get(&notice.action.alert?)?;
        let told = notice.about(raised.alert).map(|action| (job, action));
        raised.is_news.then_some(told)
    };
    notices.filter_map(news).collect()
}

/// Adds actions whose key is new, of no job, to be carried out at `due_at`. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn enqueue(conn: &mut Conn, new: &[NewAction], due_at: DateTime<Utc>) -> StoreResult<()> {
    let now = clock::now(conn)?;
    let rows = new.iter().map(|action| Row {
        due_at: due_at.into(),
        ..row(None, action, now)
    });
    insert_rows(conn, rows.collect())
}

/// Adds actions whose key is new.
pub(super) fn insert<'a>(
    conn: &mut Conn,
    new: impl Iterator<Item = (Option<JobId>, &'a NewAction)>,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    insert_rows(
        conn,
        new.map(|(job, action)| row(job, action, now)).collect(),
    )
}

fn insert_rows(conn: &mut Conn, mut rows: Vec<Row<'_>>) -> StoreResult<()> {
    // Of the same action asked for twice, the one that is due first stays.
    rows.sort_by(|a, b| (&a.action_key, a.due_at).cmp(&(&b.action_key, b.due_at)));
    for chunk in rows.chunks(rows_per_statement(13)) {
        with_conn!(conn, |c| diesel::insert_into(action_outbox::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

fn row(job: Option<JobId>, action: &NewAction, now: DateTime<Utc>) -> Row<'_> {
    Row {
        id: action.id.into(),
        action_key: storable(&action.action_key),
        kind: storable(&action.kind),
        target: action.target.map(Into::into),
        job_id: job.map(Into::into),
        alert_id: action.alert.map(Into::into),
        workspace_id: storable(action.workspace.as_str()),
        lane: storable_opt(action.lane.as_ref()),
        payload: &action.payload,
        state: ActionState::Pending.number(),
        due_at: clock::after(now, action.due_in).into(),
        attempts: 0,
        created_at: now.into(),
    }
}
