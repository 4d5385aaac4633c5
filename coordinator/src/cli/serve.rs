//! `weir serve`: the coordinator itself.
//!
//! Owns what a coordinator stands on in a process of its own: TLS, telemetry, an actix system.

use anyhow::Context as _;
use shared::config::TelemetryConfig;
use shared::ids::NodeId;
use shared::telemetry::{self, Metrics};

use super::{Exit, Global};
use crate::app::{self, Ending};
use crate::{config, first_start};

pub(super) fn run(global: &Global) -> anyhow::Result<Exit> {
    let config = config::load(global.config.clone())?;
    let telemetry = config.telemetry.clone();
    let work = app::run(config, Metrics::new(), first_start::announce);
    stand_under(&telemetry, work)
}

/// Runs a coordinator to its end, on a system of its own.
pub(super) fn stand_under(
    telemetry: &TelemetryConfig,
    work: impl Future<Output = anyhow::Result<Ending>>,
) -> anyhow::Result<Exit> {
    // All TLS of this process uses one library; a second call finds it in place.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let instance = NodeId::fresh().to_string();
    let options = telemetry.options("weir", env!("CARGO_PKG_VERSION"), instance);
    let telemetry = telemetry::init(&options)?;
    let system = actix::System::new();
    let ending = system.block_on(work);
    drop(system);
    telemetry
        .shutdown()
        .context("the last spans were not sent")?;
    Ok(match ending? {
        Ending::Asked => Exit::Success,
        Ending::GaveUp => Exit::GaveUp,
    })
}
