//! Socket Mode: the web sockets an app opened, and what waits for an answer on them.
//!
//! Owns who is connected and which envelope goes to whom. Leaves frames and pings to `web::socket`.
//! **Invariant:** an envelope goes to one connection.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::events::Failure;
use super::model::{Outgoing, OutgoingKind};

/// Connections an app may have at once.
const MOST: usize = 10;

/// What is done to a connection.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    /// Say this.
    Text(String),
    /// Go away.
    Close,
}

/// Who is connected.
#[derive(Debug, Default)]
pub(super) struct Sockets(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// By ticket; a ticket works once.
    tickets: BTreeMap<String, String>,
    connections: BTreeMap<u64, mpsc::UnboundedSender<Frame>>,
    waiting: BTreeMap<String, oneshot::Sender<Value>>,
    serial: u64,
    turn: u64,
}

/// A connection that was let in.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) id: u64,
    pub(super) frames: mpsc::UnboundedReceiver<Frame>,
}

impl Sockets {
    /// Allows a connection.
    pub(super) fn allow(&self, ticket: String, app: String) {
        self.inner().tickets.insert(ticket, app);
    }

    /// Lets a connection in that shows its ticket, and greets it. One too many is told so.
    pub(super) fn admit(&self, ticket: &str) -> Option<Admitted> {
        let mut inner = self.inner();
        let app = inner.tickets.remove(ticket)?;
        let (sender, frames) = mpsc::unbounded_channel();
        let number = inner.connections.len() + 1;
        let greeting = if number > MOST {
            json!({ "type": "disconnect", "reason": "too_many_websockets" })
        } else {
            json!({
                "type": "hello", "num_connections": number,
                "connection_info": { "app_id": app },
                "debug_info": {
                    "host": "applink-fake", "build_number": 1, "approximate_connection_time": 18_060,
                },
            })
        };
        // The receiver is right here.
        sender.send(Frame::Text(greeting.to_string())).ok();
        inner.serial += 1;
        let id = inner.serial;
        if number > MOST {
            sender.send(Frame::Close).ok();
        } else {
            inner.connections.insert(id, sender);
        }
        Some(Admitted { id, frames })
    }

    /// A connection ended.
    pub(super) fn leave(&self, id: u64) {
        self.inner().connections.remove(&id);
    }

    /// How many are connected.
    pub(super) fn count(&self) -> usize {
        self.inner().connections.len()
    }

    /// Tells all connections to go, for a reason. A warning lets them stay.
    pub(super) fn disconnect(&self, reason: &str) {
        let word = json!({
            "type": "disconnect", "reason": reason, "debug_info": { "host": "applink-fake" },
        });
        let mut inner = self.inner();
        for connection in inner.connections.values() {
            // A connection that is gone needs no telling.
            connection.send(Frame::Text(word.to_string())).ok();
            if reason != "warning" {
                connection.send(Frame::Close).ok();
            }
        }
        if reason != "warning" {
            inner.connections.clear();
        }
    }

    /// Takes what a connection said: an acknowledgement, or nothing.
    pub(super) fn heard(&self, text: &str) {
        let Ok(said) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let id = said
            .get("envelope_id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if let Some(waiting) = self.inner().waiting.remove(id) {
            // Nobody waits any more if it came late.
            waiting
                .send(said.get("payload").cloned().unwrap_or_default())
                .ok();
        }
    }

    /// Sends an envelope to one connection and waits until it is acknowledged. Gives what came with that.
    ///
    /// # Errors
    /// Nobody is connected, or nobody answered.
    pub(super) async fn bring(
        &self,
        outgoing: &Outgoing,
        retry: Option<(usize, &str)>,
        patience: Duration,
    ) -> Result<String, Failure> {
        let (id, answer) = self.send(outgoing, retry).ok_or(Failure::Connection)?;
        let answered = tokio::time::timeout(patience, answer).await;
        self.inner().waiting.remove(&id);
        match answered {
            Ok(Ok(Value::Null)) => Ok(String::new()),
            Ok(Ok(payload)) => Ok(payload.to_string()),
            Ok(Err(_)) | Err(_) => Err(Failure::Timeout),
        }
    }

    fn send(
        &self,
        outgoing: &Outgoing,
        retry: Option<(usize, &str)>,
    ) -> Option<(String, oneshot::Receiver<Value>)> {
        let mut inner = self.inner();
        inner.turn += 1;
        let turn = usize::try_from(inner.turn).unwrap_or_default();
        let id = format!("00000000-0000-4000-8000-{:012}", inner.turn);
        let (kind, answers) = match outgoing.kind {
            OutgoingKind::Event => ("events_api", false),
            OutgoingKind::Interactive => ("interactive", true),
            OutgoingKind::SlashCommand => ("slash_commands", true),
        };
        let mut envelope = json!({
            "envelope_id": id, "type": kind, "payload": outgoing.payload,
            "accepts_response_payload": answers,
        });
        if let (OutgoingKind::Event, Some(envelope)) = (outgoing.kind, envelope.as_object_mut()) {
            let (attempt, reason) = retry.unwrap_or_default();
            envelope.insert("retry_attempt".to_owned(), json!(attempt));
            envelope.insert("retry_reason".to_owned(), json!(reason));
        }
        let count = inner.connections.len();
        let chosen = inner.connections.values().nth(turn.checked_rem(count)?)?;
        chosen.send(Frame::Text(envelope.to_string())).ok()?;
        let (sender, answer) = oneshot::channel();
        inner.waiting.insert(id.clone(), sender);
        Some((id, answer))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
