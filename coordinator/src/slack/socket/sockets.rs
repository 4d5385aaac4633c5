//! Keeping connections open.
//!
//! Owns how many there are, when another one is opened, and how long to wait after a failure. Leaves one
//! connection to `connection`.
//! **Invariant:** a connection that Slack asks to renew is left after another one stands in its place, and not
//! before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::clock::SharedClock;
use shared::job::RetryClass;
use shared::lifecycle::Shutdown;
use shared::secret::SecretString;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::EnvelopeSink;
use super::backoff::Backoff;
use super::connection::{Connection, Ended};
use super::presence::Presence;
use crate::slack::client::{Meaning, SlackClient, SlackError};

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection with its greeting.
    pub open: Duration,
    /// For a frame or a ping, before a connection counts as broken.
    pub silence: Duration,
    /// After a failure, at least.
    pub shortest: Duration,
    /// After many failures, at most.
    pub longest: Duration,
    /// A connection that ended sooner counts as a failure, whatever the reason.
    pub young: Duration,
}

/// Connections that are kept open.
pub struct Sockets {
    client: SlackClient,
    app_token: SecretString,
    sink: Arc<dyn EnvelopeSink>,
    presence: Presence,
    patience: Patience,
    count: usize,
}

/// Connections of one client, as one after the other takes the place of the last.
struct Slot {
    sockets: Arc<Sockets>,
    stop: CancellationToken,
    backoff: Backoff,
    /// The connection in use, and until it is gone also the one before.
    tasks: JoinSet<()>,
    /// Leaves the connection in use.
    leave: Option<CancellationToken>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            open: Duration::from_secs(20),
            silence: Duration::from_mins(1),
            shortest: Duration::from_secs(1),
            longest: Duration::from_mins(1),
            young: Duration::from_secs(30),
        }
    }
}

impl Sockets {
    /// How many connections are kept, if nobody says otherwise: with two, one can fail.
    pub const COUNT: usize = 2;

    /// Connections under an app-level token, which has to hold `connections:write`.
    pub fn new(
        client: SlackClient,
        app_token: SecretString,
        sink: Arc<dyn EnvelopeSink>,
        clock: SharedClock,
    ) -> Self {
        Self {
            client,
            app_token,
            sink,
            presence: Presence::new(clock),
            patience: Patience::default(),
            count: Self::COUNT,
        }
    }

    /// The same with another number of connections, of which Slack allows ten.
    #[must_use]
    pub fn count(self, count: usize) -> Self {
        Self { count, ..self }
    }

    /// The same with another patience.
    #[must_use]
    pub fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Keeps the connections open until the process drains; what is under way then is finished first.
    pub async fn run(self, shutdown: Shutdown) {
        let sockets = Arc::new(self);
        let mut slots = JoinSet::new();
        for _ in 0..sockets.count {
            let slot = Slot::new(Arc::clone(&sockets), shutdown.drain_token());
            slots.spawn(slot.run());
        }
        while slots.join_next().await.is_some() {}
    }

    /// A connection that has greeted.
    async fn open(&self) -> Result<Connection, Failure> {
        let url = self.client.open_connection(&self.app_token).await?;
        if !self.may_connect(&url) {
            return Err(Failure::Ended(Ended::Lost("unreachable")));
        }
        let opening = Connection::open(&url, self.patience.silence);
        let opened = timeout(self.patience.open, opening).await;
        let opened = opened.unwrap_or(Err(Ended::Lost("no_greeting")));
        opened.map_err(Failure::Ended)
    }

    /// In clear only where the API itself is.
    fn may_connect(&self, url: &Url) -> bool {
        match url.scheme() {
            "wss" => true,
            "ws" => self.client.is_in_clear(),
            _ => false,
        }
    }
}

/// Why there is no connection.
enum Failure {
    Slack(SlackError),
    Ended(Ended),
}

impl From<SlackError> for Failure {
    fn from(error: SlackError) -> Self {
        Self::Slack(error)
    }
}

impl Slot {
    fn new(sockets: Arc<Sockets>, stop: CancellationToken) -> Self {
        let Patience {
            shortest, longest, ..
        } = sockets.patience;
        Self {
            sockets,
            stop,
            backoff: Backoff::new(shortest, longest),
            tasks: JoinSet::new(),
            leave: None,
        }
    }

    async fn run(mut self) {
        let stop = self.stop.clone();
        // Dropping an attempt to open one loses nothing: nothing was taken yet.
        while let Some(wait) = stop.run_until_cancelled(Box::pin(self.turn())).await {
            if stop
                .run_until_cancelled(tokio::time::sleep(wait))
                .await
                .is_none()
            {
                break;
            }
        }
        while self.tasks.join_next().await.is_some() {}
    }

    /// Opens a connection, waits until another one is wanted, and says when.
    async fn turn(&mut self) -> Duration {
        let sockets = Arc::clone(&self.sockets);
        let connection = match sockets.open().await {
            Ok(connection) => connection,
            Err(failure) => return self.after(&failure),
        };
        let begun = Instant::now();
        let told = self.follow(connection).await;
        // Without a word only a panic ends one; the sink's, that is.
        let ended = told.await.unwrap_or(Ended::Lost("panicked"));
        while self.tasks.try_join_next().is_some() {}
        if begun.elapsed() >= sockets.patience.young {
            self.backoff.reset();
            if matches!(ended, Ended::Refresh | Ended::Warning) {
                tracing::info!(reason = ended.as_str(), "slack socket to be renewed");
                return Duration::ZERO;
            }
        }
        self.after(&Failure::Ended(ended))
    }

    /// Lets a connection take the place of the one before.
    async fn follow(&mut self, connection: Connection) -> oneshot::Receiver<Ended> {
        let (seat, gap) = self.sockets.presence.enter();
        let leave = self.stop.child_token();
        let (tell, told) = oneshot::channel();
        let sink = Arc::clone(&self.sockets.sink);
        self.tasks
            .spawn(connection.run(sink, seat, leave.clone(), tell));
        if let Some(before) = self.leave.replace(leave) {
            before.cancel();
        }
        tracing::info!("slack socket opened");
        if let Some((from, to)) = gap {
            self.sockets.sink.gap(from, to).await;
        }
        told
    }

    /// How long to wait after a failure.
    fn after(&mut self, failure: &Failure) -> Duration {
        let wait = self.backoff.next(fastrand::f64());
        match failure {
            Failure::Slack(error) if error.class() == RetryClass::Permanent => {
                tracing::error!(code = error.code(), "slack refuses a socket");
                self.sockets.patience.longest
            }
            Failure::Slack(error) => {
                tracing::warn!(code = error.code(), "slack socket not opened");
                match error.meaning() {
                    Meaning::Wait(told) => told.max(wait),
                    _ => wait,
                }
            }
            Failure::Ended(ended @ (Ended::LinkDisabled | Ended::TooMany)) => {
                tracing::error!(reason = ended.as_str(), "slack refuses a socket");
                self.sockets.patience.longest
            }
            Failure::Ended(ended) => {
                tracing::warn!(reason = ended.as_str(), "slack socket lost");
                wait
            }
        }
    }
}
