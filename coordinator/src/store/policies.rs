//! `policies`: what admins decided beforehand.
//!
//! Owns the rows. Leaves what a policy means to `domain::policy`.
//! **Invariant:** a change names the version it was made from, so that two admins do not overwrite each other.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::{PolicyId, UserId};

use super::clock;
use super::columns::{DbJson, DbTime, DbUuid, MaybeUuid, Undecodable, storable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::policies;
use super::settings::{self, Setting};
use super::violations::mode_number;
use crate::domain::policy::{Policy, default_policy};

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

/// Makes the default policy, once in an installation's life; says whether it did.
/// Call it through [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn make_default(conn: &mut Conn, id: PolicyId) -> StoreResult<bool> {
    if settings::get(conn, Setting::DefaultPolicyMade)?.is_some() {
        return Ok(false);
    }
    settings::put(conn, Setting::DefaultPolicyMade, &id.to_string())?;
    insert(conn, id, &default_policy(), None)?;
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
        policies::version.eq(version + 1),
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

/// Deletes a policy; `false` if there is none of that id.
///
/// # Errors
/// As any query.
pub fn delete(conn: &mut Conn, id: PolicyId) -> StoreResult<bool> {
    let deleted = with_conn!(conn, |c| diesel::delete(
        policies::table.find(DbUuid::from(id))
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
        })
    }
}
