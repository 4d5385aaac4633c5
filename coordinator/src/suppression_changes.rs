//! Making, changing and ending suppressions.
//!
//! Owns that each is one transaction with its audit entry. Leaves reading requests to
//! `api::v1::suppressions` and putting them in force to `crate::suppressions`.
//! **Invariant:** an audit entry tells how many things a suppression names, and not which.

use chrono::{DateTime, Utc};
use serde_json::json;
use shared::ids::{SuppressionId, UserId};

use crate::domain::due_times::DueTimes;
use crate::domain::suppression::InvalidEnd;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::suppressions::{self, Ending, NewSuppression, Suppression};
use crate::store::{Conn, Store, StoreError, StoreResult, clock, users};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is none of that id.
    #[error("there is no such suppression")]
    Missing,
    /// It is not at the version that the caller saw.
    #[error("it has been changed meanwhile; read it again")]
    Stale,
    /// It ended before.
    #[error("it has ended; make another one")]
    Ended,
    /// There are as many as there may be.
    #[error(
        "there are {} suppressions in force already; end some first",
        suppressions::MAX_LIVE
    )]
    Full,
    /// Nobody of that id can answer for it.
    #[error("`owner` must be somebody who may sign in")]
    Owner,
    /// It cannot end then.
    #[error(transparent)]
    End(#[from] InvalidEnd),
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What to change; what is absent stays.
#[derive(Clone, Default)]
pub struct Change {
    /// Why it is there.
    pub reason: Option<String>,
    /// Who answers for it.
    pub owner: Option<UserId>,
    /// When it is over; never, if that is what is inside.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// Makes a suppression.
///
/// # Errors
/// [`ChangeError`]; nothing is stored then.
pub async fn create(
    store: &Store,
    new: NewSuppression,
    by: UserId,
) -> Result<Suppression, ChangeError> {
    let work = move |conn: &mut Conn| {
        let now = clock::now(conn)?;
        if let Err(error) = new.kind.may_end(new.expires_at, now) {
            return Ok(Err(error.into()));
        }
        if !can_own(conn, new.owner)? {
            return Ok(Err(ChangeError::Owner));
        }
        if suppressions::is_full(conn)? {
            return Ok(Err(ChangeError::Full));
        }
        make(conn, &new, by, now)?;
        Ok(suppressions::get(conn, new.id)?.ok_or(ChangeError::Missing))
    };
    store.write(work).await?
}

/// Stores a suppression that may be made, with its audit entry.
///
/// # Errors
/// As any query.
pub(crate) fn make(
    conn: &mut Conn,
    new: &NewSuppression,
    by: UserId,
    now: DateTime<Utc>,
) -> StoreResult<()> {
    suppressions::insert(conn, new, by, now)?;
    let matches = &new.matches;
    let data = json!({
        "kind": new.kind, "owner": new.owner, "alert": new.alert, "expires_at": new.expires_at,
        "info_types": matches.info_types.len(), "detectors": matches.detectors.len(),
        "fingerprints": matches.fingerprints.len(), "workspaces": matches.workspaces.len(),
        "channels": matches.channels.len(), "users": matches.users.len(),
    });
    let deed = NewAuditEvent::deed("suppression.created", Some(by), new.id.to_string(), data);
    audit::append(conn, [deed]);
    Ok(())
}

/// Changes a suppression that `is_seen` accepts at its present version.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub async fn change(
    store: &Store,
    id: SuppressionId,
    is_seen: impl FnOnce(i32) -> bool + Send + 'static,
    change: Change,
    by: UserId,
) -> Result<Suppression, ChangeError> {
    let work = move |conn: &mut Conn| {
        let now = clock::now(conn)?;
        let mut changed = match known(conn, id, is_seen)? {
            Ok(known) if known.is_in_force(now) => known,
            Ok(_over) => return Ok(Err(ChangeError::Ended)),
            Err(error) => return Ok(Err(error)),
        };
        let mut fields = Vec::new();
        if let Some(reason) = change.reason {
            fields.push("reason");
            changed.reason = reason;
        }
        if let Some(owner) = change.owner {
            if !can_own(conn, owner)? {
                return Ok(Err(ChangeError::Owner));
            }
            fields.push("owner");
            changed.owner = owner;
        }
        if let Some(expires_at) = change.expires_at {
            if let Err(error) = changed.kind.may_end(expires_at, now) {
                return Ok(Err(error.into()));
            }
            fields.push("expires_at");
            changed.expires_at = expires_at;
        }
        if !suppressions::update(conn, &changed)? {
            return Ok(Err(ChangeError::Stale));
        }
        changed.version += 1;
        let data = json!({
            "fields": fields, "owner": changed.owner, "expires_at": changed.expires_at,
        });
        let deed = NewAuditEvent::deed("suppression.changed", Some(by), id.to_string(), data);
        audit::append(conn, [deed]);
        Ok(Ok(changed))
    };
    store.write(work).await?
}

/// Ends a suppression that `is_seen` accepts at its present version. An alert that it kept closed is open
/// again.
///
/// # Errors
/// [`ChangeError`]; nothing is changed then.
pub async fn end(
    store: &Store,
    id: SuppressionId,
    is_seen: impl FnOnce(i32) -> bool + Send + 'static,
    by: UserId,
    times: DueTimes,
) -> Result<(), ChangeError> {
    let work = move |conn: &mut Conn| {
        let known = match known(conn, id, is_seen)? {
            Ok(known) if known.ended_at.is_none() => known,
            Ok(_over) => return Ok(Err(ChangeError::Ended)),
            Err(error) => return Ok(Err(error)),
        };
        let ended = suppressions::end(conn, &known, Ending::By(by), &times)?;
        Ok(if ended {
            Ok(())
        } else {
            Err(ChangeError::Stale)
        })
    };
    store.write(work).await?
}

fn known(
    conn: &mut Conn,
    id: SuppressionId,
    is_seen: impl FnOnce(i32) -> bool,
) -> StoreResult<Result<Suppression, ChangeError>> {
    Ok(match suppressions::get(conn, id)? {
        None => Err(ChangeError::Missing),
        Some(known) if !is_seen(known.version) => Err(ChangeError::Stale),
        Some(known) => Ok(known),
    })
}

/// Whether somebody can answer for a suppression.
///
/// # Errors
/// As any query.
pub(crate) fn can_own(conn: &mut Conn, user: UserId) -> StoreResult<bool> {
    Ok(users::get(conn, user)?.is_some_and(|user| !user.disabled))
}
