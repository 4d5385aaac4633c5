//! A tolerant view of what the Events API sends.
//!
//! Owns the decision what an event is: something to scan, something to pass over and why, or one of the
//! two questions Slack asks outside of events. Leaves checking the signature to `signature` (it comes
//! first), storing and answering to others.
//! **Invariant:** every field may be absent, null or of another type; an event that is not understood has
//! all its strings scanned.

pub(super) mod envelope;
mod files;
mod kind;
mod message;
mod news;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::content::{Gap, TextUnit};
use shared::ids::WorkspaceId;

use super::text::Document;

pub use envelope::{moment_of, ts_of};
pub use files::{FileMention, MAX_FILES};
pub use kind::{EVENT_KINDS, MESSAGE_SUBTYPES};
pub use news::{FileNews, News};

/// One request to the events endpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum Inbound {
    /// Slack checks that the endpoint is ours: answer with the challenge.
    UrlVerification {
        /// To be sent back as it is.
        challenge: String,
    },
    /// Slack dropped events of a workspace: there is a gap to fill.
    RateLimited {
        /// Whose events.
        workspace: WorkspaceId,
        /// The minute in which it happened.
        minute: Option<DateTime<Utc>>,
    },
    /// Something happened.
    Event(Box<Event>),
    /// Not JSON: the only body that is refused.
    NotJson,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Slack's id, the same in each retry; derived from the body if Slack sent none.
    pub event_id: String,
    /// The installation that receives it, which in Slack Connect is not the workspace it comes from.
    pub workspace: WorkspaceId,
    /// When Slack dispatched it.
    pub event_time: Option<DateTime<Utc>>,
    /// What kind, for metrics: one of [`EVENT_KINDS`].
    pub kind: &'static str,
    /// The message's subtype, for metrics: one of [`MESSAGE_SUBTYPES`].
    pub subtype: &'static str,
    /// The body held bytes that are no text and was repaired: worth counting.
    pub repaired: bool,
    /// What to do with it.
    pub disposition: Disposition,
    /// What it tells beside content.
    pub news: Option<News>,
}

/// What to do with an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Disposition {
    /// Scan this.
    Scan(Box<Content>),
    /// Pass it over.
    Skip(SkipReason),
}

/// Text to scan, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The message that says it.
    pub subject: MessageRef,
    /// What it says.
    pub units: Vec<TextUnit>,
    /// What of it is not in `units`.
    pub gaps: Vec<Gap>,
    /// The files that hang on it, which are among the gaps until they are fetched.
    pub files: Vec<FileMention>,
}

/// A message, as far as the event names it. `(channel, ts)` is its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageRef {
    /// Where it stands.
    pub channel: Option<String>,
    /// Who wrote it; absent for some bots.
    pub user: Option<String>,
    /// The bot that wrote it, if it was one.
    pub bot: Option<String>,
    /// Whether people of other organisations read the channel (Slack Connect).
    pub external: bool,
    /// Its timestamp, which is its id in the channel; never a number.
    pub ts: Option<String>,
    /// The thread it belongs to.
    pub thread_ts: Option<String>,
    /// `channel`, `group`, `im`, `mpim` or `app_home`.
    pub channel_type: Option<String>,
    /// The workspace in whose name the event came, which an organisation's tenant does not tell.
    pub team: Option<String>,
    /// The workspace that the author belongs to.
    pub author_team: Option<String>,
    /// The ids of the files that hang on it, at most [`MAX_FILES`].
    pub files: Vec<String>,
    /// When it was written or changed, to the microsecond.
    pub said_at: Option<DateTime<Utc>>,
}

/// Why an event is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// A message was deleted; the event repeats the leak.
    Deleted,
    /// What a deletion leaves behind.
    Tombstone,
    /// We wrote it.
    OwnPost,
    /// Slack wrote it: somebody joined, a channel was archived.
    System,
    /// An update that changed nothing a person wrote.
    Unchanged,
    /// About channels, users, the installation; not about content.
    Lifecycle,
    /// Of a type unknown here, and nothing like a message.
    UnknownType,
}

/// Who we are in a workspace, to know our own posts again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnIds {
    /// Our bot, `B…`.
    pub bot_id: Option<String>,
    /// Our bot's user, `U…`.
    pub bot_user_id: Option<String>,
    /// Our app, `A…`.
    pub app_id: Option<String>,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Deleted,
        Self::Tombstone,
        Self::OwnPost,
        Self::System,
        Self::Unchanged,
        Self::Lifecycle,
        Self::UnknownType,
    ];

    /// The word for metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Tombstone => "tombstone",
            Self::OwnPost => "own_post",
            Self::System => "system",
            Self::Unchanged => "unchanged",
            Self::Lifecycle => "lifecycle",
            Self::UnknownType => "unknown_type",
        }
    }
}

/// Reads the body of a request whose signature held. `own` says who we are in the workspace the event is for.
pub fn parse(raw: &[u8], own: impl FnOnce(&WorkspaceId) -> OwnIds) -> Inbound {
    let Ok(document) = Document::parse(raw) else {
        return Inbound::NotJson;
    };
    let root = &document.root;
    let challenge = root.get("challenge").and_then(Value::as_str);
    match (root.get("type").and_then(Value::as_str), challenge) {
        (Some("url_verification"), Some(challenge)) => Inbound::UrlVerification {
            challenge: challenge.to_owned(),
        },
        (Some("app_rate_limited"), _) => Inbound::RateLimited {
            workspace: envelope::workspace(root),
            minute: envelope::time(root, "minute_rate_limited"),
        },
        _ => Inbound::Event(Box::new(event(raw, &document, own))),
    }
}

fn event(raw: &[u8], document: &Document, own: impl FnOnce(&WorkspaceId) -> OwnIds) -> Event {
    let root = &document.root;
    let workspace = envelope::workspace(root);
    let view = message::View {
        own: &own(&workspace),
        document,
    };
    let (kind, disposition) = view.judge();
    Event {
        event_id: envelope::event_id(root, raw),
        workspace,
        event_time: envelope::time(root, "event_time"),
        kind,
        subtype: kind::subtype_label(root.pointer("/event/subtype")),
        repaired: document.repaired,
        disposition,
        news: news::of(root),
    }
}

#[cfg(test)]
mod tests;
