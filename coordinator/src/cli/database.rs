//! The database, for commands that work on it directly.
//!
//! Owns opening it by the same configuration as the server. With SQLite only one process may: the error
//! says so while the server runs.

use std::sync::Arc;

use anyhow::Context as _;
use shared::clock::SystemClock;

use super::Global;
use crate::config::{self, CoordinatorConfig};
use crate::store::Store;

/// Runs `work` with the configuration and the migrated database.
pub(super) fn with<T, W, F>(global: &Global, work: W) -> anyhow::Result<T>
where
    W: FnOnce(CoordinatorConfig, Store) -> F,
    F: Future<Output = anyhow::Result<T>>,
{
    let config = config::load(global.config.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = open(&config).await?;
        store
            .migrate()
            .await
            .context("the database cannot be brought up to date")?;
        work(config, store).await
    })
}

/// Opens the configured database as it is.
pub(super) async fn open(config: &CoordinatorConfig) -> anyhow::Result<Store> {
    Store::connect(config.database.options(), Arc::new(SystemClock))
        .await
        .context("the database cannot be opened: look at WEIR_DATABASE__URL")
}
