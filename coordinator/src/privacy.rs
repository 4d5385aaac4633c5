//! What is known of a person: all of it told, or all of it forgotten.
//!
//! Owns walking the records, a window at a time, so that however much somebody wrote it takes the memory of
//! one window. Leaves the rows to `store::people`.
//! **Invariant:** forgetting can be cut off anywhere and done again; it ends with an audit entry that holds
//! numbers and no name.

use serde_json::json;
use shared::ids::UserId;
use uuid::Uuid;

use crate::store::audit::{self, NewAuditEvent};
use crate::store::people::{self, Person, Window};
use crate::store::{Store, StoreError};

/// Scans looked at in one query.
pub const WINDOW: u32 = 10_000;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Scans of what they wrote.
    pub scans: usize,
    /// Alerts that named them.
    pub alerts: usize,
}

/// The next window of scans behind `after`.
///
/// # Errors
/// As any query.
pub async fn next_window(store: &Store, after: Uuid) -> Result<Option<Window>, StoreError> {
    store
        .read(move |conn| people::window(conn, after, WINDOW))
        .await
}

/// Forgets a person, and records that `by` had somebody forgotten.
///
/// # Errors
/// As any query; what was forgotten until then stays so.
pub async fn forget(
    store: &Store,
    person: Person,
    by: UserId,
    reason: String,
) -> Result<Forgotten, StoreError> {
    let mut forgotten = Forgotten::default();
    let mut after = Uuid::nil();
    while let Some(window) = next_window(store, after).await? {
        let person = person.clone();
        let forgetting = store.write(move |conn| people::forget_written(conn, &person, window));
        forgotten.scans += forgetting.await?;
        after = window.last;
    }
    let scans = forgotten.scans;
    forgotten.alerts = store
        .write(move |conn| {
            let alerts = people::forget_in_alerts(conn, &person)?;
            let data = json!({ "scans": scans, "alerts": alerts, "reason": reason });
            let deed = NewAuditEvent::deed("person.erased", Some(by), "person".to_owned(), data);
            audit::append(conn, [deed]);
            Ok(alerts)
        })
        .await?;
    Ok(forgotten)
}
