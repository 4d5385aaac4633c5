//! A private Redis, for tests that restart it or empty it.

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

    /// Runs a command by `redis-cli`; gives its output.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let port = self.address.port().to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(words)
            .output()
            .unwrap();
        assert!(output.status.success(), "redis-cli {words:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
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
