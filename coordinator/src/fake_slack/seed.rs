//! A little company to begin with.
//!
//! **Invariant:** its names and secrets are the same each time, so that a configuration can be written down.

use super::deeds::{InstallPlan, Tokens};
use super::model::{Conversation, Rank, User, Workspace};
use super::start::FakeSlack;

/// The app.
pub const APP: &str = "A0WEIR";
/// What people call it.
pub const APP_NAME: &str = "Weir";
/// The workspace.
pub const TEAM: &str = "T0ACME";
/// Its name.
pub const TEAM_NAME: &str = "Acme";
/// Its admin.
pub const ADA: &str = "U0ADA";
/// A member.
pub const BO: &str = "U0BO";
/// Another member.
pub const CY: &str = "U0CY";
/// A channel for all.
pub const GENERAL: &str = "C0GENERAL";
/// A channel for all.
pub const SUPPORT: &str = "C0SUPPORT";
/// A channel for all.
pub const RANDOM: &str = "C0RANDOM";
/// A channel for all, where alerts belong.
pub const SECURITY: &str = "C0SECURITY";
/// A channel for Ada and Bo, and the app.
pub const PRIVATE: &str = "C0FINANCE";
/// The signing secret unless another is told.
pub const SIGNING_SECRET: &str = "fake-slack-signing-secret";
/// What the bot may do.
pub const BOT_SCOPES: &[&str] = &[
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "team:read",
    "users:read",
    "users:read.email",
];
/// What is done in the admin's name.
pub const ADMIN_SCOPES: &[&str] = &[
    "channels:history",
    "channels:read",
    "chat:write",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "users:read",
];

/// Founds the company and installs the app there, in every channel. Gives its tokens.
pub fn acme(slack: &FakeSlack) -> Tokens {
    slack.add_workspace(Workspace::new(TEAM, TEAM_NAME));
    slack.add_user(User::new(ADA, TEAM, "ada").ranked(Rank::Admin));
    slack.add_user(User::new(BO, TEAM, "bo"));
    slack.add_user(User::new(CY, TEAM, "cy"));
    let plan = InstallPlan::on_workspace(TEAM, BOT_SCOPES).by(ADA, ADMIN_SCOPES);
    let tokens = slack.install(&plan);
    let all = [ADA, BO, CY, tokens.bot_user.as_str()];
    for (id, name) in [
        (GENERAL, "general"),
        (SUPPORT, "support"),
        (RANDOM, "random"),
        (SECURITY, "security"),
    ] {
        slack.add_channel(Conversation::public(id, TEAM, name).with(&all));
    }
    let few = [ADA, BO, tokens.bot_user.as_str()];
    slack.add_channel(Conversation::private(PRIVATE, TEAM, "finance").with(&few));
    tokens
}
