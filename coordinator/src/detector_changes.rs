//! Making, changing and deleting detectors.
//!
//! Owns what an admin's detector must pass before it is stored, and storing it with its audit entry. Leaves
//! reading requests to `api::v1::detectors` and putting it in force to `detector_sets`.
//! **Invariant:** what is stored compiles, does as its examples say, and is within the budget.

use scanner_node::detect::{IndexKeys, Scratch, admit_with, examples};
use serde_json::json;
use shared::detector::DetectorSpec;
use shared::ids::{DetectorId, UserId};

use crate::detector_cost::Cost;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::{Store, StoreError, detectors};

/// Most detectors of admins, overrides of built-in ones included.
pub const MAX_DETECTORS: usize = 1_000;
/// Most problems told at once.
const MAX_PROBLEMS: usize = 100;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There are as many as there may be.
    #[error("there are {MAX_DETECTORS} detectors already; delete some first")]
    Full,
    /// One of that id is there already.
    #[error("a detector of that id is there already; choose another id")]
    Taken,
    /// It was changed or deleted since it was read.
    #[error("it has been changed meanwhile; read it again")]
    Stale,
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is done to one detector.
#[derive(Clone, Debug)]
pub enum Change {
    /// It is new.
    Create(DetectorSpec),
    /// It replaces what was read at this version; version 0 is a built-in one that is as it came.
    Update {
        /// What it becomes.
        spec: DetectorSpec,
        /// What it was.
        version: i32,
    },
    /// It goes.
    Delete {
        /// Which.
        id: DetectorId,
        /// What it was.
        version: i32,
    },
}

/// Checks a detector as one to be put in force: form, limits, examples, and what it costs. Takes up to some
/// seconds of a processor: keep it off the reactor.
///
/// # Errors
/// Everything that is wrong with it, in words for its author.
pub fn vet(spec: &DetectorSpec, keys: Option<&IndexKeys>) -> Result<Cost, Vec<String>> {
    let engine = admit_with(spec, keys).map_err(|errors| {
        let mut words: Vec<String> = errors.0.iter().map(|e| e.problem.to_string()).collect();
        words.truncate(MAX_PROBLEMS);
        words
    })?;
    let failures = examples::failures(&engine, &mut Scratch::new(), spec);
    if !failures.is_empty() {
        return Err(failures.iter().map(ToString::to_string).collect());
    }
    let cost = Cost::measure(&engine, spec);
    if cost.is_too_much() {
        return Err(vec![cost.to_string()]);
    }
    Ok(cost)
}

/// Stores a change and its audit entry in one transaction; gives the detector's new version.
///
/// # Errors
/// [`ChangeError`]; nothing is stored then.
pub async fn store(store: &Store, change: Change, by: UserId) -> Result<i32, ChangeError> {
    let outcome = store.write(move |conn| {
        let done = match &change {
            Change::Create(spec) | Change::Update { spec, version: 0 } => create(conn, spec, by)?,
            Change::Update { spec, version } => {
                let updated = detectors::update(conn, spec, *version, Some(by))?;
                if updated {
                    Ok(version + 1)
                } else {
                    Err(ChangeError::Stale)
                }
            }
            Change::Delete { id, version } => {
                if detectors::delete(conn, id, *version)? {
                    Ok(0)
                } else {
                    Err(ChangeError::Stale)
                }
            }
        };
        if let Ok(version) = done {
            audit::append(conn, [entry(&change, version, by)]);
        }
        Ok(done)
    });
    match outcome.await {
        Ok(done) => done,
        Err(error) if error.is_duplicate() => Err(ChangeError::Taken),
        Err(error) => Err(error.into()),
    }
}

fn create(
    conn: &mut crate::store::Conn,
    spec: &DetectorSpec,
    by: UserId,
) -> Result<Result<i32, ChangeError>, StoreError> {
    if detectors::marks(conn)?.len() >= MAX_DETECTORS {
        return Ok(Err(ChangeError::Full));
    }
    detectors::insert(conn, spec, Some(by))?;
    Ok(Ok(1))
}

/// Who did what to which detector. What it looks for is not repeated: it may be what must not leak.
fn entry(change: &Change, version: i32, by: UserId) -> NewAuditEvent {
    let (event_type, id, data) = match change {
        Change::Create(spec) => ("detector.created", &spec.id, described(spec, version)),
        Change::Update { spec, .. } => ("detector.updated", &spec.id, described(spec, version)),
        Change::Delete { id, .. } => ("detector.deleted", id, json!({})),
    };
    NewAuditEvent::deed(event_type, Some(by), id.to_string(), data)
}

fn described(spec: &DetectorSpec, version: i32) -> serde_json::Value {
    json!({
        "version": version, "kind": spec.kind, "info_type": spec.info_type, "enabled": spec.enabled,
        "likelihood": spec.likelihood, "severity": spec.severity,
    })
}
