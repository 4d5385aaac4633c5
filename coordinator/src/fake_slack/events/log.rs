//! What was delivered, how often it was tried, and what is still under way.
//!
//! **Invariant:** what was handed to the courier is under way until it was accepted or given up.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::post::Failure;
use crate::fake_slack::model::OutgoingKind;

/// Deliveries that are remembered.
const REMEMBERED: usize = 100_000;

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The HTTP status; none over a web socket, or if nothing was answered.
    pub status: Option<u16>,
    /// Why it counts for nothing, if so.
    pub failure: Option<Failure>,
    /// How long it took.
    pub took: Duration,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was taken.
    Accepted,
    /// It was tried as often as it is tried.
    GivenUp,
    /// The app asked for no more.
    Declined,
    /// There was nowhere to bring it.
    Nowhere,
}

/// A delivery that ended.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which address it was for.
    pub kind: OutgoingKind,
    /// `Ev…`, if it is an event.
    pub event_id: Option<String>,
    /// Each try, the first one first.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub settled: Settled,
}

/// What was delivered, and how much is under way.
#[derive(Debug)]
pub(in crate::fake_slack) struct Deliveries {
    ended: Mutex<VecDeque<Delivery>>,
    under_way: watch::Sender<usize>,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self {
            ended: Mutex::default(),
            under_way: watch::Sender::new(0),
        }
    }
}

impl Deliveries {
    pub(in crate::fake_slack) fn begun(&self) {
        self.under_way.send_modify(|count| *count += 1);
    }

    pub(in crate::fake_slack) fn ended(&self) {
        self.under_way
            .send_modify(|count| *count = count.saturating_sub(1));
    }

    pub(super) fn note(&self, delivery: Delivery) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= REMEMBERED {
            ended.pop_front();
        }
        ended.push_back(delivery);
    }

    /// All that ended so far, in that order.
    pub(in crate::fake_slack) fn list(&self) -> Vec<Delivery> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.iter().cloned().collect()
    }

    /// Waits until nothing is under way.
    pub(in crate::fake_slack) async fn settled(&self) {
        // The sender is part of this very thing, so that it cannot be gone.
        drop(
            self.under_way
                .subscribe()
                .wait_for(|count| *count == 0)
                .await,
        );
    }
}
