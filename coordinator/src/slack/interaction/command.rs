//! Somebody typed a slash command.
//!
//! **Invariant:** what was typed is never shown by `Debug`.

use std::fmt;

use serde_json::Value;
use shared::ids::WorkspaceId;
use shared::secret::SecretString;

use super::part::{flag, id, secret, text};
use crate::slack::event::envelope;

/// Characters of a command's name.
const MAX_NAME: usize = 64;
/// Characters of what was typed behind it.
const MAX_TEXT: usize = 3_000;

/// One request to the endpoint for commands, or its like from a socket.
#[derive(Clone, Debug)]
pub enum Slash {
    /// Somebody typed a command.
    Command(Box<Command>),
    /// Slack checks that the endpoint speaks TLS: answer with nothing.
    SslCheck,
    /// Nothing that can be understood.
    Unreadable,
}

/// A slash command.
#[derive(Clone)]
pub struct Command {
    /// The installation it belongs to.
    pub workspace: WorkspaceId,
    /// The workspace it was typed in.
    pub team: Option<String>,
    /// The organisation, if there is one.
    pub enterprise: Option<String>,
    /// Whether the app is installed for the whole organisation.
    pub is_enterprise_install: bool,
    /// The command, with its slash.
    pub command: String,
    /// What was typed behind it.
    pub text: String,
    /// Who typed it.
    pub user: String,
    /// Where.
    pub channel: Option<String>,
    /// Where to answer within half an hour, five times at most.
    pub response_url: Option<SecretString>,
    /// What opens a dialog within three seconds.
    pub trigger_id: Option<SecretString>,
    /// Our app.
    pub app_id: Option<String>,
}

impl Command {
    /// A command is one if somebody typed it.
    pub(super) fn read(root: &Value) -> Option<Self> {
        Some(Self {
            workspace: envelope::workspace_at(root, &["/team_id", "/enterprise_id"]),
            team: id(root, "/team_id"),
            enterprise: id(root, "/enterprise_id"),
            is_enterprise_install: flag(root, "/is_enterprise_install"),
            command: text(root, "/command", MAX_NAME).filter(|name| name.starts_with('/'))?,
            text: text(root, "/text", MAX_TEXT).unwrap_or_default(),
            user: id(root, "/user_id")?,
            channel: id(root, "/channel_id"),
            response_url: secret(root, "/response_url"),
            trigger_id: secret(root, "/trigger_id"),
            app_id: id(root, "/api_app_id"),
        })
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("workspace", &self.workspace)
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}
