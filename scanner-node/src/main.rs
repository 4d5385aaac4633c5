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
    /// Prints every setting with its meaning and default, as TOML, and ends
    #[arg(long)]
    print_reference: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = if arguments.print_reference {
        node::print_reference()
    } else {
        node::run(arguments.config)
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            node::complain(&error);
            ExitCode::from(2)
        }
    }
}
