//! Where the database is and how patient to be with it.
//!
//! Owns the URL forms, the parameters that make a dead PostgreSQL fail fast, and the SQLite file: its folder,
//! its mode and the lock that keeps a second process out.
//! **Invariant:** what the operator wrote in the URL wins over what is added here.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use shared::secret::{ExposeSecret, SecretString};
use url::Url;

use super::connection::{Access, Target};
use super::error::{StoreError, StoreResult};

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// `sqlite://path` or `postgres://…`.
    pub url: SecretString,
    /// Connections, at least 2: a third of them, at most 4, is kept for the hot path.
    pub pool_size: u32,
    /// How long to wait for a free connection, or for a connection to be made.
    pub acquire_timeout: Duration,
    /// How long a statement may take, and how long to wait for a lock.
    pub statement_timeout: Duration,
}

impl DatabaseOptions {
    /// A database with the usual patience.
    pub fn new(url: SecretString) -> Self {
        Self {
            url,
            pool_size: 12,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(30),
        }
    }

    /// Reads the URL; for SQLite an owner makes the folder and the file and takes its lock.
    pub(super) fn target(&self, access: Access) -> StoreResult<(Target, Option<File>)> {
        let url = self.url.expose_secret();
        if let Some(path) = url.strip_prefix("sqlite://") {
            plain_path(path)?;
            let lock = match access {
                Access::Owner => Some(claim_sqlite(Path::new(path))?),
                Access::Reader => {
                    there_already(Path::new(path))?;
                    None
                }
            };
            let path = path.to_owned();
            return Ok((Target::Sqlite { path }, lock));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let target = Target::Postgres {
                url: patient_only_so_far(url, self.acquire_timeout)?,
                statement_timeout: self.statement_timeout,
            };
            return Ok((target, None));
        }
        Err(StoreError::Url(
            "it must begin with sqlite:// or postgres://",
        ))
    }
}

/// Adds what makes libpq notice a dead server, unless the URL says otherwise.
fn patient_only_so_far(url: &str, connect: Duration) -> StoreResult<SecretString> {
    let mut url = Url::parse(url).map_err(|_quotes_input| StoreError::Url("not a url"))?;
    let seconds = connect.as_secs().max(2).to_string();
    let defaults = [
        ("connect_timeout", seconds.as_str()),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
        ("application_name", "weir"),
    ];
    for (key, value) in defaults {
        if !url.query_pairs().any(|(present, _)| present == key) {
            url.query_pairs_mut().append_pair(key, value);
        }
    }
    Ok(SecretString::from(url.to_string()))
}

fn plain_path(path: &str) -> StoreResult<()> {
    if path.is_empty() || path.contains(['?', ':']) {
        return Err(StoreError::Url("sqlite:// is followed by a plain path"));
    }
    Ok(())
}

/// A reader makes no file: an empty one would look like a database without events.
fn there_already(path: &Path) -> StoreResult<()> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(StoreError::Unavailable("there is no such file")),
        Err(_names_a_path) => Err(StoreError::Unavailable("the file cannot be looked at")),
    }
}

fn claim_sqlite(path: &Path) -> StoreResult<File> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)
            .map_err(|_names_a_path| StoreError::Unavailable("the folder cannot be made"))?;
    }
    open_private(path)?;
    let lock = open_private(&path.with_added_extension("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(_)) => Err(StoreError::Unavailable("the file cannot be locked")),
    }
}

/// Opens or makes a file that only its owner reads. SQLite gives its journal the same mode.
fn open_private(path: &Path) -> StoreResult<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|_names_a_path| StoreError::Unavailable("the file cannot be opened"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_time_limits_and_leaves_the_operators_own_alone() {
        let url = "postgres://weir:pw@db/weir?connect_timeout=9&sslmode=verify-full";
        let full = patient_only_so_far(url, Duration::from_secs(3)).unwrap();
        let full = full.expose_secret();
        assert!(full.starts_with(url), "{full}");
        assert_eq!(full.matches("connect_timeout").count(), 1);
        assert!(full.contains("tcp_user_timeout=10000"));
    }

    #[test]
    fn refuses_a_url_of_another_database() {
        let options = DatabaseOptions::new(SecretString::from("mysql://x".to_owned()));
        let target = options.target(Access::Owner);
        assert!(matches!(target, Err(StoreError::Url(_))));
    }

    #[test]
    fn a_reader_neither_makes_the_file_nor_takes_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weir.db");
        let url = format!("sqlite://{}", path.display());
        let options = DatabaseOptions::new(SecretString::from(url));
        let early = options.target(Access::Reader);
        assert!(matches!(early, Err(StoreError::Unavailable(_))));
        assert!(!path.exists());
        let (_target, owner) = options.target(Access::Owner).unwrap();
        assert!(owner.is_some());
        let (_target, lock) = options.target(Access::Reader).unwrap();
        assert!(lock.is_none());
        assert!(matches!(
            options.target(Access::Owner),
            Err(StoreError::InUse)
        ));
    }
}
