//! Whether any connection is open.
//!
//! Owns noticing the times in which none was.
//! **Invariant:** a gap begins when something was last heard, and not when its silence was noticed.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use shared::clock::SharedClock;

/// How many connections are open. Clones are the same.
#[derive(Clone)]
pub(super) struct Presence {
    clock: SharedClock,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    open: usize,
    /// When a connection that is closed now was last heard.
    heard: Option<DateTime<Utc>>,
}

/// Times in which no connection was open.
pub(super) type Gap = (DateTime<Utc>, DateTime<Utc>);

/// An open connection, until it is dropped.
pub(super) struct Seat {
    presence: Presence,
    heard: DateTime<Utc>,
}

impl Presence {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    /// One connection more. If none was open, but one had been, there is a gap.
    pub(super) fn enter(&self) -> (Seat, Option<Gap>) {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let gap = match (state.open, state.heard.take()) {
            (0, Some(heard)) => Some((heard, now)),
            _ => None,
        };
        state.open += 1;
        drop(state);
        let presence = self.clone();
        (
            Seat {
                presence,
                heard: now,
            },
            gap,
        )
    }
}

impl Seat {
    /// The connection said something, or at least that it is alive.
    pub(super) fn heard(&mut self) {
        self.heard = self.presence.clock.now();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let state = self.presence.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.open = state.open.saturating_sub(1);
        state.heard = state.heard.max(Some(self.heard));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared::clock::{Clock, ManualClock};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_gap_is_from_the_last_word_of_the_last_connection() {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let presence = Presence::new(Arc::<ManualClock>::clone(&clock));
        let (first, gap) = presence.enter();
        assert_eq!(gap, None);
        let (mut second, gap) = presence.enter();
        assert_eq!(gap, None);
        drop(first);
        clock.advance(SECOND);
        second.heard();
        let heard = clock.now();
        clock.advance(SECOND);
        drop(second);
        clock.advance(SECOND);
        let (_third, gap) = presence.enter();
        assert_eq!(gap, Some((heard, clock.now())));
    }

    #[test]
    fn where_one_follows_another_there_is_no_gap() {
        let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
        let presence = Presence::new(clock);
        let (first, _) = presence.enter();
        let (second, _) = presence.enter();
        drop(first);
        let (third, gap) = presence.enter();
        assert_eq!(gap, None);
        drop((second, third));
        assert!(presence.enter().1.is_some());
    }
}
