//! `detectors`: custom detectors, and overrides of built-in ones under the built-in's id.
//!
//! Owns the rows. Leaves merging them with the built-in pack, and compiling them, to their readers.
//! **Invariant:** a change names the version it was made from, so that two admins do not overwrite each other.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::detector::DetectorSpec;
use shared::ids::{DetectorId, UserId};

use super::clock;
use super::columns::{DbJson, DbText, DbTime, DbUuid, MaybeUuid, Undecodable};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::detectors;

/// A stored detector.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = detectors)]
pub struct StoredDetector {
    /// Its id.
    #[diesel(deserialize_as = DbText)]
    pub id: DetectorId,
    /// The detector.
    #[diesel(deserialize_as = DbJson)]
    pub spec: StoredSpec,
    /// Whether it is compiled.
    pub enabled: bool,
    /// Grows with every change.
    pub version: i32,
    /// When it was changed last.
    #[diesel(deserialize_as = DbTime)]
    pub updated_at: DateTime<Utc>,
    /// By whom.
    #[diesel(deserialize_as = MaybeUuid)]
    pub updated_by: Option<UserId>,
}

/// A detector, as the column keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSpec(pub DetectorSpec);

impl TryFrom<DbJson> for StoredSpec {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("detector").map(Self)
    }
}

/// All detectors, by id.
///
/// # Errors
/// As any query; one that cannot be read fails the list, so that none is silently left out of a scan.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<StoredDetector>> {
    Ok(with_conn!(conn, |c| detectors::table
        .order(detectors::id)
        .select(StoredDetector::as_select())
        .load(c))?)
}

/// What tells one state of the table from another.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = detectors)]
pub struct Mark {
    /// Which detector.
    #[diesel(deserialize_as = DbText)]
    pub id: DetectorId,
    /// At which version; a detector made anew begins at 1 again.
    pub version: i32,
    /// Since when.
    #[diesel(deserialize_as = DbTime)]
    pub updated_at: DateTime<Utc>,
}

/// The state of the table, without the detectors themselves: cheap enough to ask for every second.
///
/// # Errors
/// As any query.
pub fn marks(conn: &mut Conn) -> StoreResult<Vec<Mark>> {
    Ok(with_conn!(conn, |c| detectors::table
        .order(detectors::id)
        .select(Mark::as_select())
        .load(c))?)
}

/// A detector.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: &DetectorId) -> StoreResult<Option<StoredDetector>> {
    Ok(with_conn!(conn, |c| detectors::table
        .find(id.as_str())
        .select(StoredDetector::as_select())
        .first(c)
        .optional())?)
}

/// Adds a detector, as version 1.
///
/// # Errors
/// [`StoreError::Duplicate`](super::StoreError::Duplicate) if there is one of that id; as any query.
pub fn insert(conn: &mut Conn, spec: &DetectorSpec, by: Option<UserId>) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    let row = (
        detectors::id.eq(spec.id.as_str()),
        detectors::spec.eq(DbJson::of(spec)?),
        detectors::enabled.eq(spec.enabled),
        detectors::version.eq(1),
        detectors::updated_at.eq(now),
        detectors::updated_by.eq(by.map(DbUuid::from)),
    );
    with_conn!(conn, |c| diesel::insert_into(detectors::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Replaces a detector that is still at `version`; `false` if it is not.
///
/// # Errors
/// As any query.
pub fn update(
    conn: &mut Conn,
    spec: &DetectorSpec,
    version: i32,
    by: Option<UserId>,
) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let changes = (
        detectors::spec.eq(DbJson::of(spec)?),
        detectors::enabled.eq(spec.enabled),
        detectors::version.eq(detectors::version + 1),
        detectors::updated_at.eq(now),
        detectors::updated_by.eq(by.map(DbUuid::from)),
    );
    let updated = with_conn!(conn, |c| diesel::update(
        detectors::table
            .find(spec.id.as_str())
            .filter(detectors::version.eq(version))
    )
    .set(changes)
    .execute(c))?;
    Ok(updated == 1)
}

/// Deletes a detector that is still at `version`; `false` if it is not.
///
/// # Errors
/// As any query.
pub fn delete(conn: &mut Conn, id: &DetectorId, version: i32) -> StoreResult<bool> {
    let deleted = with_conn!(conn, |c| diesel::delete(
        detectors::table
            .find(id.as_str())
            .filter(detectors::version.eq(version))
    )
    .execute(c))?;
    Ok(deleted == 1)
}
