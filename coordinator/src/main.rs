//! The `weir` binary.

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    coordinator::cli::serve::run(None)
}
