//! Asking a policy what it would have done: the walk over the messages of the past.
//!
//! Owns how far back and how many at once. Leaves counting to `domain::policy::replay` and reading to
//! `store::replay`.
//! **Invariant:** between two batches no connection is held; deciding never runs on the reactor; only a few
//! replays run at once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::job::RetryClass;
use tokio::sync::Semaphore;

use crate::domain::policy::replay::Replay;
use crate::store::{Store, StoreError, clock, replay};

/// Messages of one batch.
const BATCH: u32 = 200;
/// Messages looked at, at most.
const MOST: u64 = 200_000;
/// Replays at once.
const AT_ONCE: usize = 2;

/// The replays of this process.
pub struct Replays {
    turns: Semaphore,
    most: u64,
}

/// How a replay went.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What was counted.
    pub counts: Replay,
    /// From when on messages were asked for.
    pub from: DateTime<Utc>,
    /// Until when: when the replay began.
    pub until: DateTime<Utc>,
    /// How far back it got, if not to `from`.
    pub reached: Option<DateTime<Utc>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// As many as may are running. Transient.
    #[error("as many replays as may are running")]
    Busy,
    /// The messages cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Deciding panicked. Poison.
    #[error("deciding panicked")]
    Panicked,
}

impl ReplayError {
    /// Whether trying again can help.
    pub fn class(&self) -> RetryClass {
        match self {
            Self::Busy => RetryClass::Transient,
            Self::Store(error) => error.class(),
            Self::Panicked => RetryClass::Poison,
        }
    }
}

impl Default for Replays {
    fn default() -> Self {
        Self::of_at_most(MOST)
    }
}

impl Replays {
    /// Replays that look at so many messages, at most.
    pub fn of_at_most(most: u64) -> Self {
        Self {
            turns: Semaphore::new(AT_ONCE),
            most,
        }
    }

    /// Shows `counts` the caught messages of the last `days`, newest first.
    ///
    /// # Errors
    /// [`ReplayError`].
    ///
    /// # Cancel safety
    /// A dropped call stops at the end of its batch.
    pub async fn run(
        &self,
        store: &Store,
        mut counts: Replay,
        days: u32,
    ) -> Result<Replayed, ReplayError> {
        let _turn = self.turns.try_acquire().or(Err(ReplayError::Busy))?;
        let until = store.read(clock::now).await?;
        let from = until - Duration::from_hours(24) * days;
        let (mut last, mut reached) = (None, None);
        loop {
            let left = self.most.saturating_sub(counts.messages);
            if left == 0 {
                break;
            }
            let limit = u32::try_from(left).unwrap_or(u32::MAX).min(BATCH);
            let before = last;
            let reading = store.read(move |conn| replay::batch(conn, from, before, limit));
            let seen = reading.await?;
            let Some(oldest) = seen.last() else {
                reached = None;
                break;
            };
            (last, reached) = (Some(oldest.job), Some(oldest.at));
            let counting = tokio::task::spawn_blocking(move || {
                for message in &seen {
                    counts.see(message);
                }
                counts
            });
            counts = counting.await.or(Err(ReplayError::Panicked))?;
        }
        Ok(Replayed {
            counts,
            from,
            until,
            reached,
        })
    }
}
