//! Making, changing and deleting policies.
//!
//! Owns storing a change with its audit entry. Leaves reading requests to `api::v1::policies` and putting it
//! in force to `policies`.
//! **Invariant:** a stored policy names groups and webhooks that there are; an entry names fields, never what is in
//! them.

use serde_json::{Value, json};
use shared::ids::{PolicyId, UserId};

use crate::domain::policy::Policy;
use crate::domain::policy::check::MAX_POLICIES;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::{Conn, Store, StoreError, StoreResult, groups, policies, webhooks};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There are as many as there may be.
    #[error("there are {MAX_POLICIES} policies already; delete some first")]
    Full,
    /// It was changed or deleted since it was read.
    #[error("it has been changed meanwhile; read it again")]
    Stale,
    /// A group that it names was deleted since it was checked.
    #[error("a group that it names has been deleted meanwhile; take it out")]
    NoSuchGroup,
    /// A webhook that it names was deleted since it was checked.
    #[error("a webhook that it names has been deleted meanwhile; take it out")]
    NoSuchWebhook,
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is done to one policy.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is new.
    Create(Box<Policy>),
    /// It replaces another.
    Update {
        /// What it was.
        before: Box<Policy>,
        /// What it becomes.
        after: Box<Policy>,
        /// The version that it was read at.
        version: i32,
    },
    /// It goes.
    Delete {
        /// The version that it was read at.
        version: i32,
    },
}

/// Stores a change and its audit entry in one transaction; gives the policy's new version.
///
/// # Errors
/// [`ChangeError`]; nothing is stored then.
pub async fn store(
    store: &Store,
    id: PolicyId,
    change: Change,
    by: UserId,
) -> Result<i32, ChangeError> {
    let making = store.write(move |conn| {
        let done = make(conn, id, &change, by)?;
        if let Ok(version) = done {
            let (event_type, data) = described(&change, version);
            let deed = NewAuditEvent::deed(event_type, Some(by), id.to_string(), data);
            audit::append(conn, [deed]);
        }
        Ok(done)
    });
    making.await?
}

fn make(
    conn: &mut Conn,
    id: PolicyId,
    change: &Change,
    by: UserId,
) -> StoreResult<Result<i32, ChangeError>> {
    let kept = match change {
        Change::Create(policy) => {
            if policies::count(conn)? >= i64::try_from(MAX_POLICIES).unwrap_or(i64::MAX) {
                return Ok(Err(ChangeError::Full));
            }
            if let Some(gone) = names_something_gone(conn, policy)? {
                return Ok(Err(gone));
            }
            policies::insert(conn, id, policy, Some(by))?;
            return Ok(Ok(1));
        }
        Change::Update { after, version, .. } => {
            if let Some(gone) = names_something_gone(conn, after)? {
                return Ok(Err(gone));
            }
            policies::update(conn, id, after, *version, Some(by))?.then_some(version + 1)
        }
        Change::Delete { version } => policies::delete(conn, id, *version)?.then_some(0),
    };
    Ok(kept.ok_or(ChangeError::Stale))
}

/// Keeps what a policy names from being deleted until the transaction ends: groups first, then webhooks.
fn names_something_gone(conn: &mut Conn, policy: &Policy) -> StoreResult<Option<ChangeError>> {
    let named = policy.groups();
    let held = groups::hold(conn, &named)?;
    if !named.iter().all(|group| held.contains(group)) {
        return Ok(Some(ChangeError::NoSuchGroup));
    }
    let named = policy.webhooks();
    let held = webhooks::hold(conn, &named)?;
    let is_whole = named.iter().all(|webhook| held.contains(webhook));
    Ok((!is_whole).then_some(ChangeError::NoSuchWebhook))
}

fn described(change: &Change, version: i32) -> (&'static str, Value) {
    match change {
        Change::Create(policy) => {
            let data = json!({ "version": version, "mode": policy.mode });
            ("policy.created", data)
        }
        Change::Update { before, after, .. } => {
            let changed = after.differs_in(before);
            let data = json!({ "version": version, "mode": after.mode, "changed": changed });
            ("policy.updated", data)
        }
        Change::Delete { .. } => ("policy.deleted", json!({})),
    }
}
