//! `weir config`: every setting, with its meaning and its default.

use super::{Exit, print};
use crate::config::reference;

pub(super) fn run() -> anyhow::Result<Exit> {
    print(&reference().trim_end())?;
    Ok(Exit::Success)
}
