//! Redis as tests use it: the shared one with a prefix for each test, or a private one to restart and empty.
//!
//! **Invariant:** no test empties or stops a Redis that is not its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::process::free_address;

/// A Redis of one's own. Killed when dropped.
pub(crate) struct PrivateRedis {
    address: SocketAddr,
    folder: tempfile::TempDir,
    child: Child,
}

impl PrivateRedis {
    /// Starts one without persistence: killing it empties it.
    pub(crate) fn start() -> Self {
        let address = free_address();
        let folder = tempfile::tempdir().unwrap();
        let child = spawn(address, folder.path());
        Self {
            address,
            folder,
            child,
        }
    }

    /// `redis://…`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.address)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, empty.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(self.address, self.folder.path());
    }
}

/// The URL of the Redis that all tests share.
#[expect(
    clippy::disallowed_methods,
    reason = "tests get their servers by environment"
)]
pub(crate) fn shared_redis() -> String {
    std::env::var("WEIR_TEST_REDIS_URL")
        .expect("no Redis: run `make test`, or set WEIR_TEST_REDIS_URL")
}

/// Runs a command by `redis-cli`; gives its output.
pub(crate) fn redis_command(url: &str, words: &[&str]) -> String {
    let output = Command::new("redis-cli")
        .args(["-u", url])
        .args(words)
        .output()
        .expect("redis-cli is missing: run `make test`, which installs it");
    assert!(output.status.success(), "redis-cli {words:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn spawn(address: SocketAddr, folder: &std::path::Path) -> Child {
    let child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is missing: run `make test`, which installs it");
    let begun = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "redis-server does not answer"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}
