//! `/dlp` in Slack.
//!
//! Owns what it answers. **Invariant:** whoever asks learns whether Weir watches, and nothing about anybody's message.

use serde_json::{Value, json};
use shared::ids::WorkspaceId;

use super::{Inbox, InboxError};
use crate::domain::capability::Ability;
use crate::domain::policy::PolicyMode;
use crate::slack::blocks::{Block, Card, Mrkdwn};
use crate::slack::interaction::{self, Slash};

const HELP: &str = "*What this is.* Weir reads what is shared in this workspace, and holds back what must not be shared: card numbers, national IDs, secrets.\n\
• `/dlp status` says whether it watches, and what it may do here.\n\
• When a message of yours is held back, Weir tells you what was found and what you can do: mend it, ask for its release, or report a false positive.\n\
• Nobody but reviewers whom your company appointed sees what was held back, and each look is recorded.";

impl Inbox {
    /// Answers a command that came as a form; nothing is to be said to a check.
    ///
    /// # Errors
    /// [`InboxError::Unreadable`].
    pub fn command(&self, form: &[u8]) -> Result<Option<Value>, InboxError> {
        self.reply(&interaction::parse_command(form))
    }

    /// The same, as it comes over a socket.
    ///
    /// # Errors
    /// [`InboxError::Unreadable`].
    pub fn command_payload(&self, payload: &Value) -> Result<Option<Value>, InboxError> {
        self.reply(&interaction::parse_command_payload(payload))
    }

    fn reply(&self, slash: &Slash) -> Result<Option<Value>, InboxError> {
        match slash {
            Slash::Command(command) => Ok(Some(answer(self, command))),
            Slash::SslCheck => Ok(None),
            Slash::Unreadable => Err(InboxError::Unreadable),
        }
    }
}

/// What a command is answered with.
fn answer(inbox: &Inbox, command: &interaction::Command) -> Value {
    let words = command.text.trim();
    let said = match words.to_lowercase().as_str() {
        "status" => status(inbox, &command.workspace),
        "" | "help" => Mrkdwn::own(HELP),
        _ => Mrkdwn::own("I know `/dlp status` and `/dlp help`."),
    };
    let card = Card::new(&said).with(Block::section(&said));
    json!({ "response_type": "ephemeral", "text": card.text(), "blocks": card.blocks() })
}

fn status(inbox: &Inbox, workspace: &WorkspaceId) -> Mrkdwn {
    let Some(installation) = inbox
        .installations
        .of(workspace)
        .filter(|known| known.is_active())
    else {
        return Mrkdwn::own(
            "*Weir is not connected here.* Messages may be scanned, but nothing is done about them. Please tell your security team.",
        );
    };
    let in_force = inbox.policies.current();
    let counted = |mode| {
        let of_mode = in_force
            .policies
            .iter()
            .filter(|(_, policy)| policy.mode == mode);
        of_mode.count()
    };
    let can = |ability, yes, no| {
        if installation.capabilities.allow(ability) {
            yes
        } else {
            no
        }
    };
    let (enforced, simulated) = (counted(PolicyMode::Enforce), counted(PolicyMode::Simulate));
    let blocking = if installation.capabilities.allow(Ability::TombstoneMessages) {
        "hides them until they are reviewed"
    } else {
        can(
            Ability::DeleteMessages,
            "removes them, and keeps a sealed copy for review",
            "cannot remove them, and tells author and reviewers",
        )
    };
    let files = can(Ability::ReadFiles, "are scanned, too", "are not scanned");
    Mrkdwn::own("*Weir is watching this workspace.*\n").then(&Mrkdwn::said(&format!(
        "• Policies: {enforced} enforced, {simulated} simulated.\n• Messages that must not be shared: Weir {blocking}.\n• Files {files}."
    )))
}
