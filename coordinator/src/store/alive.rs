//! How many connections there are, and that none is left behind.
//!
//! The pool makes and drops connections on threads of its own, which nobody waits for. libpq stands on libraries that
//! tidy up when the process ends; a thread that is inside of them then finds their locks gone, and they abort the
//! process, however well its work went.
//! **Invariant:** who closes waits for every connection that is there or being made, and none is made afterwards. A
//! server that does not answer is waited for no longer than patience goes.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The connections of a store.
#[derive(Default)]
pub(super) struct Alive {
    state: Mutex<State>,
    fewer: Condvar,
}

#[derive(Default)]
struct State {
    connections: usize,
    closed: bool,
}

/// Counts as a connection as long as it lives: from before it is made until it is gone.
pub(super) struct Counted(Arc<Alive>);

/// Closes when it is dropped: the last of a store's fields, behind the pool.
pub(super) struct CloseLast {
    pub(super) alive: Arc<Alive>,
    pub(super) patience: Duration,
}

impl Alive {
    /// Counts a connection that is to be made; none any more once it is closed.
    pub(super) fn count(self: &Arc<Self>) -> Option<Counted> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return None;
        }
        state.connections += 1;
        Some(Counted(Arc::clone(self)))
    }

    /// Lets no more connections be made, and waits until those that there are are gone; `false` if they are not
    /// within `patience`. Blocks.
    fn close(&self, patience: Duration) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        let waited = self
            .fewer
            .wait_timeout_while(state, patience, |state| state.connections > 0);
        let (_state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.connections = state.connections.saturating_sub(1);
        self.0.fewer.notify_all();
    }
}

impl Drop for CloseLast {
    fn drop(&mut self) {
        if !self.alive.close(self.patience) {
            tracing::debug!("a database connection is left to the end of the process");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(5);

    #[test]
    fn who_closes_waits_for_every_connection_and_none_is_made_afterwards() {
        let alive = Arc::new(Alive::default());
        let counted = [alive.count().unwrap(), alive.count().unwrap()];
        let closing = {
            let alive = Arc::clone(&alive);
            std::thread::spawn(move || alive.close(LONG))
        };
        while !alive.state.lock().unwrap().closed {
            std::thread::yield_now();
        }
        assert!(alive.count().is_none());
        assert!(!closing.is_finished());
        drop(counted);
        assert!(closing.join().unwrap());
    }

    #[test]
    fn who_closes_gives_up_on_a_connection_that_does_not_end() {
        let alive = Arc::new(Alive::default());
        let _stuck = alive.count().unwrap();
        assert!(!alive.close(Duration::from_millis(1)));
    }

    #[test]
    fn a_store_without_connections_closes_at_once() {
        assert!(Alive::default().close(LONG));
    }
}
