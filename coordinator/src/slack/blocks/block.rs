//! Blocks.
//!
//! Owns their JSON and how long and how many their parts may be.
//! **Invariant:** a block has something in it: Slack refuses a whole message for one empty text.
//!
//! # Source
//! <https://docs.slack.dev/reference/block-kit/blocks>, one page for each block.

use serde_json::{Value, json};

use super::cut::{cut, within};
use super::element::{Button, Input};
use super::text::{Mrkdwn, Plain};

const HEADER: usize = 150;
const SECTION: usize = 3_000;
const FIELD: usize = 2_000;
const FIELDS: usize = 10;
const CONTEXTS: usize = 10;
const ACTIONS: usize = 25;
/// Of the ids of blocks and actions.
pub(super) const ID: usize = 255;
/// Stands for a text that is empty.
const NOTHING: &str = "–";

/// A part of a message.
#[derive(Clone, PartialEq)]
pub struct Block(pub(super) Value);

impl Block {
    /// A title.
    pub fn header(text: &Plain) -> Self {
        Self(json!({"type": "header", "text": plain(text, HEADER)}))
    }

    /// A paragraph.
    pub fn section(text: &Mrkdwn) -> Self {
        Self(json!({"type": "section", "text": mrkdwn(text, SECTION)}))
    }

    /// Short texts in two columns, ten at most; none without any.
    pub fn fields(fields: &[Mrkdwn]) -> Option<Self> {
        let fields = all(fields.iter().take(FIELDS).map(|field| mrkdwn(field, FIELD)));
        fields.map(|fields| Self(json!({"type": "section", "fields": fields})))
    }

    /// Small texts in a row, ten at most; none without any.
    pub fn context(parts: &[Mrkdwn]) -> Option<Self> {
        let parts = all(parts
            .iter()
            .take(CONTEXTS)
            .map(|part| mrkdwn(part, SECTION)));
        parts.map(|parts| Self(json!({"type": "context", "elements": parts})))
    }

    /// A line.
    pub fn divider() -> Self {
        Self(json!({"type": "divider"}))
    }

    /// Buttons in a row, 25 at most; none without any. `id` is told with a click.
    pub fn actions(id: &str, buttons: impl IntoIterator<Item = Button>) -> Option<Self> {
        let buttons = all(buttons.into_iter().take(ACTIONS).map(Button::into_json));
        buttons.map(|buttons| {
            let block = json!({"type": "actions", "elements": buttons});
            Self(with_id(block, id))
        })
    }

    /// A field to write in. `id` is told with what was written.
    pub fn input(id: &str, input: Input) -> Self {
        Self(with_id(input.into_json(), id))
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.0.get("type").and_then(Value::as_str);
        f.debug_tuple("Block")
            .field(&kind.unwrap_or_default())
            .finish()
    }
}

pub(super) fn plain(text: &Plain, max: usize) -> Value {
    json!({"type": "plain_text", "text": some(text.as_str(), max), "emoji": false})
}

pub(super) fn mrkdwn(text: &Mrkdwn, max: usize) -> Value {
    json!({"type": "mrkdwn", "text": some(text.as_str(), max), "verbatim": true})
}

fn some(text: &str, max: usize) -> String {
    if text.trim().is_empty() {
        NOTHING.to_owned()
    } else {
        cut(text, max)
    }
}

fn all(parts: impl Iterator<Item = Value>) -> Option<Vec<Value>> {
    let parts: Vec<Value> = parts.collect();
    (!parts.is_empty()).then_some(parts)
}

/// Without an id Slack makes one up.
fn with_id(mut block: Value, id: &str) -> Value {
    if let (Some(object), false) = (block.as_object_mut(), id.is_empty()) {
        object.insert("block_id".to_owned(), within(id, ID).into());
    }
    block
}
