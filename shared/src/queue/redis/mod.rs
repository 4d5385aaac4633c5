//! The queue on Redis Streams, from Redis 6.2 on.
//!
//! Owns the layout in Redis, and the choice of connections: a held one for each loop that sends, one of its
//! own for each consumer that waits, a small pool for the rest. Redis may lose what it holds, and is not
//! asked to judge who is right; its clock alone judges leases.
//! **Invariant:** no stream is ever trimmed: it is bounded by not adding to it.
//!
//! # Keys
//!
//! | key | is |
//! |---|---|
//! | `{prefix}jobs:messages`, `{prefix}jobs:files` | jobs, read by the group `scanners` |
//! | `{prefix}results` | results, read by the group `aggregators` |
//! | `{prefix}dead` | dead letters |
//! | `{prefix}epoch` | a random name for this memory; made anew with any group that had to be made anew |
//!
//! A transaction spans several of them. On Redis Cluster all keys must therefore share a slot: put a hash
//! tag in the prefix, for example `{weir}:`.
//!
//! # Entries
//!
//! `v`, `kind`, `job`, `ws`, `attempt`, `traceparent` and `tracestate` (if any), `body` (raw bytes), and
//! `deliveries` once an entry was handed back: how often it was delivered before. A dead letter has `reason`,
//! `stream` and `entry` (the id it had), then all fields of the entry as they were.

mod consumer;
mod dead;
mod entry;
mod fault;
mod held;
mod link;
mod producer;
mod script;
mod settle;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{Client, ConnectionInfo, FromRedisValue, IntoConnectionInfo, cmd};
use deadpool_redis::{Manager, Pool, Runtime};
use secrecy::{ExposeSecret, SecretString};

use self::fault::{fault, pool_fault, unexpected};
use self::link::{Ask, Link};
use super::{Consumer, DeadLetter, Depth, Producer, Queue, QueueError, Stream};
use crate::ids::EpochId;
use crate::job::RetryClass;

/// Where Redis is, how much of it to fill, and how long a delivery is held.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// `redis://` or `rediss://` (TLS), with user, password and database as usual.
    pub url: SecretString,
    /// What all keys begin with. On Redis Cluster it needs a hash tag, for example `{weir}:`.
    pub key_prefix: String,
    /// Entries on the stream of messages before [`Producer::room`] says none.
    pub window_messages: usize,
    /// Entries on the stream of files before [`Producer::room`] says none.
    pub window_files: usize,
    /// How long a message may take before somebody else gets it.
    pub lease_messages: Duration,
    /// How long a file may take before somebody else gets it.
    pub lease_files: Duration,
    /// How long a result may take before somebody else gets it.
    pub lease_results: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long an answer may take, on top of the time Redis was asked to wait.
    pub response_timeout: Duration,
    /// The longest single wait for entries: how long a lost connection stays unnoticed at most.
    pub block: Duration,
    /// Connections for everything but publishing, reading and settling.
    pub pool_size: usize,
    /// How soon an entry of a later version is offered to others again.
    pub unread_version_delay: Duration,
    /// After how many deliveries an entry of a later version is set aside.
    pub unread_version_deliveries: u32,
    /// After which silence a consumer that holds nothing is forgotten.
    pub forget_consumers_after: Duration,
}

impl RedisOptions {
    /// The defaults, for the Redis at `url`.
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            key_prefix: "weir:".to_owned(),
            window_messages: 5_000,
            window_files: 200,
            lease_messages: Duration::from_secs(10),
            lease_files: Duration::from_secs(30),
            lease_results: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(3),
            response_timeout: Duration::from_secs(5),
            block: Duration::from_secs(1),
            pool_size: 4,
            unread_version_delay: Duration::from_secs(1),
            unread_version_deliveries: 300,
            forget_consumers_after: Duration::from_hours(1),
        }
    }
}

/// A queue on Redis Streams. Clones share their connections.
#[derive(Clone)]
pub struct RedisQueue(Arc<Backend>);

/// What all ends share.
struct Backend {
    options: RedisOptions,
    client: Client,
    pool: Pool,
    /// Set once Redis was seen to be set up so that it keeps what it is given.
    fit: AtomicBool,
}

impl RedisQueue {
    /// Connects, makes the groups, and checks that Redis is set up so that it keeps what it is given.
    ///
    /// A Redis that cannot be reached yet is no error: whoever starts meanwhile takes in events, and the
    /// check is made when Redis is first asked for its epoch.
    ///
    /// # Errors
    /// [`QueueError::Unfit`] or [`QueueError::Refused`] (both permanent) if the URL cannot be read, Redis
    /// refuses the credentials, or evicts keys when it is full.
    pub async fn connect(options: RedisOptions) -> Result<Self, QueueError> {
        let info = address(&options.url)?;
        let config = link::config(options.connect_timeout, options.response_timeout);
        let client = Client::open(info.clone()).map_err(|error| fault(&error))?;
        let manager = Manager::new_with_config(info, config).map_err(|error| fault(&error))?;
        let pool = Pool::builder(manager)
            .max_size(options.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.response_timeout))
            .create_timeout(Some(options.connect_timeout))
            .recycle_timeout(Some(options.response_timeout))
            .build()
            .map_err(|_unbuildable| QueueError::Unfit("the pool cannot be built".to_owned()))?;
        let backend = Arc::new(Backend {
            options,
            client,
            pool,
            fit: AtomicBool::new(false),
        });
        match backend.ensure().await {
            Err(error) if error.class() == RetryClass::Transient => {
                tracing::warn!(%error, "starting without the queue; what comes in waits in the database");
            }
            checked => drop(checked?),
        }
        Ok(Self(backend))
    }
}

#[async_trait]
impl Queue for RedisQueue {
    fn system(&self) -> &'static str {
        "redis"
    }

    fn producer(&self) -> Arc<dyn Producer> {
        Arc::new(producer::RedisProducer::new(Arc::clone(&self.0)))
    }

    async fn consumer(&self, stream: Stream, name: &str) -> Result<Box<dyn Consumer>, QueueError> {
        let consumer = consumer::RedisConsumer::new(Arc::clone(&self.0), stream, name);
        Ok(Box::new(consumer))
    }

    async fn depth(&self, stream: Stream) -> Result<Depth, QueueError> {
        let mut script = script::DEPTH.key(self.0.key(stream));
        script.key(self.0.dead()).arg(stream.group());
        let (length, pending, first, now_ms, dead_letters): (u64, u64, String, u64, u64) =
            self.0.ask(Ask::Script(&script)).await?;
        let first_ms = first.split('-').next().and_then(|ms| ms.parse().ok());
        Ok(Depth {
            waiting: length.saturating_sub(pending),
            in_flight: pending,
            oldest: first_ms.map(|first: u64| Duration::from_millis(now_ms.saturating_sub(first))),
            dead_letters,
        })
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        self.0.ensure().await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        dead::letters(&self.0, limit).await
    }

    async fn redrive(&self, limit: usize) -> Result<usize, QueueError> {
        dead::redrive(&self.0, limit).await
    }
}

impl Backend {
    fn key(&self, stream: Stream) -> String {
        format!("{}{}", self.options.key_prefix, stream.name())
    }

    fn dead(&self) -> String {
        format!("{}dead", self.options.key_prefix)
    }

    fn lease(&self, stream: Stream) -> Duration {
        match stream {
            Stream::Messages => self.options.lease_messages,
            Stream::Files => self.options.lease_files,
            Stream::Results => self.options.lease_results,
        }
    }

    fn window(&self, stream: Stream) -> usize {
        let (messages, files) = (self.options.window_messages, self.options.window_files);
        match stream {
            Stream::Messages => messages,
            Stream::Files => files,
            Stream::Results => messages.saturating_add(files),
        }
    }

    /// A held connection for a loop that sends.
    fn link(&self) -> Link {
        let config = link::config(self.options.connect_timeout, self.options.response_timeout);
        Link::new(self.client.clone(), config)
    }

    /// Asks on a connection of the pool.
    async fn ask<T: FromRedisValue>(&self, ask: Ask<'_>) -> Result<T, QueueError> {
        let mut connection = self.pool.get().await.map_err(pool_fault)?;
        let answer = ask.of(&mut connection).await;
        if answer.as_ref().is_err_and(link::is_lost) {
            drop(deadpool_redis::Connection::take(connection));
        }
        answer.map_err(|error| fault(&error))
    }

    /// Makes what is missing of streams and groups. Gives the epoch, which is new if anything was missing.
    async fn ensure(&self) -> Result<String, QueueError> {
        if !self.fit.load(Ordering::Relaxed) {
            self.refuse_eviction().await?;
            self.fit.store(true, Ordering::Relaxed);
        }
        let mut script = script::ENSURE.prepare_invoke();
        for stream in Stream::ALL {
            script.key(self.key(stream)).arg(stream.group());
        }
        script.key(format!("{}epoch", self.options.key_prefix));
        script.arg(EpochId::fresh().to_string());
        self.ask(Ask::Script(&script)).await
    }

    async fn refuse_eviction(&self) -> Result<(), QueueError> {
        let mut pipeline = deadpool_redis::redis::pipe();
        pipeline.add_command(cmd("PING")).ignore();
        self.ask::<()>(Ask::Pipeline(&pipeline)).await?;
        pipeline.clear();
        pipeline.cmd("CONFIG").arg("GET").arg("maxmemory-policy");
        let answer: Result<Vec<Vec<String>>, _> = self.ask(Ask::Pipeline(&pipeline)).await;
        match answer {
            Ok(pairs) => match pairs.first().and_then(|pair| pair.get(1)) {
                Some(policy) => check_policy(policy),
                None => Err(unexpected("CONFIG GET")),
            },
            // Managed services forbid CONFIG.
            Err(QueueError::Refused(_)) => {
                tracing::warn!(
                    "redis does not tell its maxmemory-policy: make sure that it is noeviction, \
                     or jobs will be lost when its memory is full"
                );
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Policies named `volatile-...` evict only keys that have a time to live, and ours have none.
fn check_policy(policy: &str) -> Result<(), QueueError> {
    if policy.starts_with("allkeys-") {
        return Err(QueueError::Unfit(
            "redis evicts whole streams when its memory is full: set maxmemory-policy to noeviction"
                .to_owned(),
        ));
    }
    Ok(())
}

fn address(url: &SecretString) -> Result<ConnectionInfo, QueueError> {
    url.expose_secret().into_connection_info().map_err(|_text| {
        // The error may quote the URL, and with it a password.
        QueueError::Unfit("the redis url cannot be read: redis:// or rediss:// expected".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::RetryClass;

    #[test]
    fn a_policy_that_evicts_our_keys_is_refused() {
        for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
            let error = check_policy(policy).unwrap_err();
            assert_eq!(error.class(), RetryClass::Permanent);
            assert!(error.to_string().contains("noeviction"));
        }
        for policy in ["noeviction", "volatile-lru", "volatile-ttl"] {
            assert!(check_policy(policy).is_ok(), "{policy}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_repeated() {
        let error = address(&SecretString::from("http://user:hunter2@host")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
