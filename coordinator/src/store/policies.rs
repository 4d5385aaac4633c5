//! `policies`: what admins decided beforehand.
//!
//! Owns the rows. Leaves what a policy means to `domain::policy`.
//! **Invariant:** a change names the version it was made from, so that two admins do not overwrite each other.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use shared::ids::{PolicyId, UserId, WebhookId};

use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{DbJson, DbTime, DbUuid, MaybeUuid, Undecodable, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging, Seen, total_of};
use super::schema::{policies, webhooks};
use super::settings::{self, Setting};
use super::violations::mode_number;
use super::words::{Search, Words};
use crate::domain::policy::{Policy, PolicyMode, defaults};

/// A stored policy.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = policies)]
pub struct StoredPolicy {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: PolicyId,
    /// The policy.
    #[diesel(deserialize_as = DbJson)]
    pub spec: StoredSpec,
    /// Grows with every change.
    pub version: i32,
    /// When it was made.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    #[diesel(deserialize_as = DbTime)]
    pub updated_at: DateTime<Utc>,
    /// By whom.
    #[diesel(deserialize_as = MaybeUuid)]
    pub updated_by: Option<UserId>,
}

/// A policy, as the column keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSpec(pub Policy);

impl TryFrom<DbJson> for StoredSpec {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("policy").map(Self)
    }
}

/// What tells one state of the table from another.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = policies)]
pub struct Mark {
    /// Which policy.
    #[diesel(deserialize_as = DbUuid)]
    pub id: PolicyId,
    /// At which version.
    pub version: i32,
}

/// What a list of policies shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PolicyFilter {
    /// Only in that mode.
    pub mode: Option<PolicyMode>,
    /// Only with these words in their names.
    pub search: Option<Search>,
}

/// All policies, highest priority first, then oldest first.
///
/// # Errors
/// As any query; one that cannot be read fails the list, so that none is silently left out of a decision.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<StoredPolicy>> {
    Ok(with_conn!(conn, |c| policies::table
        .order((policies::priority.desc(), policies::id))
        .select(StoredPolicy::as_select())
        .load(c))?)
}

/// The state of the table, without the policies themselves: cheap enough to ask for every second.
///
/// # Errors
/// As any query.
pub fn marks(conn: &mut Conn) -> StoreResult<Vec<Mark>> {
    Ok(with_conn!(conn, |c| policies::table
        .order(policies::id)
        .select(Mark::as_select())
        .load(c))?)
}

/// How many there are.
///
/// # Errors
/// As any query.
pub fn count(conn: &mut Conn) -> StoreResult<i64> {
    Ok(with_conn!(conn, |c| policies::table
        .select(count_star())
        .get_result(c))?)
}

/// Policies, highest priority first, then oldest first. The position's key is the priority.
///
/// # Errors
/// As any query.
pub fn page(
    conn: &mut Conn,
    filter: &PolicyFilter,
    paging: Paging,
) -> StoreResult<Page<StoredPolicy>> {
    let found = filter
        .search
        .as_ref()
        .map(|search| search.condition(conn, "policies.words"));
    let after = paging.after.map(|after| {
        let priority = i32::try_from(after.key).unwrap_or(i32::MIN);
        (priority, DbUuid(after.id))
    });

    macro_rules! filtered {
        () => {{
            let mut query = policies::table.into_boxed();
            if let Some(mode) = filter.mode {
                query = query.filter(policies::mode.eq(mode_number(mode)));
            }
            if let Some(found) = found.clone() {
                query = query.filter(found);
            }
            query
        }};
    }

    let rows: Vec<StoredPolicy> = with_conn!(conn, |c| {
        let mut page = filtered!();
        if let Some((priority, id)) = after {
            let equal = policies::priority.eq(priority).and(policies::id.gt(id));
            page = page.filter(policies::priority.lt(priority).or(equal));
        }
        page.order((policies::priority.desc(), policies::id))
            .limit(paging.rows())
            .select(StoredPolicy::as_select())
            .load(c)
    })?;
    let total = total_of!(conn, filter, Seen::of(paging, rows.len()), filtered!())?;
    Ok(Page::new(rows, total))
}

/// The webhooks that a policy may name.
///
/// # Errors
/// As any query.
pub fn webhooks(conn: &mut Conn) -> StoreResult<Vec<WebhookId>> {
    let ids: Vec<DbUuid> = with_conn!(conn, |c| webhooks::table.select(webhooks::id).load(c))?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// A policy.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: PolicyId) -> StoreResult<Option<StoredPolicy>> {
    Ok(with_conn!(conn, |c| policies::table
        .find(DbUuid::from(id))
        .select(StoredPolicy::as_select())
        .first(c)
        .optional())?)
}

/// Makes the default policies, once in an installation's life; says whether it did.
/// Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn make_defaults(conn: &mut Conn) -> StoreResult<bool> {
    if settings::get(conn, Setting::DefaultPolicyMade)?.is_some() {
        return Ok(false);
    }
    // Of several coordinators that start at once, one makes them.
    if !settings::replace_if_different(conn, Setting::DefaultPolicyMade, "yes")? {
        return Ok(false);
    }
    for policy in defaults() {
        let id = PolicyId::fresh();
        insert(conn, id, &policy, None)?;
        let data = serde_json::json!({ "version": 1, "mode": policy.mode, "by": "first start" });
        let deed = NewAuditEvent::deed("policy.created", None, id.to_string(), data);
        audit::append(conn, [deed]);
    }
    Ok(true)
}

/// Adds a policy, as version 1.
///
/// # Errors
/// As any query.
pub fn insert(
    conn: &mut Conn,
    id: PolicyId,
    policy: &Policy,
    by: Option<UserId>,
) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    let row = (
        policies::id.eq(DbUuid::from(id)),
        Columns::of(policy, now, by)?,
        policies::version.eq(1),
        policies::created_at.eq(now),
    );
    with_conn!(conn, |c| diesel::insert_into(policies::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Replaces a policy that is still at `version`; `false` if it is not.
///
/// # Errors
/// As any query.
pub fn update(
    conn: &mut Conn,
    id: PolicyId,
    policy: &Policy,
    version: i32,
    by: Option<UserId>,
) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let changes = (
        Columns::of(policy, now, by)?,
        policies::version.eq(policies::version + 1),
    );
    let updated = with_conn!(conn, |c| diesel::update(
        policies::table
            .find(DbUuid::from(id))
            .filter(policies::version.eq(version))
    )
    .set(changes)
    .execute(c))?;
    Ok(updated == 1)
}

/// Deletes a policy that is still at `version`; `false` if it is not.
///
/// # Errors
/// As any query.
pub fn delete(conn: &mut Conn, id: PolicyId, version: i32) -> StoreResult<bool> {
    let deleted = with_conn!(conn, |c| diesel::delete(
        policies::table
            .find(DbUuid::from(id))
            .filter(policies::version.eq(version))
    )
    .execute(c))?;
    Ok(deleted == 1)
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = policies, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Columns<'a> {
    name: Cow<'a, str>,
    mode: i16,
    priority: i32,
    spec: DbJson,
    updated_at: DbTime,
    updated_by: Option<DbUuid>,
    words: Words,
}

impl<'a> Columns<'a> {
    fn of(policy: &'a Policy, now: DbTime, by: Option<UserId>) -> StoreResult<Self> {
        Ok(Self {
            name: storable(&policy.name),
            mode: mode_number(policy.mode),
            priority: policy.priority,
            spec: DbJson::of(policy)?,
            updated_at: now,
            updated_by: by.map(Into::into),
            words: Words::of([policy.name.as_str()]),
        })
    }
}
