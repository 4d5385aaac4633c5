//! Bounded concurrency: take a permit first, pull work second.
//!
//! Owns the count of what is under way and the wait for its end. What is done under a permit is for its
//! holder.
//! **Invariant:** there are never more permits out than were made, and none is handed out once draining
//! began.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// A number of permits. Clones share them.
#[derive(Clone, Debug)]
pub struct Permits {
    semaphore: Arc<Semaphore>,
    total: u32,
    draining: CancellationToken,
}

/// The right to do one thing. Given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// Every permit came back.
    Drained,
    /// This many are still held.
    StillHeld(usize),
}

impl Permits {
    /// Makes `total` permits, at least one.
    pub fn new(total: u32) -> Self {
        let total = total.max(1);
        Self {
            semaphore: Arc::new(Semaphore::new(usize::try_from(total).unwrap_or(1))),
            total,
            draining: CancellationToken::new(),
        }
    }

    /// Waits for one permit. `None` once draining began.
    ///
    /// # Cancel safety
    /// Cancel safe; a dropped call loses its place in line.
    pub async fn acquire(&self) -> Option<Permit> {
        tokio::select! {
            biased;
            () = self.draining.cancelled() => None,
            permit = Arc::clone(&self.semaphore).acquire_owned() => {
                permit.ok().map(|permit| Permit { _permit: permit })
            }
        }
    }

    /// Waits for one permit and takes as many more as are free, at most `most` in all. Empty once draining
    /// began.
    ///
    /// # Cancel safety
    /// Cancel safe; a dropped call loses its place in line.
    pub async fn acquire_many(&self, most: usize) -> Vec<Permit> {
        let mut permits: Vec<Permit> = self.acquire().await.into_iter().collect();
        while !permits.is_empty() && permits.len() < most {
            let Ok(permit) = Arc::clone(&self.semaphore).try_acquire_owned() else {
                break;
            };
            permits.push(Permit { _permit: permit });
        }
        permits
    }

    /// Takes a permit if one is free.
    pub fn try_acquire(&self) -> Option<Permit> {
        if self.draining.is_cancelled() {
            return None;
        }
        let permit = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
        Some(Permit { _permit: permit })
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        usize::try_from(self.total).unwrap_or(usize::MAX)
    }

    /// How many are out.
    pub fn held(&self) -> usize {
        self.total()
            .saturating_sub(self.semaphore.available_permits())
    }

    /// Hands out no more, and waits for all to come back, at most `deadline`.
    pub async fn drain(&self, deadline: Duration) -> Drain {
        self.draining.cancel();
        let all = self.semaphore.acquire_many(self.total);
        match tokio::time::timeout(deadline, all).await {
            Ok(_) => Drain::Drained,
            // What came back while waiting was set aside for the wait, and is free again now.
            Err(_) => Drain::StillHeld(self.held()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn takes_what_is_free_but_at_least_one() {
        let permits = Permits::new(3);
        let first = permits.acquire_many(2).await;
        assert_eq!((first.len(), permits.held()), (2, 2));
        let second = permits.acquire_many(8).await;
        assert_eq!((second.len(), permits.held()), (1, 3));
        assert!(permits.try_acquire().is_none());
        let waiting = tokio::spawn({
            let permits = permits.clone();
            async move { permits.acquire_many(8).await.len() }
        });
        drop(first);
        assert!((1..=2).contains(&waiting.await.unwrap()));
    }

    #[tokio::test]
    async fn a_drain_waits_for_what_is_held() {
        let permits = Permits::new(2);
        let held = permits.acquire().await;
        let draining = tokio::spawn({
            let permits = permits.clone();
            async move { permits.drain(Duration::from_secs(100_000)).await }
        });
        permits.draining.cancelled().await;
        assert!(!draining.is_finished());
        drop(held);
        assert_eq!(draining.await.unwrap(), Drain::Drained);
    }

    #[tokio::test]
    async fn a_drain_counts_what_did_not_come_back() {
        let permits = Permits::new(4);
        let _held = permits.acquire_many(3).await;
        assert_eq!(permits.drain(Duration::ZERO).await, Drain::StillHeld(3));
    }

    #[tokio::test]
    async fn who_waits_when_draining_begins_gets_nothing() {
        let permits = Permits::new(1);
        let held = permits.acquire().await;
        let waiting = tokio::spawn({
            let permits = permits.clone();
            async move { permits.acquire().await.is_none() }
        });
        tokio::task::yield_now().await;
        assert_eq!(permits.drain(Duration::ZERO).await, Drain::StillHeld(1));
        assert!(waiting.await.unwrap());
        drop(held);
        assert!(permits.acquire_many(5).await.is_empty());
        assert!(permits.try_acquire().is_none());
    }

    #[tokio::test]
    async fn zero_permits_become_one() {
        assert_eq!(Permits::new(0).acquire_many(9).await.len(), 1);
    }
}
