//! The commands of `weir`.
//!
//! Owns the command line, exit codes, and the only places that write to standard output and standard
//! error. Each command is a file with its arguments and a `run`; what it does beyond talking to people
//! is for the rest of the crate.
//! **Invariant:** 0 is success, 1 is "something was found", 2 is an error, 70 is "start me again", and every error is one block
//! on standard error.

mod audit;
mod database;
#[cfg(all(feature = "embedded", feature = "fake-slack"))]
mod demo;
mod detectors;
mod edm;
#[cfg(feature = "fake-slack")]
mod fake_slack;
mod fingerprint;
mod keys;
mod load;
mod made_detector;
mod migrate;
mod openapi;
mod output;
mod queue;
mod scales;
mod scan;
mod serve;
mod settings;
mod token;
mod user;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use output::{complain, print};

/// Data-loss prevention for Slack
#[derive(Debug, Parser)]
#[command(name = "weir", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command may be told.
#[derive(Debug, clap::Args)]
struct Global {
    /// Configuration file [default: weir.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// One variant here, one arm in [`Command::run`], one file beside this one.
#[derive(Debug, Subcommand)]
enum Command {
    /// Run the coordinator; the same as no command
    Serve,
    /// Try Weir out: a made-up company on a stand-in for Slack, and Weir watching over it
    #[cfg(all(feature = "embedded", feature = "fake-slack"))]
    Demo(demo::DemoArgs),
    /// Scan files, folders or standard input, offline
    Scan(scan::ScanArgs),
    /// List, try and check detectors
    Detectors(detectors::DetectorsArgs),
    /// Make detectors of tables, without their values
    Edm(edm::EdmArgs),
    /// Make detectors of documents, without their text
    Fingerprint(fingerprint::FingerprintArgs),
    /// Stand in for Slack: a little company in memory, with a page to write in
    #[cfg(feature = "fake-slack")]
    FakeSlack(fake_slack::FakeSlackArgs),
    /// Make, rotate and hand out the keys that message text is sealed with
    Keys(keys::KeysArgs),
    /// Play signed Slack events against a coordinator and check that none is lost
    Load(load::LoadArgs),
    /// Bring the database up to date
    Migrate(migrate::MigrateArgs),
    /// Say who may sign in
    User(user::UserArgs),
    /// Make and end API tokens for machines
    Token(token::TokenArgs),
    /// Prove the trail of deeds, or take it elsewhere
    Audit(audit::AuditArgs),
    /// Look at the queue and at what was set aside
    Queue(queue::QueueArgs),
    /// Print every setting with its meaning and default, as TOML
    Config,
    /// Print the description of the REST API
    Openapi(openapi::OpenapiArgs),
}

/// How a command ended, unless it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done, and nothing to say.
    Success,
    /// Done, and something was found.
    Found,
    /// Done in part: what went wrong was complained of on the way.
    Incomplete,
    /// An actor died too often: whoever watches the process should start it again.
    GaveUp,
}

impl Command {
    fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::Serve => serve::run(global),
            #[cfg(all(feature = "embedded", feature = "fake-slack"))]
            Self::Demo(args) => demo::run(&args),
            Self::Scan(args) => scan::run(&args, global),
            Self::Detectors(args) => detectors::run(args, global),
            Self::Edm(args) => edm::run(args, global),
            Self::Fingerprint(args) => fingerprint::run(args, global),
            #[cfg(feature = "fake-slack")]
            Self::FakeSlack(args) => fake_slack::run(&args),
            Self::Keys(args) => keys::run(args, global),
            Self::Load(args) => load::run(&args, global),
            Self::Migrate(args) => migrate::run(&args, global),
            Self::User(args) => user::run(args, global),
            Self::Token(args) => token::run(args, global),
            Self::Audit(args) => audit::run(args, global),
            Self::Queue(args) => queue::run(&args, global),
            Self::Config => settings::run(),
            Self::Openapi(args) => openapi::run(&args),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Found => Self::from(1),
            Exit::Incomplete => Self::from(2),
            // `EX_SOFTWARE` of sysexits.h.
            Exit::GaveUp => Self::from(70),
        }
    }
}

/// Runs the command that `args` names; the first of them is the program.
pub fn main_entry(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(refusal) => return refused(&refusal),
    };
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            complain(&error);
            Exit::Incomplete.into()
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    cli.command.unwrap_or(Command::Serve).run(&cli.global)
}

/// Help and version are refusals to clap, too: they go to standard output and end with 0.
fn refused(refusal: &clap::Error) -> ExitCode {
    // There is nobody to tell if the terminal is gone.
    refusal.print().ok();
    u8::try_from(refusal.exit_code()).map_or(Exit::Incomplete.into(), ExitCode::from)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
