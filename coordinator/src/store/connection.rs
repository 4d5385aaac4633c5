//! One connection to either database, and how connections are made and pooled.
//!
//! Owns the dialect fork: [`Conn`] holds a PostgreSQL or a SQLite connection, and `with_conn!` expands a
//! query once for each, so that both are type-checked. Leaves lanes and time limits to `mod.rs`.
//! **Invariant:** a connection is handed out only if it answered a moment ago and is in no transaction.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{HandleError, ManageConnection, R2D2Connection};
use diesel::{Connection, PgConnection, SqliteConnection};
use shared::clock::SharedClock;
use shared::secret::{ExposeSecret, SecretString};

use super::alive::{Alive, Counted};
use super::audit::{self, NewAuditEvent};
use super::counts::{self, Tally};
use super::error::{StoreError, StoreResult};
use super::long_lists::LongLists;

/// So long a connection that answered is taken to be there: asking before each query would double the way to the
/// server and back.
const STAYS_THERE: Duration = Duration::from_secs(1);

/// A connection to the database, whichever it is.
pub struct Conn {
    pub(super) db: Database,
    pub(super) clock: SharedClock,
    /// What the transaction under way did, to be chained when it commits.
    pub(super) deeds: Vec<NewAuditEvent>,
    /// What it counted, to be added up when it commits.
    pub(super) tally: Tally,
    pub(super) long_lists: Arc<LongLists>,
    answered: Instant,
    /// Behind the connection itself: it counts until that is gone.
    _counted: Counted,
}

/// Either database.
pub(super) enum Database {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Expands a query once per database, with the concrete connection.
macro_rules! with_conn {
    ($conn:expr, |$c:ident| $query:expr) => {
        match &mut $conn.db {
            $crate::store::connection::Database::Postgres($c) => $query,
            $crate::store::connection::Database::Sqlite($c) => $query,
        }
    };
}
pub(super) use with_conn;

/// How many rows of so many columns fit one statement: SQLite takes 32 766 parameters.
pub(super) const fn rows_per_statement(columns: usize) -> usize {
    32_000 / columns
}

impl Conn {
    /// What is recorded at a commit, and there is none, would be told with somebody else's deeds, or never.
    pub(super) fn without_record<T>(&mut self, done: StoreResult<T>) -> StoreResult<T> {
        let nothing_left = self.deeds.is_empty() && self.tally.is_empty();
        self.deeds.clear();
        self.tally.clear();
        if nothing_left {
            done
        } else {
            done.and(Err(StoreError::Refused(
                "something to be recorded outside of a transaction",
            )))
        }
    }

    /// Runs `work` in a transaction that takes SQLite's write lock at once: one that reads first and writes
    /// later would fail whenever another writer came between.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> StoreResult<T>,
    ) -> StoreResult<T> {
        match &mut self.db {
            Database::Postgres(c) => AnsiTransactionManager::begin_transaction(c),
            Database::Sqlite(c) => {
                AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
            }
        }?;
        let done = work(self).and_then(|value| {
            counts::flush(self)?;
            audit::flush(self)?;
            Ok(value)
        });
        match done {
            Ok(value) => {
                with_conn!(self, |c| AnsiTransactionManager::commit_transaction(c))?;
                Ok(value)
            }
            Err(error) => {
                self.deeds.clear();
                self.tally.clear();
                // A rollback that fails leaves the connection marked broken and the pool drops it; what the
                // caller needs to know is the first error.
                if let Err(rollback) =
                    with_conn!(self, |c| AnsiTransactionManager::rollback_transaction(c))
                {
                    tracing::debug!(error = %StoreError::from(rollback), "rollback failed");
                }
                Err(error)
            }
        }
    }
}

/// Where the database is.
#[derive(Clone)]
pub(super) enum Target {
    Postgres {
        url: SecretString,
        statement_timeout: Duration,
    },
    Sqlite {
        path: String,
    },
}

/// What may be done with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everything; of SQLite there is one owner at a time.
    Owner,
    /// Reading, beside an owner. The database itself refuses the rest.
    Reader,
}

/// Makes connections for the pool.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) target: Target,
    pub(super) access: Access,
    pub(super) clock: SharedClock,
    pub(super) alive: Arc<Alive>,
    pub(super) long_lists: Arc<LongLists>,
}

impl Connector {
    /// A connection of its own, outside of the pool.
    pub(super) fn open(&self) -> StoreResult<Conn> {
        let counted = self.alive.count();
        let counted = counted.ok_or(StoreError::Unavailable("the store is closed"))?;
        let mut db = match &self.target {
            Target::Postgres {
                url,
                statement_timeout,
            } => Database::Postgres(open_postgres(url, *statement_timeout)?),
            Target::Sqlite { path } => Database::Sqlite(open_sqlite(path)?),
        };
        if self.access == Access::Reader {
            match &mut db {
                Database::Postgres(c) => c.batch_execute("SET default_transaction_read_only = on"),
                Database::Sqlite(c) => c.batch_execute("PRAGMA query_only = ON"),
            }?;
        }
        Ok(Conn {
            db,
            clock: self.clock.clone(),
            deeds: Vec::new(),
            tally: Tally::default(),
            long_lists: Arc::clone(&self.long_lists),
            answered: Instant::now(),
            _counted: counted,
        })
    }
}

impl ManageConnection for Connector {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> StoreResult<Conn> {
        self.open()
    }

    fn is_valid(&self, conn: &mut Conn) -> StoreResult<()> {
        if conn.answered.elapsed() >= STAYS_THERE {
            with_conn!(conn, |c| c.ping())?;
            conn.answered = Instant::now();
        }
        Ok(())
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        // A panicking query leaves its transaction open: such a connection is not used again.
        std::thread::panicking() || with_conn!(conn, |c| R2D2Connection::is_broken(c))
    }
}

/// Logs that connecting failed, without the text that names the host.
#[derive(Debug)]
pub(super) struct LogKind;

impl HandleError<StoreError> for LogKind {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "a pooled database connection failed");
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.target {
            Target::Postgres { .. } => "Connector(postgres)",
            Target::Sqlite { .. } => "Connector(sqlite)",
        })
    }
}

fn open_postgres(url: &SecretString, statement_timeout: Duration) -> StoreResult<PgConnection> {
    let mut conn = PgConnection::establish(url.expose_secret())?;
    let ms = statement_timeout.as_millis();
    // A holder of locks that died without a word is ended by the server, and nobody waits for it longer
    // than for a statement. Compiling a plan takes longer than any of ours runs. What is worked on lies in memory or
    // on a solid state: a row by an index is not worth forty others.
    conn.batch_execute(&format!(
        "SET statement_timeout = {ms}; SET lock_timeout = {ms}; \
         SET idle_in_transaction_session_timeout = {ms}; SET TIME ZONE 'UTC'; SET jit = off; SET random_page_cost = 1.1"
    ))?;
    Ok(conn)
}

fn open_sqlite(path: &str) -> StoreResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(path)?;
    // The busy timeout comes first: switching to WAL takes a lock that another connection may hold.
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(conn)
}
