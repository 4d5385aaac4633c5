//! Socket Mode: hearing Slack over connections that Weir opens itself, where nobody can reach it from outside.
//!
//! Owns turning envelopes into what `inbox` takes in. Leaves the connections to `slack::socket`.
//! **Invariant:** an envelope is acknowledged after what it brought is on disk.

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::clock::SharedClock;
use shared::job::RetryClass;
use shared::lifecycle::Shutdown;
use shared::secret::SecretString;

use crate::inbox::{Inbox, InboxError};
use crate::slack::client::SlackClient;
use crate::slack::socket::{Ack, Envelope, EnvelopeKind, EnvelopeSink, Sockets};

shared::answers_ping!(Listener);

/// Hears Slack.
pub struct Listener {
    parts: Arc<ListenerParts>,
}

/// What a listener works with.
pub struct ListenerParts {
    /// Where it is put.
    pub inbox: Inbox,
    /// Opens connections.
    pub client: SlackClient,
    /// The app's own token; none if Slack calls us.
    pub token: Option<SecretString>,
    /// How many connections.
    pub connections: usize,
    /// Says when nobody listened.
    pub clock: SharedClock,
    /// When to stop.
    pub shutdown: Shutdown,
}

impl Listener {
    /// A listener over `parts`.
    pub fn new(parts: Arc<ListenerParts>) -> Self {
        Self { parts }
    }
}

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        let parts = Arc::clone(&self.parts);
        let Some(token) = parts.token.clone() else {
            return;
        };
        let (client, clock) = (parts.client.clone(), Arc::clone(&parts.clock));
        let (connections, shutdown) = (parts.connections, parts.shutdown.clone());
        let sockets = Sockets::new(client, token, Arc::new(Ear(parts)), clock).count(connections);
        let listening = shutdown.tasks().track_future(sockets.run(shutdown.clone()));
        ctx.spawn(listening.into_actor(self));
    }
}

/// Takes envelopes.
struct Ear(Arc<ListenerParts>);

#[async_trait]
impl EnvelopeSink for Ear {
    async fn take(&self, envelope: Envelope) -> Option<Ack> {
        let inbox = &self.0.inbox;
        let taken = match envelope.kind {
            // Of a kind unknown here it may still hold what somebody wrote.
            EnvelopeKind::EventsApi | EnvelopeKind::Other => {
                inbox.event(envelope.payload.as_bytes()).await.map(|_| None)
            }
            EnvelopeKind::Interactive => match read(&envelope) {
                Some(payload) => inbox.interaction_payload(&payload).await.map(|()| None),
                None => Err(InboxError::Unreadable),
            },
            EnvelopeKind::SlashCommands => match read(&envelope) {
                Some(payload) => inbox.command_payload(&payload),
                None => Err(InboxError::Unreadable),
            },
        };
        match taken {
            Ok(payload) => Some(Ack {
                payload: payload.filter(|_| envelope.accepts_response),
            }),
            // It will be no better the next time.
            Err(error) if error.class() != RetryClass::Transient => Some(Ack::default()),
            Err(error) => {
                tracing::warn!(%error, "an envelope is not taken, slack sends it again");
                None
            }
        }
    }

    async fn gap(&self, from: DateTime<Utc>, to: DateTime<Utc>) {
        tracing::warn!(%from, %to, "nobody listened to slack: there is a gap");
        if let Err(error) = self.0.inbox.was_deaf(from, to).await {
            tracing::warn!(%error, "the gap is not noted");
        }
    }
}

fn read(envelope: &Envelope) -> Option<Value> {
    serde_json::from_str(&envelope.payload).ok()
}
