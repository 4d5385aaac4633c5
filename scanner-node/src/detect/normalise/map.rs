//! From a view of a text back to the text.
//!
//! Owns the map of a view: the spots where it differs from the text it was made of; between them both are
//! the same byte for byte, so that a view of a long text costs no more than what was changed in it.
//! Leaves making views to `excerpt` and `decode`.
//! **Invariant:** positions grow together; a mapped range keeps to character boundaries, covers what was
//! taken out inside of it and nothing that was taken out around it.

use std::ops::Range;

use super::change::{Change, Changes, Group};

/// Within so many bytes of a change a value may owe something to it: a word nearby that makes it likelier.
const NEAR: usize = 256;

/// A place where a view differs from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    view: u32,
    view_len: u32,
    text: u32,
    text_len: u32,
    /// None: a part of the text that the view leaves out.
    change: Option<Change>,
}

impl Spot {
    /// `view` shows what `text` holds.
    pub(super) fn new(view: Range<usize>, text: Range<usize>, change: Option<Change>) -> Self {
        let short = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self {
            view: short(view.start),
            view_len: short(view.len()),
            text: short(text.start),
            text_len: short(text.len()),
            change,
        }
    }

    fn view(&self) -> Range<usize> {
        let start = self.view as usize;
        start..start + self.view_len as usize
    }

    fn text(&self) -> Range<usize> {
        let start = self.text as usize;
        start..start + self.text_len as usize
    }

    /// Where in the text the group of an encoding begins that holds byte `into` of the spot.
    fn text_before(&self, into: usize) -> usize {
        let before = self
            .group()
            .map_or(0, |group| into / group.plain * group.coded);
        self.text().start + before.min(self.text().len())
    }

    /// Where in the text the group of an encoding ends that holds the byte before `into` of the spot.
    fn text_after(&self, into: usize) -> usize {
        let after = self
            .group()
            .map(|group| into.div_ceil(group.plain) * group.coded);
        self.text().start + after.unwrap_or(usize::MAX).min(self.text().len())
    }

    fn group(&self) -> Option<Group> {
        self.change.and_then(Change::group)
    }

    fn overlaps(&self, view: &Range<usize>) -> bool {
        self.view().start < view.end && view.start < self.view().end
    }
}

/// The spots of a view, in order.
#[derive(Debug, Default)]
pub(super) struct Map {
    spots: Vec<Spot>,
}

impl Map {
    pub(super) fn clear(&mut self) {
        self.spots.clear();
    }

    pub(super) fn push(&mut self, spot: Spot) {
        self.spots.push(spot);
    }

    /// What a range of the view stands for in the text.
    pub(super) fn to_text(&self, view: &Range<usize>) -> Range<usize> {
        let start = self.start(view.start);
        start..self.end(view.end).max(start)
    }

    /// What was changed in and at the edges of a range of the view.
    pub(super) fn changes(&self, view: &Range<usize>) -> Changes {
        let touching = self.between(view.start, view.end);
        touching.iter().filter_map(|spot| spot.change).collect()
    }

    /// Whether a range of the view holds a part of a decoded run.
    pub(super) fn is_decoded(&self, view: &Range<usize>) -> bool {
        let mut inside = self.between(view.start, view.end).iter();
        inside.any(|spot| spot.group().is_some() && spot.overlaps(view))
    }

    /// Whether a range of the view stands in one piece in the text.
    pub(super) fn is_whole(&self, view: &Range<usize>) -> bool {
        let mut inside = self.between(view.start, view.end).iter();
        !inside.any(|spot| spot.change.is_none() && spot.overlaps(view))
    }

    /// Whether a range of the view may owe something to a change.
    pub(super) fn is_near_a_change(&self, view: &Range<usize>) -> bool {
        let from = view.start.saturating_sub(NEAR);
        let mut nearby = self.between(from, view.end.saturating_add(NEAR)).iter();
        nearby.any(|spot| spot.change.is_some())
    }

    /// Whether anything in a range of the view was changed.
    pub(super) fn touches(&self, view: &Range<usize>) -> bool {
        !self.between(view.start, view.end).is_empty()
    }

    /// The spots that begin before or at `to` and end at `from` or later.
    fn between(&self, from: usize, to: usize) -> &[Spot] {
        let first = self.spots.partition_point(|spot| spot.view().end < from);
        let last = self.spots.partition_point(|spot| spot.view().start <= to);
        self.spots.get(first..last).unwrap_or_default()
    }

    /// Where what begins at `at` begins: behind what was taken out there.
    fn start(&self, at: usize) -> usize {
        let passed = self.spots.partition_point(|spot| spot.view().end <= at);
        if let Some(spot) = self
            .spots
            .get(passed)
            .filter(|spot| spot.view().start <= at)
        {
            return spot.text_before(at - spot.view().start);
        }
        match passed.checked_sub(1).and_then(|last| self.spots.get(last)) {
            Some(spot) => spot.text().end + (at - spot.view().end),
            None => at,
        }
    }

    /// Where what ends at `at` ends: in front of what was taken out there.
    fn end(&self, at: usize) -> usize {
        let begun = self.spots.partition_point(|spot| spot.view().start < at);
        match begun.checked_sub(1).and_then(|last| self.spots.get(last)) {
            Some(spot) if at >= spot.view().end => spot.text().end + (at - spot.view().end),
            Some(spot) => spot.text_after(at - spot.view().start),
            None => at,
        }
    }
}
