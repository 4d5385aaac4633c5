//! Telling those who wait that a result is there.
//!
//! Owns the waiting of `?wait=`. A hint, not a promise: the result may be counted by another coordinator, so
//! whoever waits looks at the database as well.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::ids::JobId;
use tokio::sync::Notify;

/// Who waits for what.
#[derive(Clone, Default)]
pub struct Arrivals {
    waiting: Arc<Mutex<HashMap<JobId, Arc<Notify>>>>,
}

/// A place in the waiting room; given up when dropped.
pub struct Waiting {
    arrivals: Arrivals,
    job: JobId,
    notify: Arc<Notify>,
}

impl Arrivals {
    /// Begins to wait for the result of a job.
    pub fn wait_for(&self, job: JobId) -> Waiting {
        let notify = Arc::clone(self.lock().entry(job).or_default());
        Waiting {
            arrivals: self.clone(),
            job,
            notify,
        }
    }

    /// Says that these jobs have their results.
    pub fn announce(&self, jobs: &[JobId]) {
        let waiting = self.lock();
        if waiting.is_empty() {
            return;
        }
        for notify in jobs.iter().filter_map(|job| waiting.get(job)) {
            notify.notify_waiters();
            notify.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Waits for the announcement.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn announced(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waiting = self.arrivals.lock();
        // Two for the map and this: nobody else waits for the same job.
        if Arc::strong_count(&self.notify) <= 2 {
            waiting.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_announcement_wakes_who_waits_even_if_it_came_first() {
        let arrivals = Arrivals::default();
        let job = JobId::fresh();
        let waiting = arrivals.wait_for(job);
        arrivals.announce(&[JobId::fresh(), job]);
        waiting.announced().await;
    }

    #[test]
    fn nobody_is_remembered_after_they_left() {
        let arrivals = Arrivals::default();
        let job = JobId::fresh();
        let (first, second) = (arrivals.wait_for(job), arrivals.wait_for(job));
        drop(first);
        assert_eq!(arrivals.lock().len(), 1);
        drop(second);
        assert!(arrivals.lock().is_empty());
    }
}
