//! `people_groups`: lists of Slack users that policies name.
//!
//! Owns the rows, and keeping a group from going while a policy that names it is being stored.
//! **Invariant:** whoever stores a policy holds the groups it names until the commit, and whoever deletes a
//! group holds it before asking which policies name it: no policy ever names a group that is gone.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use shared::ids::{PeopleGroupId, UserId};

use super::clock;
use super::columns::{DbJson, DbTime, DbUuid, MaybeUuid, storable};
use super::connection::{Conn, Database, with_conn};
use super::error::StoreResult;
use super::page::{Page, Paging};
use super::policies::{self, StoredPolicy};
use super::schema::people_groups;
use super::violations::JsonList;

/// A stored group.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = people_groups)]
pub struct StoredGroup {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: PeopleGroupId,
    /// For people.
    pub name: String,
    /// Slack's ids of its members, in order and each once.
    #[diesel(deserialize_as = DbJson)]
    pub members: JsonList<String>,
    /// Grows with every change.
    pub version: i32,
    /// When it was changed last.
    #[diesel(deserialize_as = DbTime)]
    pub updated_at: DateTime<Utc>,
    /// By whom.
    #[diesel(deserialize_as = MaybeUuid)]
    pub updated_by: Option<UserId>,
}

/// What tells one state of the table from another.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = people_groups)]
pub struct Mark {
    /// Which group.
    #[diesel(deserialize_as = DbUuid)]
    pub id: PeopleGroupId,
    /// At which version.
    pub version: i32,
}

/// What a group consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupContent {
    /// For people; unique.
    pub name: String,
    /// Slack's ids of its members.
    pub members: Vec<String>,
}

/// All groups.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<StoredGroup>> {
    Ok(with_conn!(conn, |c| people_groups::table
        .order(people_groups::id)
        .select(StoredGroup::as_select())
        .load(c))?)
}

/// The state of the table, without members.
///
/// # Errors
/// As any query.
pub fn marks(conn: &mut Conn) -> StoreResult<Vec<Mark>> {
    Ok(with_conn!(conn, |c| people_groups::table
        .order(people_groups::id)
        .select(Mark::as_select())
        .load(c))?)
}

/// Groups, newest first.
///
/// # Errors
/// As any query.
pub fn page(conn: &mut Conn, paging: Paging) -> StoreResult<Page<StoredGroup>> {
    let rows: Vec<StoredGroup> = with_conn!(conn, |c| people_groups::table
        .filter(people_groups::id.lt(paging.below()))
        .order(people_groups::id.desc())
        .limit(paging.rows())
        .select(StoredGroup::as_select())
        .load(c))?;
    Ok(Page::new(rows, count(conn)?))
}

/// How many there are.
///
/// # Errors
/// As any query.
pub fn count(conn: &mut Conn) -> StoreResult<i64> {
    Ok(with_conn!(conn, |c| people_groups::table
        .select(count_star())
        .get_result(c))?)
}

/// A group.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: PeopleGroupId) -> StoreResult<Option<StoredGroup>> {
    Ok(with_conn!(conn, |c| people_groups::table
        .find(DbUuid::from(id))
        .select(StoredGroup::as_select())
        .first(c)
        .optional())?)
}

/// Keeps groups from being deleted until the transaction ends; says which of them there are.
///
/// # Errors
/// As any query.
pub fn hold(conn: &mut Conn, ids: &[PeopleGroupId]) -> StoreResult<Vec<PeopleGroupId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<DbUuid> = ids.iter().copied().map(Into::into).collect();
    ids.sort_unstable();
    ids.dedup();
    let named = people_groups::table
        .filter(people_groups::id.eq_any(&ids))
        .order(people_groups::id);
    let held: Vec<DbUuid> = match &mut conn.db {
        Database::Postgres(c) => named.select(people_groups::id).for_share().load(c)?,
        // One writer: nobody else changes anything meanwhile.
        Database::Sqlite(c) => named.select(people_groups::id).load(c)?,
    };
    Ok(held.into_iter().map(Into::into).collect())
}

/// Adds a group, as version 1.
///
/// # Errors
/// [`StoreError::Duplicate`](super::StoreError::Duplicate) if the name is taken; as any query.
pub fn insert(
    conn: &mut Conn,
    id: PeopleGroupId,
    content: &GroupContent,
    by: UserId,
) -> StoreResult<()> {
    let columns = Columns::of(conn, content, by)?;
    let row = (
        people_groups::id.eq(DbUuid::from(id)),
        columns,
        people_groups::version.eq(1),
    );
    with_conn!(conn, |c| diesel::insert_into(people_groups::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Replaces a group that is still at `version`; `false` if it is not.
///
/// # Errors
/// As [`insert`].
pub fn update(
    conn: &mut Conn,
    id: PeopleGroupId,
    content: &GroupContent,
    version: i32,
    by: UserId,
) -> StoreResult<bool> {
    let columns = Columns::of(conn, content, by)?;
    let updated = with_conn!(conn, |c| diesel::update(
        people_groups::table
            .find(DbUuid::from(id))
            .filter(people_groups::version.eq(version))
    )
    .set((
        columns,
        people_groups::version.eq(people_groups::version + 1)
    ))
    .execute(c))?;
    Ok(updated == 1)
}

/// The policies that name a group, which nobody can begin to name until the transaction ends.
///
/// # Errors
/// As any query.
pub fn named_by(conn: &mut Conn, id: PeopleGroupId) -> StoreResult<Vec<StoredPolicy>> {
    if let Database::Postgres(c) = &mut conn.db {
        let held = people_groups::table.find(DbUuid::from(id));
        held.select(people_groups::id)
            .for_update()
            .first::<DbUuid>(c)
            .optional()?;
    }
    let names_it = |policy: &StoredPolicy| {
        let scope = &policy.spec.0.scope;
        scope.include.groups.contains(&id) || scope.exclude.groups.contains(&id)
    };
    Ok(policies::list(conn)?.into_iter().filter(names_it).collect())
}

/// Deletes a group that is still at `version`; `false` if it is not.
///
/// # Errors
/// As any query.
pub fn delete(conn: &mut Conn, id: PeopleGroupId, version: i32) -> StoreResult<bool> {
    let deleted = with_conn!(conn, |c| diesel::delete(
        people_groups::table
            .find(DbUuid::from(id))
            .filter(people_groups::version.eq(version))
    )
    .execute(c))?;
    Ok(deleted == 1)
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = people_groups)]
struct Columns<'a> {
    name: Cow<'a, str>,
    members: DbJson,
    updated_at: DbTime,
    updated_by: Option<DbUuid>,
}

impl<'a> Columns<'a> {
    fn of(conn: &mut Conn, content: &'a GroupContent, by: UserId) -> StoreResult<Self> {
        let mut members: Vec<&String> = content.members.iter().collect();
        members.sort_unstable();
        members.dedup();
        Ok(Self {
            name: storable(&content.name),
            members: DbJson::of(&members)?,
            updated_at: clock::now(conn)?.into(),
            updated_by: Some(by.into()),
        })
    }
}
