//! An installation of Weir: a folder, settings, a database, and the processes that share them.
//!
//! Owns the settings tests run with: short leases and a short `due_after`, so that healing takes seconds.
//! **Invariant:** two sites share no data: database, key prefix or queues, and folder are a site's own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use coordinator::store::{Store, ledger};
use shared::ids::RequestId;
use shared::seal::{KeyRing, NodeKey};
use shared::secret::ExposeSecret;
use tempfile::TempDir;

use super::api::{ADMIN, Api, PASSWORD};
use super::db::{self, Kind, TestDb};
use super::process::{Process, free_address, weir, weir_scanner};
use super::redis::shared_redis;
use super::slack::{SIGNING_SECRET, Slack};

/// An installation.
pub(crate) struct Site {
    /// What coordinator and nodes are told alike.
    both: BTreeMap<String, String>,
    coordinator: BTreeMap<String, String>,
    node_key: NodeKey,
    address: SocketAddr,
    /// None when embedded: the file is then the process's own while it runs.
    db: Option<TestDb>,
    prefix: String,
    // Last, so that it goes last.
    folder: TempDir,
}

impl Site {
    /// One process and SQLite.
    pub(crate) fn embedded() -> Self {
        Self::new(None, BTreeMap::new())
    }

    /// Coordinator and nodes on PostgreSQL and the shared Redis.
    pub(crate) async fn on_redis() -> Self {
        Self::on_redis_at(&shared_redis()).await
    }

    /// Coordinator and nodes on PostgreSQL and a Redis.
    pub(crate) async fn on_redis_at(url: &str) -> Self {
        let mut site = Self::on(BTreeMap::new()).await;
        let settings = [
            ("BACKEND", "redis"),
            ("REDIS_URL", url),
            ("KEY_PREFIX", &site.prefix),
        ];
        let settings =
            settings.map(|(key, value)| (format!("WEIR_QUEUE__{key}"), value.to_owned()));
        site.both.extend(settings);
        site
    }

    /// Coordinator and nodes on PostgreSQL and the queue that `settings` lead to.
    pub(crate) async fn on(settings: BTreeMap<String, String>) -> Self {
        Self::new(Some(TestDb::empty(Kind::Postgres).await), settings)
    }

    fn new(db: Option<TestDb>, both: BTreeMap<String, String>) -> Self {
        let folder = TempDir::new().unwrap();
        let ring = KeyRing::generate().unwrap();
        let ring_file = folder.path().join("keyring.json");
        ring.save(&ring_file).unwrap();
        let address = free_address();
        let url = db
            .as_ref()
            .map_or_else(|| sqlite(&folder), |db| db.url.clone());
        let mut site = Self {
            both,
            coordinator: BTreeMap::new(),
            node_key: NodeKey::new(&ring).unwrap(),
            address,
            db,
            prefix: format!("t{}:", RequestId::fresh().as_uuid().simple()),
            folder,
        };
        site.set("WEIR_HTTP__BIND", &address.to_string());
        site.set("WEIR_DATABASE__URL", &url);
        site.set("WEIR_STORAGE__URL", "file://blobs");
        site.set(
            "WEIR_SECRETS__KEYRING_FILE",
            &ring_file.display().to_string(),
        );
        site.set("WEIR_SLACK__SIGNING_SECRET", SIGNING_SECRET);
        site.set("WEIR_AUTH__ADMIN_EMAIL", ADMIN);
        site.set("WEIR_AUTH__ADMIN_PASSWORD", PASSWORD);
        site.set("WEIR_PIPELINE__DUE_AFTER", "3s");
        // All tests call from one address.
        site.set("WEIR_LIMITS__AUTH_PER_MINUTE", "100000");
        for (lease, seconds) in [("MESSAGE", "2s"), ("FILE", "5s"), ("RESULT", "3s")] {
            let name = format!("WEIR_QUEUE__{lease}_LEASE");
            site.both.insert(name, seconds.to_owned());
        }
        site
    }

    /// Changes a setting of coordinators started from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.coordinator.insert(name.to_owned(), value.to_owned());
    }

    /// Changes a setting of coordinators and nodes started from now on.
    pub(crate) fn tell_all(&mut self, name: &str, value: &str) {
        self.both.insert(name.to_owned(), value.to_owned());
    }

    /// Where nothing dies: a slow machine is no reason to send anything again.
    pub(crate) fn patiently(mut self) -> Self {
        self.set("WEIR_PIPELINE__DUE_AFTER", "1m");
        for lease in ["MESSAGE", "FILE", "RESULT"] {
            self.tell_all(&format!("WEIR_QUEUE__{lease}_LEASE"), "1m");
        }
        self
    }

    /// Takes a setting of coordinators back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.coordinator.remove(name);
    }

    /// The settings of coordinators, as environment.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let mut env = self.both.clone();
        env.extend(self.coordinator.clone());
        env
    }

    /// Starts the coordinator, and waits until it is ready.
    pub(crate) fn start(&self) -> Process {
        let env = self.environment();
        let mut process = Process::start(weir(), &[], &env, self.folder.path(), "weir");
        process.wait_ready(self.address);
        process
    }

    /// What a command of `weir` prints, run with the coordinator's settings.
    pub(crate) fn weir(&self, args: &[&str]) -> String {
        let run = self.command(args);
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        String::from_utf8(run.stdout).unwrap()
    }

    /// What a command that fails complains of.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let run = self.command(args);
        assert_eq!(run.status.code(), Some(2));
        String::from_utf8(run.stderr).unwrap()
    }

    fn command(&self, args: &[&str]) -> std::process::Output {
        std::process::Command::new(weir())
            .args(args)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Starts a node, and waits until it is ready.
    pub(crate) fn start_scanner(&self, name: &str) -> Process {
        let (address, key) = (free_address(), self.node_key.export().unwrap());
        let mut env = self.both.clone();
        let settings = [
            ("KEY", key.expose_secret().to_owned()),
            ("NAME", name.to_owned()),
            ("BIND", address.to_string()),
            ("COORDINATOR_URL", format!("http://{}", self.address)),
        ];
        env.extend(settings.map(|(key, value)| (format!("WEIR_NODE__{key}"), value)));
        let mut process = Process::start(&weir_scanner(), &[], &env, self.folder.path(), name);
        process.wait_ready(address);
        process
    }

    /// Slack, sending to this site.
    pub(crate) fn slack(&self) -> Slack {
        Slack::new(self.address)
    }

    /// An admin, signed in to this site.
    pub(crate) async fn admin(&self) -> Api {
        Api::sign_in(self.address).await
    }

    /// The name of a Redis key of this site.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The URL of this site's database.
    pub(crate) fn database_url(&self) -> &str {
        &self.coordinator["WEIR_DATABASE__URL"]
    }

    /// Where its coordinator listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where everything is that it keeps, logs too.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What its nodes say to its coordinator.
    pub(crate) fn node_credential(&self) -> &str {
        self.node_key.credential().expose_secret()
    }

    /// Checks that of the events whose ids begin with `prefix` there are `events`, each with one result.
    /// An embedded site must have ended.
    pub(crate) async fn balances(&self, prefix: &'static str, events: usize) {
        let opened: Store;
        let store = if let Some(db) = &self.db {
            &db.store
        } else {
            opened = db::connect(&sqlite(&self.folder)).await.unwrap();
            &opened
        };
        let ledger = store
            .read(move |conn| ledger::of_events(conn, prefix))
            .await
            .unwrap();
        let found = (ledger.events, ledger.results(), ledger.open);
        assert_eq!(found, (events, events, 0), "events, results, open jobs");
    }
}

fn sqlite(folder: &TempDir) -> String {
    format!("sqlite://{}/weir.db", folder.path().display())
}
