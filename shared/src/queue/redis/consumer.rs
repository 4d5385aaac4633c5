//! The reading end: its own connection, its own place in the group.
//!
//! Owns the loop that reads, takes over expired leases and mends what broke. An entry that Redis delivered
//! to a call which never came back (an answer too late, a future that was dropped) is pending with us though
//! nobody works on it; so after each interruption the old socket is closed in Redis too, and then our own
//! pending entries are looked through before anything new is read.
//! **Invariant:** every entry taken is returned, set aside, or left to its lease; one that cannot be read
//! never holds up its neighbours.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{Cmd, FromRedisValue, RedisError, Value, cmd, pipe};
use tokio::time::Instant;

use super::entry::{self, Entry};
use super::fault::{fault, is_group_lost};
use super::link::{self, Ask};
use super::settle::{RedisSettle, millis};
use super::{Backend, script};
use crate::queue::wire::Flaw;
use crate::queue::{Consumer, Delivery, QueueError, Receipt, Settle, Stream};

/// The longest time between two looks for expired leases.
const CLAIM_EVERY: Duration = Duration::from_millis(500);
/// How often silent consumers are looked for.
const REAP_EVERY: Duration = Duration::from_mins(10);
/// Pending entries looked through in one round trip.
const PAGE: usize = 256;
/// The beginning of the pending entries, and what `XAUTOCLAIM` says at their end.
const BEGIN: &str = "0-0";
/// Groups made anew within one call before it gives up.
const MENDS: u8 = 3;

pub(super) struct RedisConsumer {
    backend: Arc<Backend>,
    stream: Stream,
    key: String,
    name: String,
    settle: Arc<RedisSettle>,
    connection: Option<Reading>,
    /// The connection given up last, as Redis numbers it.
    given_up: Option<i64>,
    /// A call is under way; still set at the next call if that one was dropped.
    busy: bool,
    /// Entries may be pending with us that nobody works on.
    unsure: bool,
    cursor: String,
    claim_at: Instant,
    reap_at: Instant,
}

struct Reading {
    connection: MultiplexedConnection,
    client_id: Option<i64>,
}

/// An entry and how often it was delivered under its present id.
type Counted = (Entry, u32);

impl RedisConsumer {
    pub(super) fn new(backend: Arc<Backend>, stream: Stream, name: &str) -> Self {
        let settle = Arc::new(RedisSettle::new(Arc::clone(&backend), stream, name));
        let now = Instant::now();
        Self {
            key: backend.key(stream),
            name: name.to_owned(),
            backend,
            stream,
            settle,
            connection: None,
            given_up: None,
            busy: false,
            unsure: true,
            cursor: BEGIN.to_owned(),
            claim_at: now,
            reap_at: now,
        }
    }
}

#[async_trait]
impl Consumer for RedisConsumer {
    async fn receive(&mut self, max: usize, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        if std::mem::replace(&mut self.busy, true) {
            self.give_up();
        }
        let received = self.receive_mending(max, Instant::now() + wait).await;
        if received.is_err() {
            self.give_up();
        }
        self.busy = false;
        received
    }

    async fn close(mut self: Box<Self>) -> Result<(), QueueError> {
        if self.busy {
            // A read may still be under way: it must not bring the consumer back to life.
            self.give_up();
            self.connected().await.map_err(|error| fault(&error))?;
        }
        self.settle.leave().await
    }
}

impl RedisConsumer {
    async fn receive_mending(
        &mut self,
        max: usize,
        deadline: Instant,
    ) -> Result<Vec<Delivery>, QueueError> {
        let mut mends = 0;
        if max == 0 {
            return Ok(Vec::new());
        }
        loop {
            match self.take(max, deadline).await {
                Ok(taken) => {
                    let deliveries = self.admit(taken).await;
                    if !deliveries.is_empty() || Instant::now() >= deadline {
                        return Ok(deliveries);
                    }
                }
                Err(error) if is_group_lost(&error) && mends < MENDS => {
                    mends += 1;
                    tracing::warn!(
                        stream = self.stream.name(),
                        "the stream was lost, made anew"
                    );
                    self.backend.ensure().await?;
                }
                Err(error) => return Err(fault(&error)),
            }
        }
    }

    /// Entries from wherever there are some; new ones last, because only these can wait.
    async fn take(&mut self, max: usize, deadline: Instant) -> Result<Vec<Counted>, RedisError> {
        self.connected().await?;
        if self.unsure {
            let own = self.reclaim(max).await?;
            if !own.is_empty() {
                return Ok(own);
            }
            self.unsure = false;
        }
        if Instant::now() >= self.claim_at {
            let expired = self.claim(max).await?;
            if !expired.is_empty() {
                return Ok(expired);
            }
            self.reap().await;
        }
        self.read(max, deadline).await
    }

    /// Connects if need be. The connection given up before is closed in Redis, so that nothing more can be
    /// delivered to it, before our own pending entries are looked through.
    async fn connected(&mut self) -> Result<(), RedisError> {
        if self.connection.is_some() {
            return Ok(());
        }
        let options = &self.backend.options;
        let config = link::config(
            options.connect_timeout,
            options.block + options.response_timeout,
        );
        let client = &self.backend.client;
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut pipeline = pipe();
        pipeline.ignore_errors();
        pipeline.cmd("CLIENT").arg("ID");
        if let Some(id) = self.given_up {
            pipeline.cmd("CLIENT").arg("KILL").arg("ID").arg(id);
        }
        // Both may be forbidden; then the lease brings back what the old socket still swallows.
        let answers: Vec<Result<i64, _>> = pipeline.query_async(&mut connection).await?;
        let client_id = answers.into_iter().next().and_then(Result::ok);
        self.given_up = None;
        self.unsure = true;
        self.connection = Some(Reading {
            connection,
            client_id,
        });
        Ok(())
    }

    fn give_up(&mut self) {
        // Dropping the only handle closes the socket.
        if let Some(reading) = self.connection.take() {
            self.given_up = reading.client_id;
        }
        self.unsure = true;
    }

    /// Entries pending with us that nobody works on.
    async fn reclaim(&mut self, max: usize) -> Result<Vec<Counted>, RedisError> {
        let mut from = "-".to_owned();
        let mut strays: Vec<String> = Vec::new();
        while strays.len() < max {
            let mut command = self.command("XPENDING");
            command.arg(&from).arg("+").arg(PAGE).arg(&self.name);
            let page: Vec<(String, String, u64, u64)> = self.query(&command).await?;
            let Some((last, ..)) = page.last() else {
                break;
            };
            from = format!("({last}");
            let ids = page.into_iter().map(|(id, ..)| id);
            strays.extend(ids.filter(|id| !self.settle.held.has(id)));
        }
        strays.truncate(max);
        if strays.is_empty() {
            return Ok(Vec::new());
        }
        let mut script = script::RECLAIM.key(&self.key);
        script.arg(self.stream.group()).arg(&self.name);
        for id in &strays {
            script.arg(id);
        }
        let taken: Vec<(Value, u32)> = Ask::Script(&script).of(self.reading()?).await?;
        let counted = |(list, count)| Some((entry::entries(list).pop()?, count));
        Ok(taken.into_iter().filter_map(counted).collect())
    }

    /// Entries whose lease ran out with somebody else.
    async fn claim(&mut self, max: usize) -> Result<Vec<Counted>, RedisError> {
        self.settle.held.prune();
        let lease = self.backend.lease(self.stream);
        let mut command = cmd("XAUTOCLAIM");
        command.arg(&self.key).arg(self.stream.group());
        command.arg(&self.name).arg(millis(lease)).arg(&self.cursor);
        command.arg("COUNT").arg(max);
        // Redis 6.2 gives two parts, later ones also the ids of entries that were deleted meanwhile, which
        // are no longer pending then.
        let mut parts = entry::list(self.query(&command).await?).into_iter();
        self.cursor = parts
            .next()
            .and_then(|cursor| String::from_redis_value(cursor).ok())
            .unwrap_or_else(|| BEGIN.to_owned());
        let claimed = entry::entries(parts.next().unwrap_or_default());
        if self.cursor == BEGIN {
            self.claim_at = Instant::now() + CLAIM_EVERY.min(lease / 4);
        }
        self.count(claimed).await
    }

    /// How often each was delivered, which `XAUTOCLAIM` does not say.
    async fn count(&mut self, entries: Vec<Entry>) -> Result<Vec<Counted>, RedisError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = pipe();
        for entry in &entries {
            let mut command = self.command("XPENDING");
            command.arg(&entry.id).arg(&entry.id).arg(1);
            pipeline.add_command(command);
        }
        let answers: Vec<Vec<(String, String, u64, u32)>> =
            Ask::Pipeline(&pipeline).of(self.reading()?).await?;
        // Settled in between by its former owner, it is no longer pending, and no longer ours to return.
        let pending = entries.into_iter().zip(answers);
        Ok(pending
            .filter_map(|(entry, answer)| Some((entry, answer.first()?.3)))
            .collect())
    }

    async fn read(&mut self, max: usize, deadline: Instant) -> Result<Vec<Counted>, RedisError> {
        let now = Instant::now();
        let until = deadline.min(self.claim_at.max(now));
        let wait = until.saturating_duration_since(now);
        let mut command = cmd("XREADGROUP");
        command.arg("GROUP").arg(self.stream.group());
        command.arg(&self.name).arg("COUNT").arg(max);
        // BLOCK 0 would wait for ever.
        let block = millis(wait.min(self.backend.options.block));
        if block > 0 {
            command.arg("BLOCK").arg(block);
        }
        command.arg("STREAMS").arg(&self.key).arg(">");
        let entries = entry::read_entries(self.query(&command).await?);
        Ok(entries.into_iter().map(|entry| (entry, 1)).collect())
    }

    /// Makes deliveries of entries, and sees to those that are none. What goes wrong with the latter is no
    /// reason to keep back the former: their lease brings them again.
    async fn admit(&self, taken: Vec<Counted>) -> Vec<Delivery> {
        self.settle
            .held
            .add(taken.iter().map(|(entry, _)| entry.id.as_str()));
        let mut deliveries = Vec::with_capacity(taken.len());
        for (entry, count) in taken {
            let count = count.saturating_add(entry.earlier_deliveries());
            let receipt = Receipt(entry.id.clone());
            match entry.into_envelope() {
                Ok(envelope) => {
                    let settle = Arc::clone(&self.settle) as Arc<dyn Settle>;
                    deliveries.push(Delivery::new(envelope, count, receipt, settle));
                }
                Err((entry, flaw)) => {
                    if let Err(error) = self.set_aside(&entry, flaw, count).await {
                        tracing::warn!(%error, stream = self.stream.name(), "an entry that cannot be read stays");
                    }
                    self.settle.held.remove(std::iter::once(&receipt));
                }
            }
        }
        deliveries
    }

    async fn set_aside(&self, entry: &Entry, flaw: Flaw, count: u32) -> Result<(), QueueError> {
        let stream = self.stream.name();
        match flaw {
            Flaw::TooNew if count < self.backend.options.unread_version_deliveries => {
                tracing::debug!(stream, "an entry of a later version is left to others");
                self.settle.defer(&entry.id).await
            }
            Flaw::TooNew => {
                tracing::warn!(
                    stream,
                    "an entry of a later version that nobody took is set aside"
                );
                self.settle
                    .bury_raw(entry, "a version nobody here reads")
                    .await
            }
            Flaw::Malformed(reason) => {
                tracing::warn!(stream, reason, "an entry that is no envelope is set aside");
                self.settle.bury_raw(entry, reason).await
            }
        }
    }

    async fn reap(&mut self) {
        if Instant::now() < self.reap_at {
            return;
        }
        self.reap_at = Instant::now() + REAP_EVERY;
        match self.settle.reap().await {
            Ok(0) => {}
            Ok(consumers) => tracing::info!(consumers, "silent consumers were forgotten"),
            Err(error) => tracing::warn!(%error, "silent consumers were not looked for"),
        }
    }

    fn command(&self, name: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(&self.key).arg(self.stream.group());
        command
    }

    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, RedisError> {
        command.query_async(self.reading()?).await
    }

    fn reading(&mut self) -> Result<&mut MultiplexedConnection, RedisError> {
        match &mut self.connection {
            Some(reading) => Ok(&mut reading.connection),
            None => Err(std::io::Error::from(std::io::ErrorKind::NotConnected).into()),
        }
    }
}
