//! Other ways to read a text: views, and where in the text what is found in them stands.
//!
//! A view shows the text with characters folded to ASCII, escapes undone and Slack's formatting taken out; or
//! what runs of base64 and hex in it say. The views of decoded text are views of the text too, two decodings
//! deep. Only what differs from the text, and what stands around it, is in a view: most texts have none, and
//! finding that out is one look for rare bytes.
//! Leaves searching views to `matcher`, the choice between the same value seen twice to `overlap`.
//! **Invariant:** all views together are at most four times as long as the text and some spare bytes, whatever
//! the text; what is found in one is traced to character boundaries of the text.

mod change;
mod decode;
mod escape;
mod excerpt;
mod fold;
#[cfg(test)]
mod found;
mod look_alike;
mod map;
mod markup;
mod piece;
mod runs;
mod sweep;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::decode::Decoder;
use self::excerpt::excerpt;
pub(super) use self::fold::{Fold, fold};
use self::map::Map;
use self::runs::Runs;
use self::sweep::{Edit, sweep};

pub(super) use self::change::Changes;
pub(super) use self::runs::SHORTEST as SHORTEST_RUN;
pub(super) use self::sweep::is_of_note;

/// Decodings on top of each other that are undone.
const MAX_DEPTH: u8 = 2;
/// Bytes decoded from a text beyond its own length.
const SPARE_BYTES: usize = 4 << 10;
/// Longer texts have no views; positions in them are 32 bits wide.
const MAX_TEXT_BYTES: usize = 1 << 30;

/// The views of a text. Reused from text to text.
#[derive(Debug, Default)]
pub(super) struct Views {
    /// Each made from the text or from one before it. Those from `used` on are memory to reuse.
    made: Vec<View>,
    used: usize,
    edits: Vec<Edit>,
    decoder: Decoder,
    /// Bytes that may yet be decoded.
    budget: usize,
}

/// One way to read a text.
#[derive(Debug, Default)]
struct View {
    text: String,
    map: Map,
    /// The view that it was made from; none: the text.
    of: Option<usize>,
    sort: Sort,
    /// Decodings between the text and it.
    depth: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sort {
    /// Folded, unescaped, without formatting.
    #[default]
    Plain,
    /// What runs say.
    Decoded,
}

/// A place in a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    view: usize,
    span: Range<usize>,
    /// What was undone to see it.
    pub(super) changes: Changes,
    /// It was encoded: its value stands nowhere in the text.
    pub(super) is_decoded: bool,
}

impl Views {
    /// Forgets the views of the text before.
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    /// Makes the views of `text`. There are none of a text without a byte [of note](is_of_note) and without
    /// a run of [`SHORTEST_RUN`] bytes.
    pub(super) fn read(&mut self, text: &str) {
        self.clear();
        self.budget = text.len() + SPARE_BYTES;
        if text.len() > MAX_TEXT_BYTES {
            return;
        }
        self.make(text, None, 0);
        let mut next = 0;
        while next < self.used {
            let Some(view) = self.made.get_mut(next) else {
                return;
            };
            let (depth, text) = (view.depth, std::mem::take(&mut view.text));
            self.make(&text, Some(next), depth);
            if let Some(view) = self.made.get_mut(next) {
                view.text = text;
            }
            next += 1;
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.used
    }

    /// The text of a view.
    pub(super) fn text(&self, view: usize) -> &str {
        self.made.get(view).map_or("", |view| &view.text)
    }

    /// Where in the text the `span` of a view stands, and how it was seen; none if it is no concern of the
    /// view, because nothing was changed near it.
    pub(super) fn trace(&self, view: usize, span: Range<usize>) -> Option<(Range<usize>, Seen)> {
        let mut seen = Seen {
            view,
            span: span.clone(),
            changes: Changes::default(),
            is_decoded: false,
        };
        let (mut at, mut place) = (Some(view), span);
        while let Some(view) = at.and_then(|at| self.made.get(at)) {
            let map = &view.map;
            let is_ours = match view.sort {
                Sort::Plain => seen.is_decoded || map.is_near_a_change(&place),
                Sort::Decoded => map.is_decoded(&place),
            };
            if !is_ours || !map.is_whole(&place) {
                return None;
            }
            seen.is_decoded |= view.sort == Sort::Decoded;
            seen.changes = seen.changes.and(map.changes(&place));
            (at, place) = (view.of, map.to_text(&place));
        }
        Some((place, seen))
    }

    /// The value as it was seen.
    pub(super) fn value(&self, seen: &Seen) -> &str {
        let view = self.made.get(seen.view);
        view.and_then(|view| view.text.get(seen.span.clone()))
            .unwrap_or_default()
    }

    /// Makes the views of a text that is itself `of` a view.
    fn make(&mut self, text: &str, of: Option<usize>, depth: u8) {
        let made_of = of.and_then(|of| self.made.get(of)).map(|view| view.sort);
        if made_of != Some(Sort::Plain) {
            self.edits.clear();
            if sweep(text, &mut self.edits) {
                let mut view = self.blank(of, Sort::Plain, depth);
                excerpt(text, &self.edits, &mut view.text, &mut view.map);
                self.keep(view);
            }
        }
        if depth < MAX_DEPTH && Runs::of(text.as_bytes()).next().is_some() {
            let mut view = self.blank(of, Sort::Decoded, depth + 1);
            // Of a plain view, what was the same before is decoded already.
            let plain = of
                .filter(|_| made_of == Some(Sort::Plain))
                .and_then(|of| self.made.get(of));
            let is_wanted = |run: &Range<usize>| plain.is_none_or(|plain| plain.map.touches(run));
            let (budget, decoder) = (&mut self.budget, &mut self.decoder);
            decoder.decode(text, budget, is_wanted, &mut view.text, &mut view.map);
            self.keep(view);
        }
    }

    /// An empty view to be filled, in the memory of an old one.
    fn blank(&mut self, of: Option<usize>, sort: Sort, depth: u8) -> View {
        if self.used >= self.made.len() {
            self.made.push(View::default());
        }
        let old = self.made.get_mut(self.used).map(std::mem::take);
        let View {
            mut text, mut map, ..
        } = old.unwrap_or_default();
        text.clear();
        map.clear();
        View {
            text,
            map,
            of,
            sort,
            depth,
        }
    }

    fn keep(&mut self, view: View) {
        let is_empty = view.text.is_empty();
        if let Some(slot) = self.made.get_mut(self.used) {
            *slot = view;
            self.used += usize::from(!is_empty);
        }
    }
}
