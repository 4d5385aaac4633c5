//! A Redis of a test's own, for tests that break it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A running server; dropping it ends it.
pub(super) struct RedisServer {
    process: Child,
    pub(super) url: String,
    _dir: TempDir,
}

impl RedisServer {
    /// Starts `redis-server` from the path on a free port, with settings of its own.
    pub(super) async fn start(settings: &[&str]) -> Self {
        // Between finding a free port and using it another test may take it; then the next is tried.
        for _ in 0..5 {
            let dir = tempfile::tempdir().unwrap();
            let port = free_port();
            let process = Command::new("redis-server")
                .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
                .args(["--save", "", "--appendonly", "no", "--dir"])
                .arg(dir.path())
                .args(["--enable-debug-command", "yes"])
                .args(settings)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("redis-server must be on the path: run `make test`");
            let mut server = Self {
                process,
                url: format!("redis://127.0.0.1:{port}/"),
                _dir: dir,
            };
            if server.is_up().await {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    async fn is_up(&mut self) -> bool {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
                let pong: redis::RedisResult<String> =
                    redis::cmd("PING").query_async(&mut connection).await;
                if pong.is_ok() {
                    return true;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
