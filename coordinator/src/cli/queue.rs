//! `weir queue`: how full it is, and what was set aside.
//!
//! For Redis and SQS. The embedded queue lives inside the server: ask `GET /api/v1/queue`.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use shared::config::QueueBackend;
use shared::queue::{self, Queue, Stream};

use super::{Exit, Global, print};
use crate::config;

/// What to look at or do.
#[derive(Debug, Args)]
pub(super) struct QueueArgs {
    #[command(subcommand)]
    command: QueueCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum QueueCommand {
    /// How full each stream is
    Status,
    /// What was set aside, and why; exit code 1 if there is something
    DeadLetters {
        /// How many to show
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Put dead letters back on the streams they came from
    Redrive {
        /// How many at most
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
    },
}

pub(super) fn run(args: &QueueArgs, global: &Global) -> anyhow::Result<Exit> {
    let config = config::load(global.config.clone())?;
    if config.queue.backend == QueueBackend::Embedded {
        bail!("the embedded queue lives inside the server: ask GET /api/v1/queue");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let queue = queue::open(&config.queue)
            .await
            .context("the queue cannot be opened")?;
        match args.command {
            QueueCommand::Status => status(&queue).await,
            QueueCommand::DeadLetters { limit } => dead_letters(&queue, limit).await,
            QueueCommand::Redrive { limit } => {
                print(&format!("put back: {}", queue.redrive(limit).await?))?;
                Ok(Exit::Success)
            }
        }
    })
}

async fn status(queue: &Arc<dyn Queue>) -> anyhow::Result<Exit> {
    let mut table = format!(
        "{:16}{:>10}{:>10}{:>14}\n",
        "stream", "waiting", "in work", "oldest"
    );
    let mut dead = 0;
    for stream in Stream::ALL {
        let depth = queue.depth(stream).await?;
        let oldest = depth
            .oldest
            .map_or_else(|| "-".to_owned(), |age| format!("{} s", age.as_secs()));
        dead = depth.dead_letters;
        // Writing to a string cannot fail.
        writeln!(
            table,
            "{:16}{:>10}{:>10}{oldest:>14}",
            stream.name(),
            depth.waiting,
            depth.in_flight
        )
        .ok();
    }
    print(&format!("{table}dead letters: {dead}"))?;
    Ok(Exit::Success)
}

async fn dead_letters(queue: &Arc<dyn Queue>, limit: usize) -> anyhow::Result<Exit> {
    let letters = queue.dead_letters(limit).await?;
    let mut table = String::new();
    for letter in &letters {
        let stream = letter.stream.map_or("-", Stream::name);
        let job = letter
            .envelope
            .as_ref()
            .map_or_else(|| "-".to_owned(), |envelope| envelope.job_id.to_string());
        writeln!(
            table,
            "{}  {stream:14}  {job:36}  {}",
            letter.id, letter.reason
        )
        .ok();
    }
    print(&if letters.is_empty() {
        "none"
    } else {
        table.trim_end()
    })?;
    Ok(if letters.is_empty() {
        Exit::Success
    } else {
        Exit::Found
    })
}
