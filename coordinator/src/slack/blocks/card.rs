//! A whole message.
//!
//! **Invariant:** a card always says something as text too, for notifications and screen readers, and has no
//! more blocks than a message may.

use serde_json::Value;

use super::block::Block;
use super::cut::cut;
use super::text::Mrkdwn;

/// Blocks of a message.
const BLOCKS: usize = 50;
/// Of the text beside the blocks; Slack itself allows more.
const TEXT: usize = 3_000;

/// A message: its blocks, and what is said where blocks are not shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    text: String,
    blocks: Vec<Block>,
}

impl Card {
    /// A card without blocks.
    pub fn new(text: &Mrkdwn) -> Self {
        Self {
            text: cut(text.as_str(), TEXT),
            blocks: Vec::new(),
        }
    }

    /// With one block more, if it is one.
    #[must_use]
    pub fn with(mut self, block: impl Into<Option<Block>>) -> Self {
        self.blocks.extend(block.into());
        self
    }

    /// What is said where blocks are not shown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The blocks as they are sent. Of more than a message may have, the last one says that some are missing.
    pub fn blocks(&self) -> Vec<Value> {
        let json = |blocks: &[Block]| blocks.iter().map(|block| block.0.clone()).collect();
        match self.blocks.get(..BLOCKS - 1) {
            Some(first) if self.blocks.len() > BLOCKS => {
                let mut blocks: Vec<Value> = json(first);
                let more = Block::context(&[Mrkdwn::own("…")]);
                blocks.extend(more.map(|block| block.0));
                blocks
            }
            _ => json(&self.blocks),
        }
    }
}
