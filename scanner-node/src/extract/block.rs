//! Long texts in blocks.
//!
//! Owns cutting: each block shows some text on both sides of the part it owns, so that a value on the
//! edge is seen whole and with its context. A match belongs to the block that owns its first byte: the
//! receiver drops the others, and nothing is lost or doubled as long as values fit the overlap.
//! **Invariant:** the owned parts of a text's blocks are the whole text, each byte once.

use std::ops::Range;

use shared::content::{Location, TextUnit};

use super::layout::Layout;
use super::{Halt, Outlet};

/// Bytes that a block owns, at most.
const OWNED_BYTES: usize = 256 << 10;
/// Bytes shown on either side: the longest value the engine reports.
pub(super) const OVERLAP_BYTES: usize = 8 << 10;
/// How far back a cut looks for a line end or a space.
const CUT_WINDOW: usize = 4 << 10;

/// A piece of text and the part of it whose matches count.
#[derive(Clone, Debug)]
pub struct Block {
    /// The text.
    pub unit: TextUnit,
    /// Byte range of `unit.text`: matches that start outside of it are another block's.
    pub owned: Range<usize>,
    layout: Layout,
}

/// Finds the places of offsets in a block. Fast when asked in ascending order.
#[derive(Debug)]
pub struct Locator<'b> {
    block: &'b Block,
    at: usize,
    layout: Layout,
}

impl Block {
    /// Whether a match that starts at `offset` is this block's.
    pub fn owns(&self, offset: usize) -> bool {
        self.owned.contains(&offset)
    }

    /// A finder of places in this block.
    pub fn locator(&self) -> Locator<'_> {
        Locator {
            block: self,
            at: 0,
            layout: self.layout,
        }
    }
}

impl Locator<'_> {
    /// Where the byte at `offset` of the block's text stands.
    pub fn locate(&mut self, offset: usize) -> Location {
        if offset < self.at {
            (self.at, self.layout) = (0, self.block.layout);
        }
        let passed = self.block.unit.text.get(self.at..offset);
        self.layout.advance(passed.unwrap_or_default());
        self.at = offset;
        let mut location = self.block.unit.location.clone();
        self.layout.mark(&mut location);
        location
    }
}

/// Cuts a text that arrives in pieces into blocks.
pub(super) struct Cutter {
    buffer: String,
    /// Offset of `buffer` in the whole.
    base: u64,
    /// First byte of `buffer` that no block owns yet.
    owned_from: usize,
    location: Location,
    /// Place of the first byte of `buffer`.
    layout: Layout,
}

impl Cutter {
    /// For a text that starts at `base` of the whole.
    pub(super) fn new(base: u64, location: Location, layout: Layout) -> Self {
        Self {
            buffer: String::new(),
            base,
            owned_from: 0,
            location,
            layout,
        }
    }

    /// Puts `text` in front, as context that belongs to nobody here. Only before the first piece.
    pub(super) fn with_context(mut self, text: &str) -> Self {
        self.buffer.push_str(text);
        self.owned_from = self.buffer.len();
        self.base = self.base.saturating_sub(u64_of(text.len()));
        self
    }

    /// Adds the next piece; emits the blocks that are full.
    pub(super) fn push(&mut self, text: &str, out: &mut Outlet<'_>) -> Result<(), Halt> {
        self.buffer.push_str(text);
        while self.buffer.len() - self.owned_from >= OWNED_BYTES + OVERLAP_BYTES {
            let cut = quiet_cut(&self.buffer, self.owned_from + OWNED_BYTES);
            let end = self.buffer.ceil_char_boundary(cut + OVERLAP_BYTES);
            let shown = self.buffer.get(..end).unwrap_or_default().to_owned();
            out.emit(self.block(shown, cut))?;
            self.forget_before(cut);
        }
        Ok(())
    }

    /// Emits what is left.
    pub(super) fn finish(&mut self, out: &mut Outlet<'_>) -> Result<(), Halt> {
        let end = self.buffer.len();
        if end == self.owned_from {
            return Ok(());
        }
        let shown = std::mem::take(&mut self.buffer);
        let block = self.block(shown, end);
        self.layout.advance(&block.unit.text);
        self.base += u64_of(end);
        self.owned_from = 0;
        out.emit(block)
    }

    /// Offset in the whole of the byte that comes next.
    pub(super) fn position(&self) -> u64 {
        self.base + u64_of(self.buffer.len())
    }

    fn block(&self, text: String, owned_to: usize) -> Block {
        let unit = TextUnit {
            text,
            base: self.base,
            location: self.location.clone(),
        };
        Block {
            unit,
            owned: self.owned_from..owned_to,
            layout: self.layout,
        }
    }

    /// Drops what no later block shows.
    fn forget_before(&mut self, cut: usize) {
        let from = quiet_cut(&self.buffer, cut.saturating_sub(OVERLAP_BYTES));
        self.layout
            .advance(self.buffer.get(..from).unwrap_or_default());
        self.buffer.drain(..from);
        self.base += u64_of(from);
        self.owned_from = cut - from;
    }
}

/// The last offset up to `at` after a line end, else after a space, else between characters: where a
/// cut is least likely to run through a value.
fn quiet_cut(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let from = text.floor_char_boundary(at.saturating_sub(CUT_WINDOW));
    let window = text.get(from..at).unwrap_or_default();
    let after = |found: Option<usize>| found.map(|offset| from + offset + 1);
    after(window.rfind('\n'))
        .or_else(|| after(window.rfind([' ', '\t', ',', ';'])))
        .unwrap_or(at)
}

fn u64_of(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
