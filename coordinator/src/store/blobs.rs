//! `blobs`: which sealed blobs exist and why.
//!
//! Owns the rows. The bytes lie in the blob store, under the row's id.
//! **Invariant:** a row is written before its bytes are, and marked deleted after they are gone: no bytes lie
//! there that no row knows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shared::ids::BlobId;

use super::clock;
use super::columns::{DbCount, DbTime, DbUuid, MaybeTime, signed};
use super::connection::{Conn, with_conn};
use super::error::StoreResult;
use super::jobs::JobState;
use super::schema::{blobs, scan_jobs};

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

/// The purpose of a file that somebody uploaded for a scan. It has the id of its job.
pub const UPLOAD: &str = "upload";

/// The purpose of a copy of a file that was taken away.
pub const QUARANTINE: &str = "quarantine";

/// Copies that were kept for so long, and whose bytes are still there; the oldest first.
///
/// # Errors
/// As any query.
pub fn old_quarantine(conn: &mut Conn, keep: Duration, limit: u32) -> StoreResult<Vec<BlobId>> {
    let before = DbTime::from(clock::now(conn)? - keep);
    let ids: Vec<DbUuid> = with_conn!(conn, |c| blobs::table
        .filter(blobs::deleted_at.is_null())
        .filter(blobs::purpose.eq(QUARANTINE))
        .filter(blobs::created_at.lt(before))
        .order(blobs::id)
        .limit(i64::from(limit))
        .select(blobs::id)
        .load(c))?;
    Ok(ids.into_iter().map(BlobId::from).collect())
}

/// Uploads whose job has its result, and whose bytes are still there; the oldest first.
///
/// # Errors
/// As any query.
pub fn spent_uploads(conn: &mut Conn, limit: u32) -> StoreResult<Vec<BlobId>> {
    let ids: Vec<DbUuid> = with_conn!(conn, |c| blobs::table
        .inner_join(scan_jobs::table.on(scan_jobs::id.eq(blobs::id)))
        .filter(blobs::deleted_at.is_null())
        .filter(blobs::purpose.eq(UPLOAD))
        .filter(scan_jobs::state.ne(JobState::Queued.number()))
        .order(blobs::id)
        .limit(i64::from(limit))
        .select(blobs::id)
        .load(c))?;
    Ok(ids.into_iter().map(BlobId::from).collect())
}
