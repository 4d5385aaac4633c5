//! A tolerant view of what people click and type.
//!
//! Owns reading button clicks and slash commands, as they come over HTTP and over a socket. Leaves the signature
//! to `signature` (it comes first), and whether somebody may do what they clicked to whoever does it.
//! **Invariant:** every field may be absent, null or of another type, and none is longer than it may be; only
//! ids and what somebody wrote are taken, never the message that Slack repeats beside them.

mod click;
mod command;
mod part;

use serde_json::Value;

use super::text::Document;

pub use click::{Click, Written};
pub use command::{Command, Slash};

/// One request to the endpoint for interactivity, or its like from a socket.
#[derive(Clone, Debug)]
pub enum Interaction {
    /// Somebody clicked a button.
    Click(Box<Click>),
    /// Slack checks that the endpoint speaks TLS: answer with nothing.
    SslCheck,
    /// Something else that people do, by Slack's word for it: one of [`OTHER_KINDS`].
    Other(&'static str),
    /// Nothing that can be understood.
    Unreadable,
}

/// Every word of [`Interaction::Other`].
pub const OTHER_KINDS: [&str; 10] = [
    "unknown",
    "block_suggestion",
    "dialog_cancellation",
    "dialog_submission",
    "dialog_suggestion",
    "interactive_message",
    "message_action",
    "shortcut",
    "view_closed",
    "view_submission",
];

/// Reads a form whose signature held.
pub fn parse_interactivity(form_body: &[u8]) -> Interaction {
    let form = part::form(form_body);
    if part::is_ssl_check(&form) {
        return Interaction::SslCheck;
    }
    let payload = form.get("payload").and_then(Value::as_str);
    match payload.map(|payload| Document::parse(payload.as_bytes())) {
        Some(Ok(document)) => parse_interactive(&document.root),
        Some(Err(_)) | None => Interaction::Unreadable,
    }
}

/// Reads the payload of a socket's envelope of the kind `interactive`.
pub fn parse_interactive(payload: &Value) -> Interaction {
    match payload.get("type").and_then(Value::as_str) {
        Some("block_actions") => Click::read(payload).map_or(Interaction::Unreadable, |click| {
            Interaction::Click(Box::new(click))
        }),
        Some(kind) => {
            let known = OTHER_KINDS.into_iter().find(|&known| known == kind);
            Interaction::Other(known.unwrap_or("unknown"))
        }
        None => Interaction::Unreadable,
    }
}

/// Reads a slash command whose signature held.
pub fn parse_command(form_body: &[u8]) -> Slash {
    parse_command_payload(&Value::Object(part::form(form_body)))
}

/// Reads the payload of a socket's envelope of the kind `slash_commands`.
pub fn parse_command_payload(payload: &Value) -> Slash {
    if payload.as_object().is_some_and(part::is_ssl_check) {
        return Slash::SslCheck;
    }
    Command::read(payload).map_or(Slash::Unreadable, |command| {
        Slash::Command(Box::new(command))
    })
}

#[cfg(test)]
mod tests;
