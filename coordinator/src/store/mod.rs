//! All SQL: the only truth there is.
//!
//! Owns connections, transactions, and every query, one file per table family, each beside its row types.
//! Leaves decisions to `domain` and everything that is not SQL to its callers.
//! **Invariant:** a transaction lives in one closure on a blocking thread, and never spans network calls.
//!
//! Queries are plain functions that take a [`Conn`]; [`Store::read`] and [`Store::write`] lend one:
//! `store.write(move |conn| intake::commit(conn, events)).await`.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::Pool;
use shared::clock::SharedClock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

mod alive;
mod arrays;
mod connection;
mod error;
mod long_lists;
mod made;
mod migrations;
mod options;
mod schema;
mod searching;

pub mod alerts;
pub mod audit;
pub mod backfills;
pub mod blobs;
pub mod cards;
pub mod clock;
pub mod columns;
pub mod counts;
pub mod detectors;
pub mod events;
pub mod findings;
pub mod groups;
pub mod held;
pub mod idempotency;
pub mod installations;
pub mod intake;
pub mod jobs;
pub mod leases;
pub mod ledger;
pub mod lockouts;
pub mod messages;
pub mod nodes;
pub mod notices;
pub mod oauth_states;
pub mod originals;
pub mod outbox;
pub mod page;
pub mod people;
pub mod policies;
pub mod replay;
pub mod resets;
pub mod results;
pub mod retention;
pub mod scans;
pub mod settings;
pub mod slack_actions;
pub mod slack_holds;
pub mod suppressions;
pub mod tokens;
pub mod users;
pub mod violations;
pub mod webhooks;
pub mod words;
pub mod workspaces;

pub use connection::Conn;
pub use error::{StoreError, StoreResult};
pub use options::DatabaseOptions;
pub use page::{COUNTED, COUNTED_BY_FETCHING, Page, Paging, Position};

use alive::{Alive, CloseLast};
use connection::{Access, Connector, LogKind, Target};

/// The database. Cheap to clone; clones share its connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    lane: Lane,
}

/// Which share of the connections a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    General,
    Hot,
}

struct Inner {
    pool: Pool<Connector>,
    connector: Connector,
    general: Arc<Semaphore>,
    hot: Arc<Semaphore>,
    /// SQLite has one writer: waiting here is fair and wakes at once, waiting on its lock is neither.
    writer: Option<Arc<Semaphore>>,
    acquire_timeout: Duration,
    call_timeout: Duration,
    _close: CloseLast,
    /// Given up when nobody writes any more.
    _sqlite_lock: Option<File>,
}

/// What a call holds while its thread runs, even when nobody waits for it any more.
struct Permits(#[expect(dead_code, reason = "held, then dropped")] Vec<OwnedSemaphorePermit>);

impl Store {
    /// Opens the database. Does not migrate it.
    ///
    /// # Errors
    /// [`StoreError::Url`] and [`StoreError::InUse`] are permanent, [`StoreError::Unavailable`] is transient.
    pub async fn connect(options: DatabaseOptions, clock: SharedClock) -> StoreResult<Self> {
        Self::open(options, clock, Access::Owner).await
    }

    /// Opens the database beside the coordinator that owns it, only to read: SQLite's lock is not asked
    /// for, and the database refuses every write. For measuring; a coordinator owns its database.
    ///
    /// # Errors
    /// As [`Store::connect`], less [`StoreError::InUse`]; an SQLite file that is not there is unavailable.
    pub async fn connect_reader(options: DatabaseOptions, clock: SharedClock) -> StoreResult<Self> {
        Self::open(options, clock, Access::Reader).await
    }

    async fn open(
        options: DatabaseOptions,
        clock: SharedClock,
        access: Access,
    ) -> StoreResult<Self> {
        let inner = tokio::task::spawn_blocking(move || Inner::open(&options, clock, access))
            .await
            .map_err(|_panic| StoreError::Panicked)??;
        Ok(Self {
            inner: Arc::new(inner),
            lane: Lane::General,
        })
    }

    /// The same database through the lane that is kept for the hot path: intake, dispatch, results. Reads
    /// of the API cannot starve it.
    #[must_use]
    pub fn hot(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            lane: Lane::Hot,
        }
    }

    /// Lends a connection for queries that change nothing; each sees the newest state.
    ///
    /// # Errors
    /// What `work` says, or [`StoreError::Busy`], [`StoreError::Unavailable`] (transient),
    /// [`StoreError::Panicked`] (poison).
    ///
    /// # Cancel safety
    /// A dropped call runs to its end on its thread.
    pub async fn read<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    {
        self.run(None, |conn| {
            let done = work(conn);
            conn.without_record(done)
        })
        .await
    }

    /// Lends a connection inside a transaction, which is committed if `work` says `Ok`.
    ///
    /// # Errors
    /// As [`Store::read`]. After [`StoreError::Unavailable`] the transaction may have been committed.
    ///
    /// # Cancel safety
    /// A dropped call runs to its end on its thread, and may commit.
    pub async fn write<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    {
        self.run(self.inner.writer.as_ref(), |conn| conn.transaction(work))
            .await
    }

    /// Brings the schema up to date; gives the names of what it applied. Waits for another coordinator that
    /// is at it.
    ///
    /// # Errors
    /// [`StoreError::Migration`] (permanent), or as [`Store::read`].
    pub async fn migrate(&self) -> StoreResult<Vec<String>> {
        self.alone(migrations::run).await
    }

    /// The names of migrations that are not applied, oldest first.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub async fn pending_migrations(&self) -> StoreResult<Vec<String>> {
        self.alone(migrations::pending).await
    }

    /// Takes back all migrations, and with them all data; says how many.
    ///
    /// # Errors
    /// As [`Store::migrate`].
    pub async fn revert_all_migrations(&self) -> StoreResult<usize> {
        self.alone(migrations::revert_all).await
    }

    /// `postgresql` or `sqlite`, as OpenTelemetry's `db.system.name` has it.
    pub fn system(&self) -> &'static str {
        if self.inner.writer.is_some() {
            "sqlite"
        } else {
            "postgresql"
        }
    }

    /// Waits for its turn at the database.
    fn permits(
        &self,
        writer: Option<&Arc<Semaphore>>,
    ) -> impl Future<Output = StoreResult<Permits>> + Send + use<> {
        let lane = match self.lane {
            Lane::General => &self.inner.general,
            Lane::Hot => &self.inner.hot,
        };
        let gates: Vec<Arc<Semaphore>> = [Some(lane), writer]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        let acquire = async move {
            let mut permits = Vec::with_capacity(2);
            for gate in gates {
                permits.push(
                    gate.acquire_owned()
                        .await
                        .map_err(|_closed| StoreError::Busy)?,
                );
            }
            Ok(Permits(permits))
        };
        let patience = self.inner.acquire_timeout;
        async move {
            tokio::time::timeout(patience, acquire)
                .await
                .map_err(|_elapsed| StoreError::Busy)?
        }
    }

    /// In a task of its own: a caller that is not polled for a while would be given its turn and not take it, and
    /// everybody behind it would wait.
    async fn run<T, W>(&self, writer: Option<&Arc<Semaphore>>, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    {
        let (turn, inner) = (self.permits(writer), Arc::clone(&self.inner));
        let task = tokio::spawn(async move {
            let permits = turn.await?;
            let patience = inner.call_timeout;
            let thread = tokio::task::spawn_blocking(move || {
                let _held = permits;
                let mut conn = inner.checkout()?;
                work(&mut conn)
            });
            // A server that takes the statement and never answers holds the thread, not the caller.
            match tokio::time::timeout(patience, thread).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_panic)) => Err(StoreError::Panicked),
                Err(_elapsed) => Err(StoreError::Unavailable("it did not answer in time")),
            }
        });
        task.await.map_err(|_panic| StoreError::Panicked)?
    }

    /// Work on a connection of its own, without a time limit.
    async fn alone<T, W>(&self, work: W) -> StoreResult<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    {
        let connector = self.inner.connector.clone();
        tokio::task::spawn_blocking(move || work(&mut connector.open()?))
            .await
            .map_err(|_panic| StoreError::Panicked)?
    }
}

impl Inner {
    fn open(options: &DatabaseOptions, clock: SharedClock, access: Access) -> StoreResult<Self> {
        let (target, lock) = options.target(access)?;
        let one_writer = matches!(target, Target::Sqlite { .. });
        let alive = Arc::new(Alive::default());
        let connector = Connector {
            target,
            access,
            clock,
            alive: Arc::clone(&alive),
            long_lists: Arc::default(),
        };
        // The pool hides why it cannot connect: ask once without it.
        drop(connector.open()?);
        let size = options.pool_size.max(2);
        let hot = (size / 3).clamp(1, 4);
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(options.acquire_timeout)
            .error_handler(Box::new(LogKind))
            .build_unchecked(connector.clone());
        Ok(Self {
            pool,
            connector,
            general: Arc::new(Semaphore::new((size - hot) as usize)),
            hot: Arc::new(Semaphore::new(hot as usize)),
            writer: one_writer.then(|| Arc::new(Semaphore::new(1))),
            acquire_timeout: options.acquire_timeout,
            call_timeout: options
                .acquire_timeout
                .saturating_add(options.statement_timeout),
            _close: CloseLast {
                alive,
                patience: options.acquire_timeout,
            },
            _sqlite_lock: lock,
        })
    }

    /// Permits keep callers from waiting for each other here: the pool only waits for the database.
    fn checkout(&self) -> StoreResult<diesel::r2d2::PooledConnection<Connector>> {
        self.pool
            .get()
            .map_err(|_names_a_host| StoreError::Unavailable("no connection could be made in time"))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("system", &self.system())
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}
