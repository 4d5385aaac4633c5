//! The `weir-scanner` binary: one scanner node.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use scanner_node::node;

/// Scans messages and files for Weir: pulls jobs from the queue, reports what it finds.
#[derive(Parser)]
#[command(name = "weir-scanner", version)]
struct Arguments {
    /// The configuration file; without it `weir.toml`, if there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { config } = Arguments::parse();
    match node::run(config) {
        Ok(code) => code,
        Err(error) => {
            node::complain(&error);
            ExitCode::from(2)
        }
    }
}
