//! What all requests and the handle share: the world behind its lock, the logs, and the ways out.
//!
//! **Invariant:** what a deed tells is handed on before its lock is given back, so that events leave in the
//! order of the deeds.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::events::{Deliveries, Errand};
use super::faults::FaultBook;
use super::limits::Windows;
use super::model::{TokenKind, World};
use super::sockets::Sockets;

/// Calls that are remembered.
const REMEMBERED: usize = 100_000;

/// What is shared.
#[derive(Debug)]
pub(super) struct Stage {
    world: Mutex<World>,
    calls: Mutex<VecDeque<Call>>,
    faults: Mutex<FaultBook>,
    windows: Mutex<Windows>,
    pub(super) deliveries: Deliveries,
    pub(super) sockets: Sockets,
    errands: UnboundedSender<Errand>,
}

/// A call of the Web API.
#[derive(Clone, Debug)]
pub struct Call {
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// `chat.delete`
    pub method: String,
    /// Whose token it came with.
    pub token: Option<TokenKind>,
    /// The user of the token.
    pub user: Option<String>,
    /// Arguments, without the token.
    pub params: Value,
    /// The HTTP status; none if nothing was answered.
    pub status: Option<u16>,
    /// What was answered; null if it was no JSON.
    pub answer: Value,
    /// How long it took.
    pub took: Duration,
}

impl Call {
    /// Whether it was answered with `ok: true`.
    pub fn is_ok(&self) -> bool {
        self.answer.get("ok").and_then(Value::as_bool) == Some(true)
    }

    /// Slack's word for why it was not done.
    pub fn error(&self) -> Option<&str> {
        self.answer.get("error").and_then(Value::as_str)
    }

    /// A text argument.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).and_then(Value::as_str)
    }
}

impl Stage {
    pub(super) fn new(world: World, faults: FaultBook, errands: UnboundedSender<Errand>) -> Self {
        Self {
            world: Mutex::new(world),
            calls: Mutex::default(),
            faults: Mutex::new(faults),
            windows: Mutex::default(),
            deliveries: Deliveries::default(),
            sockets: Sockets::default(),
            errands,
        }
    }

    /// Looks at the world.
    pub(super) fn look<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&locked(&self.world))
    }

    /// Changes the world, and sends what that tells.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut World) -> R) -> R {
        let mut world = locked(&self.world);
        let changed = change(&mut world);
        for outgoing in world.outgoing.drain(..) {
            self.errand(Errand::telling(outgoing));
        }
        changed
    }

    /// Hands something to the courier. When the stand-in is ending there is none, and nobody to tell.
    pub(super) fn errand(&self, errand: Errand) {
        self.deliveries.begun();
        if self.errands.send(errand).is_err() {
            self.deliveries.ended();
        }
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, FaultBook> {
        locked(&self.faults)
    }

    pub(super) fn windows(&self) -> MutexGuard<'_, Windows> {
        locked(&self.windows)
    }

    pub(super) fn note(&self, call: Call) {
        let mut calls = locked(&self.calls);
        if calls.len() >= REMEMBERED {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        locked(&self.calls).iter().cloned().collect()
    }

    pub(super) fn forget_calls(&self) {
        locked(&self.calls).clear();
    }
}

/// A poisoned lock means that a test failed while it held it; the others may go on.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
