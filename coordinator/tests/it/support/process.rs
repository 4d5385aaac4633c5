//! Weir's own binaries as real processes: started, killed, stopped, asked to end.
//!
//! Owns where the binaries are and how their end is seen; with which settings they run is for `site`.
//! **Invariant:** no process outlives its value.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long a process may take to become ready; reached only when something is wrong.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A running `weir` or `weir-scanner`. Killed when dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `binary` with exactly `env`; what it prints goes to `<folder>/<name>.log`.
    pub(crate) fn start(
        binary: &Path,
        args: &[&str],
        env: &BTreeMap<String, String>,
        folder: &Path,
        name: &str,
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let child = Command::new(binary)
            .args(args)
            .env_clear()
            .envs(env)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `SIGTERM`, then waits for the exit.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_for_end()
    }

    /// Waits for the exit.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        self.wait(Duration::from_mins(1))
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(self.id().to_string())
            .status();
        assert!(status.unwrap().success());
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn wait(&mut self, limit: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                begun.elapsed() < limit,
                "{} does not exit\n{}",
                self.name,
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything it printed so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until `/readyz` at `address` answers 200.
    pub(crate) fn wait_ready(&mut self, address: SocketAddr) {
        let begun = Instant::now();
        while !ready(address) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended with {status}\n{}", self.name, self.log());
            }
            assert!(
                begun.elapsed() < READY_WITHIN,
                "{} is not ready\n{}",
                self.name,
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- {} ---\n{}", self.name, tail(&self.log(), 60));
        }
    }
}

fn tail(log: &str, lines: usize) -> String {
    let all: Vec<&str> = log.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn ready(address: SocketAddr) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1))
    else {
        return false;
    };
    let request = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

/// A loopback address nobody listens on, below the ports that outgoing connections get: a process may be
/// away for a while and come back to it.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 600).unwrap() * 32;
    loop {
        let port = 10_000 + own + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The `weir` binary.
pub(crate) fn weir() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_weir"))
}

/// The `weir-scanner` binary, which is built beside it.
pub(crate) fn weir_scanner() -> PathBuf {
    let path = weir().with_file_name("weir-scanner");
    assert!(
        path.exists(),
        "{} is missing: run `make test`, or `cargo build --workspace --all-features`",
        path.display()
    );
    path
}
