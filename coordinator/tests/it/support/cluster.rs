//! A coordinator and its scanner nodes, as processes, on a Redis and a PostgreSQL that can be taken away.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use coordinator::store::ledger::{self, Ledger};
use shared::seal::{KeyRing, NodeKey};
use shared::secret::ExposeSecret;
use tempfile::TempDir;
use url::Url;

use super::db::{Kind, TestDb};
use super::process::{Process, free_address, weir, weir_scanner};
use super::proxy::Proxy;
use super::redis::PrivateRedis;
use super::slack::{SIGNING_SECRET, Slack};

/// How long everything may take to settle; reached only when something is lost.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// A cluster of processes. All end with it.
pub(crate) struct Cluster {
    pub(crate) redis: PrivateRedis,
    /// Stands between the coordinator and its database.
    pub(crate) database: Proxy,
    pub(crate) coordinator: Process,
    pub(crate) scanners: Vec<Process>,
    address: SocketAddr,
    env: BTreeMap<String, String>,
    db: TestDb,
    folder: TempDir,
}

impl Cluster {
    /// One coordinator and so many nodes, ready.
    pub(crate) async fn start(nodes: usize) -> Self {
        Self::start_with(nodes, &[]).await
    }

    /// The same, with more settings than the necessary ones.
    pub(crate) async fn start_with(nodes: usize, settings: &[(&str, &str)]) -> Self {
        let redis = PrivateRedis::start();
        let db = TestDb::migrated(Kind::Postgres).await;
        let mut url = Url::parse(&db.url).unwrap();
        let upstream = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let database = Proxy::start(upstream).await;
        url.set_ip_host(database.address().ip()).unwrap();
        url.set_port(Some(database.address().port())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut env = environment(&folder, address, url.as_str(), &redis.url());
        env.extend(
            settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
        );
        let coordinator = coordinator(&env, &folder);
        let mut cluster = Self {
            redis,
            database,
            coordinator,
            scanners: Vec::new(),
            address,
            env,
            db,
            folder,
        };
        cluster.coordinator.wait_ready(address);
        for _ in 0..nodes {
            cluster.add_scanner();
        }
        cluster
    }

    /// Starts one more node and waits until it is ready.
    pub(crate) fn add_scanner(&mut self) {
        let bind = free_address();
        let mut env = self.env.clone();
        env.insert("WEIR_NODE__BIND".to_owned(), bind.to_string());
        let name = format!("scanner{}", self.scanners.len());
        let mut scanner = Process::start(&weir_scanner(), &[], &env, self.folder.path(), &name);
        scanner.wait_ready(bind);
        self.scanners.push(scanner);
    }

    /// Starts the coordinator again, after it ended.
    pub(crate) fn start_coordinator_again(&mut self) {
        self.coordinator = coordinator(&self.env, &self.folder);
        self.coordinator.wait_ready(self.address);
    }

    pub(crate) fn slack(&self) -> Slack {
        Slack::new(self.address)
    }

    /// Waits until each of the `accepted` events whose ids begin with `prefix` has exactly one result, and
    /// nothing is left in the queue.
    pub(crate) async fn balances(&self, prefix: &str, accepted: usize) {
        let begun = Instant::now();
        loop {
            let ledger = self.ledger(prefix).await;
            if ledger.open == 0 && ledger.events == accepted && self.queue_is_empty() {
                assert_eq!(
                    ledger.results(),
                    accepted,
                    "one result for each accepted event"
                );
                return;
            }
            assert!(
                begun.elapsed() < SETTLED_WITHIN,
                "of {accepted} accepted events {} are stored, {} have results, {} are open",
                ledger.events,
                ledger.results(),
                ledger.open,
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn ledger(&self, prefix: &str) -> Ledger {
        let prefix = prefix.to_owned();
        self.db
            .store
            .read(move |conn| ledger::of_events(conn, &prefix))
            .await
            .unwrap()
    }

    fn queue_is_empty(&self) -> bool {
        ["jobs:messages", "jobs:files", "results"]
            .into_iter()
            .all(|stream| self.redis.command(&["XLEN", &format!("weir:{stream}")]) == "0")
    }
}

fn coordinator(env: &BTreeMap<String, String>, folder: &TempDir) -> Process {
    Process::start(weir(), &["serve"], env, folder.path(), "coordinator")
}

fn environment(
    folder: &TempDir,
    address: SocketAddr,
    database: &str,
    redis: &str,
) -> BTreeMap<String, String> {
    let ring = KeyRing::generate().unwrap();
    let file = folder.path().join("keyring.json");
    ring.save(&file).unwrap();
    let node_key = NodeKey::new(&ring).unwrap().export().unwrap();
    [
        ("WEIR_HTTP__BIND", address.to_string()),
        ("WEIR_DATABASE__URL", database.to_owned()),
        ("WEIR_QUEUE__BACKEND", "redis".to_owned()),
        ("WEIR_QUEUE__REDIS_URL", redis.to_owned()),
        // Short, so that what a dead node held comes back soon.
        ("WEIR_QUEUE__MESSAGE_LEASE", "2s".to_owned()),
        ("WEIR_QUEUE__RESULT_LEASE", "3s".to_owned()),
        ("WEIR_SECRETS__KEYRING_FILE", file.display().to_string()),
        ("WEIR_SLACK__SIGNING_SECRET", SIGNING_SECRET.to_owned()),
        (
            "WEIR_AUTH__ADMIN_PASSWORD",
            "correct horse battery".to_owned(),
        ),
        ("WEIR_NODE__COORDINATOR_URL", format!("http://{address}")),
        ("WEIR_NODE__KEY", node_key.expose_secret().to_owned()),
        ("PATH", "/usr/bin:/bin".to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
