//! `blobs`: which sealed blobs exist and why.
//!
//! Owns the rows. The bytes lie in the blob store, under the row's id.
//! **Invariant:** a row is written before its bytes are, and marked deleted after they are gone: no bytes lie
//! there that no row knows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::BlobId;

use super::clock;
use super::columns::{DbCount, DbTime, DbUuid, MaybeTime, signed};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::schema::blobs;

/// A blob.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blobs)]
pub struct Blob {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: BlobId,
    /// Its length before sealing.
    #[diesel(deserialize_as = DbCount)]
    pub bytes: u64,
    /// Why it is there: `upload`, `quarantine`.
    pub purpose: String,
    /// When it was made.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// When it was deleted.
    #[diesel(deserialize_as = MaybeTime)]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Notes a blob.
///
/// # Errors
/// As any query.
pub fn insert(conn: &mut Conn, id: BlobId, bytes: u64, purpose: &str) -> StoreResult<()> {
    let now = DbTime::from(clock::now(conn)?);
    let row = (
        blobs::id.eq(DbUuid::from(id)),
        blobs::bytes.eq(signed(bytes)),
        blobs::purpose.eq(purpose),
        blobs::created_at.eq(now),
    );
    with_conn!(conn, |c| diesel::insert_into(blobs::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// A blob, deleted or not.
///
/// # Errors
/// As any query.
pub fn get(conn: &mut Conn, id: BlobId) -> StoreResult<Option<Blob>> {
    Ok(with_conn!(conn, |c| blobs::table
        .find(DbUuid::from(id))
        .select(Blob::as_select())
        .first(c)
        .optional())?)
}

/// Notes that the bytes are gone; `false` if that was known, or if there is no such blob.
///
/// # Errors
/// As any query.
pub fn mark_deleted(conn: &mut Conn, id: BlobId) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let marked = with_conn!(conn, |c| diesel::update(
        blobs::table
            .find(DbUuid::from(id))
            .filter(blobs::deleted_at.is_null())
    )
    .set(blobs::deleted_at.eq(Some(now)))
    .execute(c))?;
    Ok(marked == 1)
}
