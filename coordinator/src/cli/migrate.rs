//! `weir migrate`: bringing the database up to date without starting a server.

use clap::Args;

use super::{Exit, Global, database, print};
use crate::config;

/// Whether to look only.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    /// Only say what is missing; exit code 1 if something is
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &MigrateArgs, global: &Global) -> anyhow::Result<Exit> {
    let config = config::load(global.config.clone())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = database::open(&config).await?;
        if args.check {
            let pending = store.pending_migrations().await?;
            print(&said("pending", &pending))?;
            return Ok(if pending.is_empty() {
                Exit::Success
            } else {
                Exit::Found
            });
        }
        print(&said("applied", &store.migrate().await?))?;
        Ok(Exit::Success)
    })
}

fn said(what: &str, names: &[String]) -> String {
    match names {
        [] => format!("{what}: none, the database is up to date"),
        names => format!("{what}:\n  {}", names.join("\n  ")),
    }
}
