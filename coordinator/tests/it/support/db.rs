//! A database for one test: a temporary SQLite file, or a schema of its own in PostgreSQL.
//!
//! Owns making and removing it. PostgreSQL itself comes from outside, by `WEIR_TEST_POSTGRES_URL`.
//! **Invariant:** a test that needs a server and has none fails and says what to do.

use std::sync::Arc;
use std::time::Duration;

use coordinator::store::{Conn, DatabaseOptions, Store, StoreResult};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use shared::clock::SystemClock;
use shared::ids::RequestId;
use shared::secret::SecretString;
use tempfile::TempDir;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A migrated database that goes away with this value.
pub(crate) struct TestDb {
    pub(crate) store: Store,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    _place: Place,
}

enum Place {
    Folder(#[expect(dead_code, reason = "removed when dropped")] TempDir),
    Schema(String),
}

/// Makes two tests of one claim: one for each database.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$doc])*
            async fn holds($db: $crate::support::db::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                holds($crate::support::db::TestDb::migrated($crate::support::db::Kind::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                holds($crate::support::db::TestDb::migrated($crate::support::db::Kind::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use on_both;

impl TestDb {
    pub(crate) async fn migrated(kind: Kind) -> Self {
        let db = Self::empty(kind).await;
        db.store.migrate().await.unwrap();
        db
    }

    pub(crate) async fn empty(kind: Kind) -> Self {
        let (url, place) = match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().unwrap();
                let url = format!("sqlite://{}/data/weir.db", folder.path().display());
                (url, Place::Folder(folder))
            }
            Kind::Postgres => {
                let schema = format!("t_{}", RequestId::fresh().as_uuid().simple());
                admin(&format!("CREATE SCHEMA {schema}"));
                let url = with_parameter(&server(), &format!("options=-csearch_path%3D{schema}"));
                (url, Place::Schema(schema))
            }
        };
        Self {
            store: connect(&url).await.unwrap(),
            kind,
            url,
            _place: place,
        }
    }

    /// Runs a claim's query inside a transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> T {
        self.store.write(work).await.unwrap()
    }

    /// Runs a claim's query.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> T {
        self.store.read(work).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Schema(schema) = self {
            admin(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

/// Opens the database with little patience and few connections: tests run side by side.
pub(crate) async fn connect(url: &str) -> StoreResult<Store> {
    let mut options = DatabaseOptions::new(SecretString::from(url.to_owned()));
    options.pool_size = 8;
    options.acquire_timeout = Duration::from_secs(30);
    Store::connect(options, Arc::new(SystemClock)).await
}

/// Looks at the database of a running server.
pub(crate) async fn connect_reader(url: &str) -> Store {
    let options = DatabaseOptions::new(SecretString::from(url.to_owned()));
    Store::connect_reader(options, Arc::new(SystemClock))
        .await
        .unwrap()
}

/// The server's URL.
#[expect(
    clippy::disallowed_methods,
    reason = "tests get their servers by environment"
)]
pub(crate) fn server() -> String {
    std::env::var("WEIR_TEST_POSTGRES_URL")
        .expect("no PostgreSQL: run `make test`, or set WEIR_TEST_POSTGRES_URL")
}

pub(crate) fn with_parameter(url: &str, parameter: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{parameter}")
}

fn admin(statement: &str) {
    PgConnection::establish(&server())
        .unwrap()
        .batch_execute(&format!("SET client_min_messages = warning; {statement}"))
        .unwrap();
}
