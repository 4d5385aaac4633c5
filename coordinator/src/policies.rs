//! The policies in force, as the aggregator sees them.
//!
//! Owns a snapshot that is read again every few seconds and after each change. Deciding is for
//! `domain::policy`, storing for `store::policies`.

use std::sync::Arc;

use arc_swap::ArcSwap;
use shared::ids::PolicyId;

use crate::domain::policy::Policy;
use crate::store::{Store, StoreError, policies};

/// Policies with their ids.
pub type InForce = Vec<(PolicyId, Policy)>;

/// The policies in force.
#[derive(Default)]
pub struct Policies {
    current: ArcSwap<InForce>,
}

impl Policies {
    /// The policies in force.
    pub fn current(&self) -> Arc<InForce> {
        self.current.load_full()
    }

    /// Reads them again.
    ///
    /// # Errors
    /// Transient if the database cannot be read; the snapshot stays.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let stored = store.read(policies::list).await?;
        let policies = stored
            .into_iter()
            .map(|policy| (policy.id, policy.spec.0))
            .collect();
        self.current.store(Arc::new(policies));
        Ok(())
    }
}
