//! What became of a message that a policy wanted blocked, as messages and alerts show it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::block::Strategy;
use crate::store::held::HeldMessage;

/// What became of a message that was to be blocked.
#[derive(Serialize, ToSchema)]
pub struct HeldView {
    /// The channel.
    #[schema(example = "C0001")]
    channel: String,
    /// Slack's id of the message in its channel.
    #[schema(example = "1700000000.000100")]
    ts: String,
    /// `blocking`, `held`, `standing` where Slack lets nobody take it away, `braked` in a storm, `released`, or `gone`
    /// by its author's hand.
    #[schema(example = "held")]
    state: &'static str,
    /// How: `discovery_tombstone`, `admin_delete` or `notify_only`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "admin_delete")]
    strategy: Option<Strategy>,
    /// What was tried before, and why it could not be.
    not_possible: Vec<NotPossible>,
    /// How long it could be read, in milliseconds; absent while it can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1800)]
    exposed_ms: Option<u64>,
    /// Since when it is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_at: Option<DateTime<Utc>>,
    /// When it was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    released_at: Option<DateTime<Utc>>,
}

/// A way to take a message away that could not be gone.
#[derive(Serialize, ToSchema)]
pub struct NotPossible {
    /// Which.
    #[schema(value_type = String, example = "admin_delete")]
    strategy: Strategy,
    /// Why: Slack's word, or ours if Slack was not asked.
    #[schema(example = "cant_delete_message")]
    because: String,
}

impl From<HeldMessage> for HeldView {
    fn from(held: HeldMessage) -> Self {
        let not_possible = held.tried.0.into_iter().map(|tried| NotPossible {
            strategy: tried.strategy,
            because: tried.code,
        });
        Self {
            channel: held.channel_id,
            ts: held.message_ts,
            state: held.state.as_str(),
            strategy: held.strategy,
            not_possible: not_possible.collect(),
            exposed_ms: held.exposed_ms,
            held_at: held.held_at,
            released_at: held.released_at,
        }
    }
}
