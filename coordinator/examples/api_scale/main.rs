//! The REST API over many rows: makes them up, asks for them in every way there is, and adds to the audit trail.
//!
//! Owns the command line. Leaves the rows to `fill`, what is common to rows and requests to `world`, and the
//! database and the server to `deploy/bench/api`.
//! **Invariant:** the same arguments give the same rows and the same requests.

mod append;
mod ask;
mod client;
mod fill;
mod requests;
mod world;

use std::fmt;
use std::future::Future;
use std::io::Write;

use clap::Parser;

/// Makes up rows, and measures the API over them
#[derive(Parser)]
enum Command {
    /// Write a script for psql that puts made-up rows into a table
    Fill(fill::FillArgs),
    /// Ask for lists and rows, one request after the other, and say how long each kind took
    Ask(ask::AskArgs),
    /// Add entries to the audit trail for some time, and say how many a second
    Append(append::AppendArgs),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Fill(args) => fill::run(&args),
        Command::Ask(args) => block_on(ask::run(&args)),
        Command::Append(args) => block_on(append::run(&args)),
    }
}

/// One thread: it shares the machine with what it measures.
fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

fn say(line: fmt::Arguments<'_>) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}
