//! The settings of the demonstration's Weir.
//!
//! **Invariant:** of the user's own settings only those of the log are among them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::fake_slack::{FakeSlack, Tokens, seed};

/// What is taken over of the user's settings: how Weir logs.
const LOG_SETTINGS: [&str; 2] = ["WEIR_TELEMETRY__LOG", "WEIR_TELEMETRY__LOG_FORMAT"];

/// What the settings are made of.
pub(super) struct Parts<'a> {
    pub(super) folder: &'a Path,
    pub(super) bind: SocketAddr,
    pub(super) slack: &'a FakeSlack,
    pub(super) tokens: &'a Tokens,
    pub(super) signing_secret: &'a str,
    pub(super) admin: &'a Admin,
}

/// Who runs both the company and Weir, so that a click on a card counts.
pub(super) struct Admin {
    pub(super) email: String,
    pub(super) password: String,
}

/// Where the key ring is.
pub(super) fn ring_in(folder: &Path) -> PathBuf {
    folder.join("keyring.json")
}

/// The settings, as the environment would give them.
pub(super) fn settings(parts: &Parts<'_>) -> anyhow::Result<Vec<(String, String)>> {
    let folder = parts
        .folder
        .to_str()
        .context("the temporary folder's path is no text")?;
    let ours = [
        ("HTTP__BIND", parts.bind.to_string()),
        ("DATABASE__URL", format!("sqlite://{folder}/weir.db")),
        ("STORAGE__URL", format!("file://{folder}/blobs")),
        (
            "SECRETS__KEYRING_FILE",
            ring_in(parts.folder).display().to_string(),
        ),
        ("SLACK__API_BASE_URL", parts.slack.base_url()),
        ("SLACK__FILE_HOSTS", parts.slack.origin()),
        ("SLACK__SIGNING_SECRET", parts.signing_secret.to_owned()),
        ("SLACK__BOT_TOKEN", parts.tokens.bot.clone()),
        (
            "SLACK__ADMIN_TOKEN",
            parts.tokens.user.clone().unwrap_or_default(),
        ),
        ("SLACK__REVIEW_CHANNEL", seed::SECURITY.to_owned()),
        ("AUTH__ADMIN_EMAIL", parts.admin.email.clone()),
        ("AUTH__ADMIN_PASSWORD", parts.admin.password.clone()),
        // The introduction is to stay in sight.
        ("TELEMETRY__LOG", "warn".to_owned()),
    ];
    let ours = ours.map(|(key, value)| (format!("WEIR_{key}"), value));
    let mut settings = Vec::from(ours);
    // The later of two counts.
    settings.extend(
        shared::config::process_env()
            .into_iter()
            .filter(|(name, value)| LOG_SETTINGS.contains(&name.as_str()) && !value.is_empty()),
    );
    Ok(settings)
}
