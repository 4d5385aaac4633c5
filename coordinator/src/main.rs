//! The `weir` binary.
//!
//! Owns nothing: the commands are in `cli`.
//! **Invariant:** whatever a command does, it ends here with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    coordinator::cli::main_entry(std::env::args_os())
}
