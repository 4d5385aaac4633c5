//! Signed checkpoints: so far the chain went, and this was its hash.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::chain::ChainHash;
use crate::store::columns::{DbTime, Undecodable, signed};
use crate::store::connection::{Conn, with_conn};
use crate::store::error::StoreResult;
use crate::store::schema::audit_checkpoints;

/// A place of the chain and its hash, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The place.
    pub seq: u64,
    /// The hash of its entry.
    pub hash: ChainHash,
    /// When it was signed.
    pub at: DateTime<Utc>,
    /// By which key of the ring.
    pub key_id: String,
    /// Ed25519, 64 bytes.
    pub signature: Vec<u8>,
}

/// Keeps a checkpoint; `false` if there is one for this place.
///
/// # Errors
/// As any query.
pub fn add_checkpoint(conn: &mut Conn, checkpoint: &Checkpoint) -> StoreResult<bool> {
    let row = Row {
        seq: signed(checkpoint.seq),
        hash: checkpoint.hash.0.to_vec(),
        at: checkpoint.at.into(),
        key_id: checkpoint.key_id.clone(),
        signature: checkpoint.signature.clone(),
    };
    let added = with_conn!(conn, |c| diesel::insert_into(audit_checkpoints::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(added == 1)
}

/// The checkpoints of the places behind `after` up to `last`, oldest first.
///
/// # Errors
/// As any query.
pub fn checkpoints_between(conn: &mut Conn, after: u64, last: u64) -> StoreResult<Vec<Checkpoint>> {
    let rows: Vec<Row> = with_conn!(conn, |c| audit_checkpoints::table
        .filter(audit_checkpoints::seq.gt(signed(after)))
        .filter(audit_checkpoints::seq.le(signed(last)))
        .order(audit_checkpoints::seq)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter()
        .map(|row| Ok(Checkpoint::try_from(row)?))
        .collect()
}

/// The newest checkpoint.
///
/// # Errors
/// As any query.
pub fn latest_checkpoint(conn: &mut Conn) -> StoreResult<Option<Checkpoint>> {
    checkpoint_at_or_before(conn, u64::MAX)
}

/// The newest checkpoint of this place or one before it.
///
/// # Errors
/// As any query.
pub fn checkpoint_at_or_before(conn: &mut Conn, seq: u64) -> StoreResult<Option<Checkpoint>> {
    let row: Option<Row> = with_conn!(conn, |c| audit_checkpoints::table
        .filter(audit_checkpoints::seq.le(signed(seq)))
        .order(audit_checkpoints::seq.desc())
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(Checkpoint::try_from).transpose()?)
}

/// The newest checkpoint that was signed before then.
///
/// # Errors
/// As any query.
pub fn checkpoint_before(conn: &mut Conn, at: DateTime<Utc>) -> StoreResult<Option<Checkpoint>> {
    let row: Option<Row> = with_conn!(conn, |c| audit_checkpoints::table
        .filter(audit_checkpoints::at.lt(DbTime::from(at)))
        .order(audit_checkpoints::seq.desc())
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(Checkpoint::try_from).transpose()?)
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_checkpoints)]
struct Row {
    seq: i64,
    hash: Vec<u8>,
    at: DbTime,
    key_id: String,
    signature: Vec<u8>,
}

impl TryFrom<Row> for Checkpoint {
    type Error = Undecodable;

    fn try_from(row: Row) -> Result<Self, Undecodable> {
        Ok(Self {
            seq: u64::try_from(row.seq).map_err(|_negative| Undecodable("checkpoint"))?,
            hash: ChainHash::from_slice(&row.hash).ok_or(Undecodable("checkpoint"))?,
            at: row.at.into(),
            key_id: row.key_id,
            signature: row.signature,
        })
    }
}
