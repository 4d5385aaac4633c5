//! `weir serve`: the coordinator itself.

use anyhow::Context as _;
use shared::ids::NodeId;
use shared::telemetry::{self, Metrics};

use super::{Exit, Global};
use crate::app::{self, Ending};
use crate::config;

pub(super) fn run(global: &Global) -> anyhow::Result<Exit> {
    let config = config::load(global.config.clone())?;
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
