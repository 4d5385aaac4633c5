//! A view of what was changed in a text, and of what stands around it.
//!
//! Owns how much of a text a view takes along: enough that whatever a change brings to light is judged as it
//! would be in the whole text. Leaves which changes there are to `sweep`.
//! **Invariant:** a part ends at white space or where the text does, unless there is none for longer than any
//! value; what is left out has a spot of its own, so that nothing is read across it.

use std::ops::Range;

use super::change::Change;
use super::map::{Map, Spot};
use super::sweep::Edit;

/// Bytes taken along on both sides of a change.
const AROUND: usize = 512;
/// So much further a part may go to end at white space: the longest value.
const TO_WHITE_SPACE: usize = 8 << 10;
/// Stands for what is left out.
pub(super) const GAP: &str = "\n";

/// Writes the view of `text` that `edits` make into `view`.
pub(super) fn excerpt(text: &str, edits: &[Edit], view: &mut String, map: &mut Map) {
    let mut writer = Writer {
        text,
        view,
        map,
        at: 0,
    };
    let mut rest = edits;
    while let Some(first) = rest.iter().position(|edit| edit.matters) {
        let (part, edits_seen) = part(text, rest, first, writer.at);
        writer.skip_to(part.start);
        for edit in rest.iter().take(edits_seen) {
            let range = edit.range();
            if part.start <= range.start && range.end <= part.end {
                writer.copy_to(range.start);
                writer.replace(range.end, edit.with.as_str(), edit.change);
            }
        }
        writer.copy_to(part.end);
        rest = rest.get(edits_seen..).unwrap_or_default();
    }
}

/// The part of the text that begins around the edit number `first`, and how many edits end before its end.
fn part(text: &str, edits: &[Edit], first: usize, from: usize) -> (Range<usize>, usize) {
    let Some(edit) = edits.get(first) else {
        return (from..from, edits.len());
    };
    let start = back_to_white_space(text, edit.range().start, from);
    let mut end = on_to_white_space(text, edit.range().end);
    let mut seen = first + 1;
    while let Some(next) = edits.get(seen) {
        let range = next.range();
        if range.start >= end {
            break;
        }
        // An edit across the end comes along, whether it matters or not.
        end = end.max(range.end);
        if next.matters && range.end + AROUND > end {
            end = on_to_white_space(text, range.end);
        }
        seen += 1;
    }
    (start..end, seen)
}

fn back_to_white_space(text: &str, at: usize, from: usize) -> usize {
    let near = at.saturating_sub(AROUND).max(from);
    if near == from {
        return from;
    }
    let far = near.saturating_sub(TO_WHITE_SPACE).max(from);
    let between = text.as_bytes().get(far..near).unwrap_or_default();
    match between.iter().rposition(u8::is_ascii_whitespace) {
        Some(white) => far + white,
        None => text.ceil_char_boundary(far),
    }
}

fn on_to_white_space(text: &str, at: usize) -> usize {
    let near = at.saturating_add(AROUND);
    let far = near.saturating_add(TO_WHITE_SPACE).min(text.len());
    let Some(between) = text.as_bytes().get(near..far) else {
        return text.len();
    };
    match between.iter().position(u8::is_ascii_whitespace) {
        Some(white) => near + white + 1,
        None => text.floor_char_boundary(far),
    }
}

/// A view being written.
pub(super) struct Writer<'w> {
    pub(super) text: &'w str,
    pub(super) view: &'w mut String,
    pub(super) map: &'w mut Map,
    /// How much of the text is written, changed or left out.
    pub(super) at: usize,
}

impl Writer<'_> {
    /// Leaves out the text up to `to`.
    pub(super) fn skip_to(&mut self, to: usize) {
        if to > self.at {
            self.spot(to, GAP, None);
        }
    }

    /// Writes the text up to `to` as it is.
    pub(super) fn copy_to(&mut self, to: usize) {
        if to > self.at {
            self.view
                .push_str(self.text.get(self.at..to).unwrap_or_default());
            self.at = to;
        }
    }

    /// Writes something else for the text up to `to`.
    pub(super) fn replace(&mut self, to: usize, with: &str, change: Change) {
        self.spot(to, with, Some(change));
    }

    fn spot(&mut self, to: usize, with: &str, change: Option<Change>) {
        let start = self.view.len();
        self.view.push_str(with);
        self.map
            .push(Spot::new(start..self.view.len(), self.at..to, change));
        self.at = to;
    }
}
