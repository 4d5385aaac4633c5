//! Rows of the outbox that are carried out in Slack: their kinds, their payloads, and their lanes.
//!
//! Owns making them. Leaves carrying them out to `enforcement`.
//! **Invariant:** a payload holds ids, and rests sealed; where it must hold people's words, it is gone once the
//! row is settled.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::ids::{ActionId, AlertId, HeldId, JobId, PolicyId, UserId, WorkspaceId};
use shared::seal::Sealer;

use super::error::{StoreError, StoreResult};
use super::outbox::NewAction;

/// Takes a message away.
pub const BLOCK: &str = "block";
/// Says in its place that it is away.
pub const NOTICE: &str = "notice";
/// Tells its author.
pub const NOTIFY_AUTHOR: &str = "notify_author";
/// Tells reviewers of an alert, or how it stands now.
pub const CARD: &str = "card";
/// Gives a message back.
pub const RELEASE: &str = "release";
/// Somebody pressed a button.
pub const CLICK: &str = "click";
/// Asks what a file is, and has it scanned.
pub const FILE: &str = "file";
/// Tells somebody something in a channel that others do not see.
pub const WHISPER: &str = "whisper";
/// Enters a channel.
pub const JOIN: &str = "join";

/// Every kind that is carried out in Slack.
pub const KINDS: [&str; 9] = [
    BLOCK,
    NOTICE,
    NOTIFY_AUTHOR,
    CARD,
    RELEASE,
    CLICK,
    FILE,
    WHISPER,
    JOIN,
];

/// The field beside an author's buttons in which they write why a message may be read.
pub const WHY: &str = "weir_why";

/// What rests in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum SlackDeed {
    /// Take away what `job` scanned.
    Block {
        /// The job.
        job: JobId,
        /// The policy that wants it.
        policy: PolicyId,
    },
    /// Say in its place that a message is away.
    Notice {
        /// Which.
        held: HeldId,
    },
    /// Tell the author of what `job` scanned.
    NotifyAuthor {
        /// The job.
        job: JobId,
        /// The policy that wants it.
        policy: PolicyId,
    },
    /// Tell reviewers of an alert.
    Card {
        /// Which.
        alert: AlertId,
    },
    /// Give a message back.
    Release {
        /// Which.
        held: HeldId,
        /// Who wants it.
        by: Option<UserId>,
    },
    /// Do what a button says.
    Click(Click),
    /// Ask what a file is, and have it scanned wherever it is shared.
    File {
        /// Slack's id.
        file: String,
        /// What happened to it: `there`, `changed` or `public`.
        news: String,
        /// When.
        at: String,
    },
    /// Tell somebody something.
    Whisper(Whisper),
    /// Enter a public channel, to see what is said there.
    Join {
        /// Which.
        channel: String,
    },
}

/// A button that somebody pressed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// Which button.
    pub action: String,
    /// What it stands for: an alert.
    pub alert: AlertId,
    /// Who pressed it: Slack's id.
    pub user: String,
    /// Where.
    pub channel: String,
    /// On which message.
    pub message_ts: String,
    /// What they wrote beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// Something to tell somebody alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whisper {
    /// Whom: Slack's id.
    pub user: String,
    /// Where.
    pub channel: String,
    /// What, as Slack's markup.
    pub text: String,
}

impl std::fmt::Debug for Click {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Click({}, {})", self.action, self.alert)
    }
}

impl std::fmt::Debug for Whisper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Whisper({} bytes)", self.text.len())
    }
}

/// Makes the rows. Cheap to clone.
#[derive(Clone)]
pub struct SlackActions {
    sealer: Sealer,
}

/// Which row, of whom, in what order.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// What the same deed has in common.
    pub key: String,
    /// The tenant.
    pub workspace: &'a WorkspaceId,
    /// The conversation, if order matters there.
    pub channel: Option<&'a str>,
    /// The alert it is about.
    pub alert: Option<AlertId>,
    /// How long it is put off.
    pub due_in: Duration,
}

impl SlackDeed {
    /// The kind of its row.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Block { .. } => BLOCK,
            Self::Notice { .. } => NOTICE,
            Self::NotifyAuthor { .. } => NOTIFY_AUTHOR,
            Self::Card { .. } => CARD,
            Self::Release { .. } => RELEASE,
            Self::Click(_) => CLICK,
            Self::File { .. } => FILE,
            Self::Whisper(_) => WHISPER,
            Self::Join { .. } => JOIN,
        }
    }

    /// What it is done in order with: deletions do not wait for posts, and whoever changes a card or what an author
    /// was told waits until it was posted.
    fn lane(&self, workspace: &WorkspaceId, channel: Option<&str>) -> Option<String> {
        match (self, channel) {
            (Self::Card { alert }, _) => Some(format!("{workspace}/{alert}/card")),
            (Self::NotifyAuthor { job, .. }, _) => Some(format!("{workspace}/{job}/author")),
            (Self::Block { .. }, Some(channel)) => Some(format!("{workspace}/{channel}/away")),
            (_, Some(channel)) => Some(format!("{workspace}/{channel}/post")),
            (_, None) => None,
        }
    }
}

impl SlackActions {
    /// Seals with `sealer`, the one of the database.
    pub fn new(sealer: Sealer) -> Self {
        Self { sealer }
    }

    /// The row of a deed.
    ///
    /// # Errors
    /// [`StoreError::Busy`] without randomness.
    pub fn row(&self, deed: &SlackDeed, row: Row<'_>) -> StoreResult<NewAction> {
        let plain = serde_json::to_vec(deed)
            .map_err(|_quotes_input| StoreError::Refused("a payload that cannot be written"))?;
        let sealed = self.sealer.seal(row.key.as_bytes(), &plain);
        let lane = deed.lane(row.workspace, row.channel);
        Ok(NewAction {
            id: ActionId::fresh(),
            action_key: row.key,
            kind: deed.kind().to_owned(),
            target: None,
            alert: row.alert,
            workspace: row.workspace.clone(),
            lane,
            payload: sealed.map_err(|_no_randomness| StoreError::Busy)?,
            due_in: row.due_in,
        })
    }

    /// What opens the rows.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

impl<'a> Row<'a> {
    /// A row that is due at once.
    pub fn new(key: String, workspace: &'a WorkspaceId) -> Self {
        Self {
            key,
            workspace,
            channel: None,
            alert: None,
            due_in: Duration::ZERO,
        }
    }

    /// In order with what else is done in that channel.
    #[must_use]
    pub fn within(self, channel: &'a str) -> Self {
        Self {
            channel: Some(channel),
            ..self
        }
    }

    /// About an alert.
    #[must_use]
    pub fn about(self, alert: Option<AlertId>) -> Self {
        Self { alert, ..self }
    }
}
