//! `weir serve`: the coordinator itself.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use shared::config;
use shared::ids::NodeId;
use shared::telemetry::{self, Metrics};

use crate::app::{self, Ending};
use crate::config::CoordinatorConfig;

/// What a supervisor reads as "start me again": `EX_SOFTWARE` of sysexits.h.
const GAVE_UP: u8 = 70;

/// Serves until it is told to stop.
///
/// # Errors
/// Whatever keeps it from starting.
pub fn run(file: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let config = load(file)?;
    let instance = NodeId::fresh().to_string();
    let options = config
        .telemetry
        .options("weir", env!("CARGO_PKG_VERSION"), instance);
    let telemetry = telemetry::init(&options)?;
    let system = actix::System::new();
    let ending = system.block_on(app::run(config, Metrics::new()));
    drop(system);
    telemetry
        .shutdown()
        .context("the last spans were not sent")?;
    match ending? {
        Ending::Asked => Ok(ExitCode::SUCCESS),
        Ending::GaveUp => Ok(ExitCode::from(GAVE_UP)),
    }
}

/// The configuration, from all its layers.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn load(file: Option<PathBuf>) -> anyhow::Result<CoordinatorConfig> {
    let file = config::file_or_default(file);
    Ok(config::load(file.as_deref(), config::process_env())?)
}
