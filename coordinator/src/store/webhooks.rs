//! `webhooks`: whom alerts are told to over HTTP.
//!
//! Owns the rows, and what a success or a failure means to them. Leaves who wants what, and when an endpoint
//! counts as dead, to `domain::notice`, calling them to `webhooks`.
//! **Invariant:** url and secret rest sealed; whoever disables a webhook gives up its pending calls, and one that
//! is written at the same moment is given up when it is claimed.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use shared::finding::Severity;
use shared::ids::{UserId, WebhookId};

use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{
    DbJson, DbNumber, DbTime, DbUuid, MaybeTime, MaybeUuid, Undecodable, numbered, storable,
};
use super::connection::{Conn, Database, with_conn};
use super::error::{StoreError, StoreResult};
use super::notices::Notices;
use super::outbox;
use super::policies::{self, StoredPolicy};
use super::schema::webhooks;
use crate::domain::notice::{Health, NoticeKind, Subscription};

/// Webhooks there may be.
pub const MAX_WEBHOOKS: i64 = 100;
/// Why calls of a disabled webhook are given up.
pub const ENDPOINT_DISABLED: &str = "endpoint_disabled";
/// Why calls of a deleted webhook are given up.
pub const ENDPOINT_DELETED: &str = "endpoint_deleted";

numbered! {
    /// How an endpoint is.
    WebhookState "webhook state" {
        /// It takes what it is told.
        Active = 1 "active",
        /// It did not take the last thing it was told.
        Failing = 2 "failing",
        /// It is not called.
        Disabled = 3 "disabled",
    }
}

/// Why a webhook is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// An admin wanted it so.
    ByAdmin,
    /// It failed too often for too long.
    TooManyFailures,
    /// It answered that it is gone for good.
    Gone,
}

impl DisabledReason {
    /// The word, as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByAdmin => "by_admin",
            Self::TooManyFailures => "too_many_failures",
            Self::Gone => "gone",
        }
    }
}

/// A stored webhook.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = webhooks)]
pub struct Webhook {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: WebhookId,
    /// For people.
    pub name: String,
    /// Sealed: where it is.
    pub url: Vec<u8>,
    /// Sealed: what signs its calls.
    pub secret: Vec<u8>,
    /// Only what is at least so bad.
    #[diesel(deserialize_as = DbNumber)]
    pub min_severity: Severity,
    /// What it is told of.
    #[diesel(deserialize_as = DbJson)]
    pub event_types: NoticeKinds,
    /// How it is.
    #[diesel(deserialize_as = DbNumber)]
    pub state: WebhookState,
    /// Failures since it last took something.
    pub failures: i32,
    /// Since when.
    #[diesel(deserialize_as = MaybeTime)]
    pub failing_since: Option<DateTime<Utc>>,
    /// Why it is disabled, as a word.
    pub disabled_reason: Option<String>,
    /// When it was made.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    #[diesel(deserialize_as = DbTime)]
    pub updated_at: DateTime<Utc>,
    /// By whom.
    #[diesel(deserialize_as = MaybeUuid)]
    pub updated_by: Option<UserId>,
    /// Grows with every change.
    pub version: i32,
}

/// Kinds of notices, as the column keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeKinds(pub Vec<NoticeKind>);

impl TryFrom<DbJson> for NoticeKinds {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("list of events").map(Self)
    }
}

/// A webhook to add, or what one is to become.
#[derive(Clone)]
pub struct WebhookDraft {
    /// For people.
    pub name: String,
    /// Sealed.
    pub url: Vec<u8>,
    /// Sealed.
    pub secret: Vec<u8>,
    /// What it wants to be told.
    pub subscription: Subscription,
    /// Whether it is called.
    pub enabled: bool,
}

/// A webhook that is told news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Its id.
    pub id: WebhookId,
    /// What it wants.
    pub subscription: Subscription,
}

/// A change of a webhook that others may have changed meanwhile.
#[derive(Clone)]
pub struct WebhookChange {
    /// Which.
    pub id: WebhookId,
    /// The version it was made from.
    pub version: i32,
    /// What it is to become.
    pub draft: WebhookDraft,
}

/// What became of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is tried again.
    StillThere,
    /// The webhook is disabled now, for this reason.
    Disabled(DisabledReason),
    /// Somebody disabled or deleted it before.
    WasDisabled,
}

/// All webhooks, oldest first.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<Webhook>> {
    Ok(with_conn!(conn, |c| webhooks::table
        .order(webhooks::id)
        .select(Webhook::as_select())
        .load(c))?)
}

/// A webhook.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: WebhookId) -> StoreResult<Option<Webhook>> {
    Ok(with_conn!(conn, |c| webhooks::table
        .find(DbUuid::from(id))
        .select(Webhook::as_select())
        .first(c)
        .optional())?)
}

/// Who is told news.
///
/// # Errors
/// As any query.
pub fn subscribers(conn: &mut Conn) -> StoreResult<Vec<Subscriber>> {
    let rows: Vec<SubscriberRow> = with_conn!(conn, |c| webhooks::table
        .filter(webhooks::state.ne(WebhookState::Disabled.number()))
        .order(webhooks::id)
        .select(SubscriberRow::as_select())
        .load(c))?;
    let subscriber = |row: SubscriberRow| Subscriber {
        id: row.id.into(),
        subscription: Subscription {
            min_severity: row.min_severity,
            kinds: row.event_types.0,
        },
    };
    Ok(rows.into_iter().map(subscriber).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhooks)]
struct SubscriberRow {
    id: DbUuid,
    #[diesel(deserialize_as = DbNumber)]
    min_severity: Severity,
    #[diesel(deserialize_as = DbJson)]
    event_types: NoticeKinds,
}

/// Adds a webhook, as version 1; `false` if there are [`MAX_WEBHOOKS`] already.
///
/// # Errors
/// [`StoreError::Duplicate`] if the name is taken; as any query.
pub fn insert(
    conn: &mut Conn,
    id: WebhookId,
    draft: &WebhookDraft,
    by: UserId,
) -> StoreResult<bool> {
    let there: i64 = with_conn!(conn, |c| webhooks::table.count().get_result(c))?;
    if there >= MAX_WEBHOOKS {
        return Ok(false);
    }
    let now = clock::now(conn)?;
    let row = (
        webhooks::id.eq(DbUuid::from(id)),
        Columns::of(draft, now, by)?,
        webhooks::failures.eq(0),
        webhooks::created_at.eq(DbTime::from(now)),
        webhooks::version.eq(1),
    );
    with_conn!(conn, |c| diesel::insert_into(webhooks::table)
        .values(row)
        .execute(c))?;
    let data = json!({ "min_severity": draft.subscription.min_severity });
    let deed = NewAuditEvent::deed("webhook.created", Some(by), id.to_string(), data);
    audit::append(conn, [deed]);
    Ok(true)
}

/// Changes a webhook that is still at its version; `false` if it is not. One that is enabled begins anew, one
/// that is disabled loses its pending calls. `event_type` is what the audit trail calls it.
///
/// # Errors
/// [`StoreError::Duplicate`] if the name is taken; as any query.
pub fn update(
    conn: &mut Conn,
    change: &WebhookChange,
    by: UserId,
    event_type: &str,
) -> StoreResult<bool> {
    let Some(before) = lock(conn, change.id)?.filter(|row| row.version == change.version) else {
        return Ok(false);
    };
    let now = clock::now(conn)?;
    let was_enabled = before.state != WebhookState::Disabled;
    let mut columns = Columns::of(&change.draft, now, by)?;
    let mut health = Health::of(&before);
    if was_enabled == change.draft.enabled {
        columns.state = before.state.number();
        columns.disabled_reason = before.disabled_reason.as_deref().map(Cow::Borrowed);
    } else {
        health = Health::default();
    }
    let changes = (
        columns,
        webhooks::failures.eq(i32::try_from(health.failures).unwrap_or(i32::MAX)),
        webhooks::failing_since.eq(health.failing_since.map(DbTime::from)),
        webhooks::version.eq(before.version + 1),
    );
    with_conn!(conn, |c| diesel::update(
        webhooks::table.find(DbUuid::from(change.id))
    )
    .set(changes)
    .execute(c))?;
    if !change.draft.enabled {
        outbox::fail_all_for(conn, change.id, ENDPOINT_DISABLED)?;
    }
    let data = json!({
        "min_severity": change.draft.subscription.min_severity, "enabled": change.draft.enabled,
    });
    let deed = NewAuditEvent::deed(event_type, Some(by), change.id.to_string(), data);
    audit::append(conn, [deed]);
    Ok(true)
}

/// Keeps webhooks from being deleted until the transaction ends; says which of them there are.
///
/// # Errors
/// As any query.
pub fn hold(conn: &mut Conn, ids: &[WebhookId]) -> StoreResult<Vec<WebhookId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<DbUuid> = ids.iter().copied().map(Into::into).collect();
    ids.sort_unstable();
    ids.dedup();
    let named = webhooks::table
        .filter(webhooks::id.eq_any(&ids))
        .order(webhooks::id);
    let held: Vec<DbUuid> = match &mut conn.db {
        // Whoever records how an endpoint fares does not wait for it.
        Database::Postgres(c) => named.select(webhooks::id).for_key_share().load(c)?,
        // One writer: nobody else changes anything meanwhile.
        Database::Sqlite(c) => named.select(webhooks::id).load(c)?,
    };
    Ok(held.into_iter().map(Into::into).collect())
}

/// The policies that name a webhook, which nobody can begin to name until the transaction ends.
///
/// # Errors
/// As any query.
pub fn named_by(conn: &mut Conn, id: WebhookId) -> StoreResult<Vec<StoredPolicy>> {
    lock(conn, id)?;
    let names_it = |policy: &StoredPolicy| policy.spec.0.webhooks().contains(&id);
    Ok(policies::list(conn)?.into_iter().filter(names_it).collect())
}

/// Deletes a webhook that is still at `version`, and gives up its pending calls; `false` if it is not.
///
/// # Errors
/// As any query.
pub fn delete(conn: &mut Conn, id: WebhookId, version: i32, by: UserId) -> StoreResult<bool> {
    let deleted = with_conn!(conn, |c| diesel::delete(
        webhooks::table
            .find(DbUuid::from(id))
            .filter(webhooks::version.eq(version))
    )
    .execute(c))?;
    if deleted != 1 {
        return Ok(false);
    }
    outbox::fail_all_for(conn, id, ENDPOINT_DELETED)?;
    let deed = NewAuditEvent::deed("webhook.deleted", Some(by), id.to_string(), json!({}));
    audit::append(conn, [deed]);
    Ok(true)
}

/// An endpoint took what it was told: it is well again.
///
/// # Errors
/// As any query.
pub fn note_success(conn: &mut Conn, id: WebhookId) -> StoreResult<()> {
    let failing = webhooks::table
        .find(DbUuid::from(id))
        .filter(webhooks::state.eq(WebhookState::Failing.number()));
    with_conn!(conn, |c| diesel::update(failing)
        .set((
            webhooks::state.eq(WebhookState::Active.number()),
            webhooks::failures.eq(0),
            webhooks::failing_since.eq(None::<DbTime>),
        ))
        .execute(c))?;
    Ok(())
}

/// An endpoint did not take what it was told. Failing for `limit` and often enough, it is disabled.
///
/// # Errors
/// As any query.
pub fn note_failure(
    conn: &mut Conn,
    id: WebhookId,
    limit: Duration,
    notices: &Notices,
) -> StoreResult<AfterFailure> {
    let Some(webhook) = lock(conn, id)?.filter(|row| row.state != WebhookState::Disabled) else {
        return Ok(AfterFailure::WasDisabled);
    };
    let now = clock::now(conn)?;
    let health = Health::of(&webhook).after_failure(now);
    with_conn!(conn, |c| diesel::update(
        webhooks::table.find(DbUuid::from(id))
    )
    .set((
        webhooks::state.eq(WebhookState::Failing.number()),
        webhooks::failures.eq(i32::try_from(health.failures).unwrap_or(i32::MAX)),
        webhooks::failing_since.eq(health.failing_since.map(DbTime::from)),
    ))
    .execute(c))?;
    if !health.is_dead(now, limit) {
        return Ok(AfterFailure::StillThere);
    }
    disable(conn, id, DisabledReason::TooManyFailures, notices)
}

/// Weir itself stops calling an endpoint, and says so, unless it is disabled already.
///
/// # Errors
/// As any query.
pub fn disable(
    conn: &mut Conn,
    id: WebhookId,
    reason: DisabledReason,
    notices: &Notices,
) -> StoreResult<AfterFailure> {
    let Some(webhook) = lock(conn, id)?.filter(|row| row.state != WebhookState::Disabled) else {
        return Ok(AfterFailure::WasDisabled);
    };
    let version = webhook.version + 1;
    let now = clock::now(conn)?;
    with_conn!(conn, |c| diesel::update(
        webhooks::table.find(DbUuid::from(id))
    )
    .set((
        webhooks::state.eq(WebhookState::Disabled.number()),
        webhooks::disabled_reason.eq(Some(reason.as_str())),
        webhooks::updated_at.eq(DbTime::from(now)),
        webhooks::updated_by.eq(None::<DbUuid>),
        webhooks::version.eq(version),
    ))
    .execute(c))?;
    outbox::fail_all_for(conn, id, ENDPOINT_DISABLED)?;
    notices.webhook_disabled(conn, id, version, reason.as_str())?;
    let data = json!({ "reason": reason.as_str(), "failures": webhook.failures });
    let deed = NewAuditEvent::deed("webhook.disabled", None, id.to_string(), data);
    audit::append(conn, [deed]);
    Ok(AfterFailure::Disabled(reason))
}

/// Records that somebody had a webhook called.
pub fn note_test(conn: &mut Conn, id: WebhookId, by: UserId, delivered: bool) {
    let data = json!({ "delivered": delivered });
    let deed = NewAuditEvent::deed("webhook.tested", Some(by), id.to_string(), data);
    audit::append(conn, [deed]);
}

fn lock(conn: &mut Conn, id: WebhookId) -> StoreResult<Option<Webhook>> {
    let row = webhooks::table.find(DbUuid::from(id));
    Ok(match &mut conn.db {
        Database::Postgres(c) => row
            .select(Webhook::as_select())
            .for_update()
            .first(c)
            .optional()?,
        Database::Sqlite(c) => row.select(Webhook::as_select()).first(c).optional()?,
    })
}

impl Health {
    fn of(webhook: &Webhook) -> Self {
        Self {
            failures: u32::try_from(webhook.failures).unwrap_or_default(),
            failing_since: webhook.failing_since,
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Columns<'a> {
    name: Cow<'a, str>,
    url: &'a [u8],
    secret: &'a [u8],
    min_severity: i16,
    event_types: DbJson,
    state: i16,
    disabled_reason: Option<Cow<'a, str>>,
    updated_at: DbTime,
    updated_by: Option<DbUuid>,
}

impl<'a> Columns<'a> {
    fn of(draft: &'a WebhookDraft, now: DateTime<Utc>, by: UserId) -> Result<Self, StoreError> {
        let (state, disabled_reason) = if draft.enabled {
            (WebhookState::Active, None)
        } else {
            (
                WebhookState::Disabled,
                Some(Cow::Borrowed(DisabledReason::ByAdmin.as_str())),
            )
        };
        Ok(Self {
            name: storable(&draft.name),
            url: &draft.url,
            secret: &draft.secret,
            min_severity: draft.subscription.min_severity.as_number(),
            event_types: DbJson::of(&draft.subscription.kinds)?,
            state: state.number(),
            disabled_reason,
            updated_at: now.into(),
            updated_by: Some(by.into()),
        })
    }
}
