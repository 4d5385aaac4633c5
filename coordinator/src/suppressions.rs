//! The suppressions in force, as the aggregator sees them.
//!
//! Owns a snapshot that is read again every second and after each change. What a suppression matches is for
//! `domain::suppression`, storing for `store::suppressions`.
//! **Invariant:** snapshots are published in the order in which the database was read; whether one is over is
//! judged when it is used, so that no refresh has to come in time.

use std::sync::Arc;

use arc_swap::ArcSwap;
use shared::ids::SuppressionId;
use tokio::sync::Mutex;

use crate::domain::suppression::Live;
use crate::store::{Store, StoreError, suppressions};

/// The suppressions in force.
#[derive(Default)]
pub struct Suppressions {
    current: ArcSwap<Vec<Live>>,
    /// What the snapshot was made of; held while it is made.
    marks: Mutex<Vec<(SuppressionId, i32)>>,
}

impl Suppressions {
    /// Those that nobody has ended.
    pub fn current(&self) -> Arc<Vec<Live>> {
        self.current.load_full()
    }

    /// Reads them again if any was changed.
    ///
    /// # Errors
    /// Transient if the database cannot be read; the snapshot stays.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let mut known = self.marks.lock().await;
        let marks = store.read(suppressions::marks).await?;
        if *known != marks {
            // Marks that are older than the snapshot make the next look read it once more.
            let live = store.read(suppressions::live).await?;
            self.current.store(Arc::new(live));
            *known = marks;
        }
        Ok(())
    }
}
