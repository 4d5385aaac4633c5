//! `weir openapi`: the description of the REST API, for generators of clients.
//!
//! Owns the command only. **Invariant:** prints the document that a running coordinator serves.

use anyhow::Context as _;
use clap::Args;

use super::{Exit, print};
use crate::api::openapi::document;

/// No arguments.
#[derive(Debug, Args)]
pub(super) struct OpenapiArgs {}

pub(super) fn run(_: &OpenapiArgs) -> anyhow::Result<Exit> {
    let json = document()
        .to_pretty_json()
        .context("cannot write the document as JSON")?;
    print(&json)?;
    Ok(Exit::Success)
}
