//! `[database]`: the one place that must not be lost.

use std::time::Duration;

use shared::secret::SecretString;

use crate::store::DatabaseOptions;

shared::config_section! {
    /// The one place that must not be lost. PostgreSQL for more than one machine.
    pub struct DatabaseConfig in "database" {
        /// `sqlite://path`, or `postgres://user:password@host/name?sslmode=verify-full`.
        url: SecretString = "sqlite://weir-data/weir.db",
        /// Connections held at most.
        pool_size: u32 = "12",
        /// How long to wait for a connection before the database counts as down.
        acquire_timeout: Duration = "2s",
        /// How long one statement may take.
        statement_timeout: Duration = "10s",
    }
}

impl DatabaseConfig {
    /// What the store is opened with.
    pub fn options(&self) -> DatabaseOptions {
        DatabaseOptions {
            pool_size: self.pool_size,
            acquire_timeout: self.acquire_timeout,
            statement_timeout: self.statement_timeout,
            ..DatabaseOptions::new(self.url.clone())
        }
    }
}
