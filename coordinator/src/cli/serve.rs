//! `weir serve`: the coordinator itself.

use std::path::PathBuf;

use anyhow::Context as _;
use shared::config;
use shared::ids::NodeId;
use shared::telemetry::{self, Metrics};

use super::{Exit, Global};
use crate::app::{self, Ending};
use crate::config::CoordinatorConfig;

pub(super) fn run(global: &Global) -> anyhow::Result<Exit> {
    let config = load(global.config.clone())?;
    // All TLS of this process uses one library; a second call finds it in place.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
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
    Ok(match ending? {
        Ending::Asked => Exit::Success,
        Ending::GaveUp => Exit::GaveUp,
    })
}

/// The configuration, from all its layers.
pub(super) fn load(file: Option<PathBuf>) -> anyhow::Result<CoordinatorConfig> {
    let file = config::file_or_default(file);
    Ok(config::load(file.as_deref(), config::process_env())?)
}
