//! What a consumer handed out and nobody settled yet.
//!
//! Owns telling entries that are being worked on from entries that Redis delivered to a call which never
//! came back. Both are pending with the same consumer.
//! **Invariant:** an entry is held for one lease at most, so a delivery that was dropped is forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::queue::Receipt;

pub(super) struct HeldEntries {
    lease: Duration,
    since: Mutex<HashMap<String, Instant>>,
}

impl HeldEntries {
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            since: Mutex::default(),
        }
    }

    pub(super) fn add<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        let now = Instant::now();
        self.lock().extend(ids.map(|id| (id.to_owned(), now)));
    }

    pub(super) fn touch(&self, receipts: &[Receipt]) {
        let now = Instant::now();
        let mut since = self.lock();
        for receipt in receipts {
            if let Some(begin) = since.get_mut(&receipt.0) {
                *begin = now;
            }
        }
    }

    pub(super) fn remove<'a>(&self, receipts: impl Iterator<Item = &'a Receipt>) {
        let mut since = self.lock();
        for receipt in receipts {
            since.remove(&receipt.0);
        }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.lock()
            .get(id)
            .is_some_and(|begin| begin.elapsed() < self.lease)
    }

    /// Forgets those whose lease ran out.
    pub(super) fn prune(&self) {
        let lease = self.lease;
        self.lock().retain(|_, begin| begin.elapsed() < lease);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
