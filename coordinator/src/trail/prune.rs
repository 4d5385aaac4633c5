//! Retention: whole beginnings of the trail go, up to a checkpoint, and the trail says so.
//!
//! **Invariant:** saying so and moving the beginning are one transaction; entries are deleted after it, and
//! whoever dies in between is followed by another who goes on.

use chrono::{DateTime, Utc};
use shared::seal::Signer;

use super::checkpoint::{is_genuine, pruned_entry};
use crate::store::audit;
use crate::store::{Conn, Store, StoreError, StoreResult};

/// Entries deleted in one transaction.
const BATCH: u32 = 5_000;

/// Gives up everything up to the newest checkpoint from before `before`; says up to where.
///
/// # Errors
/// As any query.
pub async fn prune(
    store: &Store,
    signer: &Signer,
    before: DateTime<Utc>,
) -> Result<Option<u64>, StoreError> {
    let signer = signer.clone();
    store
        .write(move |conn| give_up(conn, &signer, before))
        .await
}

fn give_up(conn: &mut Conn, signer: &Signer, before: DateTime<Utc>) -> StoreResult<Option<u64>> {
    let pruned = audit::head(conn)?.pruned;
    let Some(last) = audit::checkpoint_before(conn, before)?.filter(|last| last.seq > pruned)
    else {
        return Ok(None);
    };
    // What somebody forged is evidence, and no reason to delete more.
    if !is_genuine(&last, signer.verifier()) {
        return Ok(None);
    }
    audit::set_pruned(conn, last.seq)?;
    audit::append(conn, [pruned_entry(&last, signer)]);
    Ok(Some(last.seq))
}

/// Deletes a batch of what was given up; says whether there is more.
///
/// # Errors
/// As any query.
pub async fn drop_pruned(store: &Store) -> Result<bool, StoreError> {
    store.write(|conn| audit::delete_pruned(conn, BATCH)).await
}
