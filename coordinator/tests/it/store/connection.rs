//! Claims about connections: one SQLite process, transactions that end, a database that goes away.
//!
//! **Invariant:** whatever happens to a query, the next one finds a usable connection or a transient error.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use coordinator::store::settings::{self, Setting};
use coordinator::store::{DatabaseOptions, Store, StoreError, clock};
use shared::clock::SystemClock;
use shared::job::RetryClass;
use shared::secret::SecretString;

use crate::support::db::{Kind, TestDb, connect, on_both, server};

on_both! {
    async fn a_failed_transaction_leaves_nothing_behind(db: TestDb) {
        let failed = db.store.write(|c| {
            settings::put(c, Setting::QueueEpoch, "e1")?;
            Err::<(), _>(StoreError::Conflict)
        }).await;
        assert_eq!(failed, Err(StoreError::Conflict));
        assert_eq!(db.read(|c| settings::get(c, Setting::QueueEpoch)).await, None);
    }

    async fn a_panic_is_an_error_and_costs_no_connection(db: TestDb) {
        for _ in 0..20 {
            let panicked: Result<(), _> = db.store.write(|c| {
                settings::put(c, Setting::QueueEpoch, "e1")?;
                panic!("on purpose")
            }).await;
            assert_eq!(panicked, Err(StoreError::Panicked));
        }
        assert_eq!(db.read(|c| settings::get(c, Setting::QueueEpoch)).await, None);
        db.write(|c| settings::put(c, Setting::QueueEpoch, "e2")).await;
    }

    async fn the_databases_clock_moves_on_within_a_transaction(db: TestDb) {
        let (first, second) = db.write(|c| Ok((clock::now(c)?, clock::now(c)?))).await;
        assert!(first <= second);
        assert_eq!(first.timestamp_subsec_nanos() % 1_000, 0);
    }

    async fn the_hot_lane_is_free_while_reads_hold_the_other(db: TestDb) {
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let hold = Arc::new(std::sync::Mutex::new(hold));
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (store, hold) = (db.store.clone(), Arc::clone(&hold));
            readers.spawn(async move {
                store.read(move |_| { hold.lock().unwrap().recv().unwrap(); Ok(()) }).await
            });
        }
        db.store.hot().write(|c| settings::put(c, Setting::QueueEpoch, "e")).await.unwrap();
        for _ in 0..20 {
            release.send(()).unwrap();
        }
        assert!(readers.join_all().await.into_iter().all(|read| read.is_ok()));
    }
}

#[tokio::test]
async fn a_second_process_is_told_that_sqlite_is_in_use() {
    let db = TestDb::migrated(Kind::Sqlite).await;
    assert_eq!(connect(&db.url).await.unwrap_err(), StoreError::InUse);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_the_sqlite_file() {
    use std::os::unix::fs::PermissionsExt;
    let db = TestDb::migrated(Kind::Sqlite).await;
    // The log is there as long as a connection is that wrote into it.
    db.write(|c| settings::put(c, Setting::QueueEpoch, "e1"))
        .await;
    let path = db.url.strip_prefix("sqlite://").unwrap();
    for file in [
        path.to_owned(),
        format!("{path}-wal"),
        format!("{path}.lock"),
    ] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_is_unavailable_and_back_when_it_returns() {
    let proxy = Proxy::start();
    let store = impatient(&proxy.url()).await;
    store.read(clock::now).await.unwrap();
    proxy.refuse(true);
    let gone = store.read(clock::now).await.unwrap_err();
    assert!(matches!(gone, StoreError::Unavailable(_)), "{gone}");
    proxy.refuse(false);
    // The pool retries by itself; how soon is its business.
    while let Err(error) = store.read(clock::now).await {
        assert_eq!(error.class(), RetryClass::Transient, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_a_statement_and_never_answers_is_unavailable() {
    let proxy = Proxy::start();
    let store = impatient(&proxy.url()).await;
    store.read(clock::now).await.unwrap();
    proxy.silence();
    let silent = store.read(clock::now).await.unwrap_err();
    assert!(matches!(silent, StoreError::Unavailable(_)), "{silent}");
}

#[tokio::test]
async fn an_error_names_neither_host_nor_user() {
    let url = "postgres://canaryuser:canarypass@127.0.0.1:1/canarydb";
    let error = connect(url).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable("connection refused"));
    assert!(!format!("{error} {error:?}").contains("canary"));
}

async fn impatient(url: &str) -> Store {
    let mut options = DatabaseOptions::new(SecretString::from(url.to_owned()));
    options.acquire_timeout = Duration::from_secs(1);
    options.statement_timeout = Duration::from_secs(2);
    Store::connect(options, Arc::new(SystemClock))
        .await
        .unwrap()
}

/// Stands between the store and PostgreSQL, and can fail.
struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    refuse: AtomicBool,
    silent: AtomicBool,
    open: std::sync::Mutex<Vec<TcpStream>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let upstream = url::Url::parse(&server()).unwrap();
        let target = (
            upstream.host_str().unwrap().to_owned(),
            upstream.port().unwrap_or(5432),
        );
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if shared.refuse.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&target).unwrap();
                shared
                    .open
                    .lock()
                    .unwrap()
                    .extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let (up, down) = (Arc::clone(&shared), Arc::clone(&shared));
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pump(from, to, &up));
                std::thread::spawn(move || pump(server, client, &down));
            }
        });
        Self { port, state }
    }

    fn url(&self) -> String {
        let mut url = url::Url::parse(&server()).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(self.port)).unwrap();
        url.to_string()
    }

    /// Ends all connections and takes no new ones, or takes them again.
    fn refuse(&self, refuse: bool) {
        self.state.refuse.store(refuse, Ordering::SeqCst);
        for stream in self.state.open.lock().unwrap().drain(..) {
            // The other half may have closed it first.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Swallows everything from now on, until it is dropped.
    fn silence(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
    }
}

/// Lets go of whoever still waits for an answer: the test's runtime waits for them.
impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse(true);
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = [0; 4096];
    let mut carry = || -> io::Result<usize> {
        let read = from.read(&mut buffer)?;
        if !state.silent.load(Ordering::SeqCst) {
            to.write_all(&buffer[..read])?;
        }
        Ok(read)
    };
    while matches!(carry(), Ok(1..)) {}
}
