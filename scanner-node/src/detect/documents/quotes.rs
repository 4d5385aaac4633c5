//! How much of each document was seen in one piece of content.
//!
//! Owns adding up over the texts of a message, or the blocks of a file. Leaves what was seen where to the
//! table.
//! **Invariant:** a fingerprint counts once, where it is seen first, so that the same text twice is no larger
//! share; memory is a bit for each registered fingerprint, and none as long as none was seen.

use std::ops::Range;

/// What of the registered documents was seen in one piece of content. Of one engine.
#[derive(Debug, Default)]
pub struct Quotes {
    /// A bit for each fingerprint.
    seen: Vec<u64>,
    /// For each document.
    documents: Vec<Quoted>,
    place: usize,
    /// Documents of which something was seen since it was asked last.
    begun: Vec<usize>,
}

/// How much was seen of a document.
#[derive(Clone, Copy, Debug, Default)]
struct Quoted {
    count: u32,
    here: Stretch,
    best: Stretch,
}

/// What was seen of a document in one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    count: u32,
    pub(super) place: usize,
    /// Of the first and the last shingle, in the whole.
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Quotes {
    /// What comes now stands elsewhere: offsets begin anew, and a document is found where most of it is.
    pub fn next_place(&mut self) {
        self.place += 1;
    }

    /// Documents that were first seen since this was asked last, and where: offsets in the whole.
    pub fn begun(&mut self) -> Vec<(usize, u64)> {
        let begun = std::mem::take(&mut self.begun).into_iter();
        let start = |document: &usize| self.documents.get(*document).map(|of| of.here.start);
        begun
            .filter_map(|document| Some((document, start(&document)?)))
            .collect()
    }

    /// Notes fingerprint number `print`, of `document`, both of so many.
    pub(super) fn saw(
        &mut self,
        (print, prints): (usize, usize),
        (document, documents): (usize, usize),
        span: &Range<u64>,
    ) {
        if self.seen.is_empty() {
            self.seen.resize(prints.div_ceil(64), 0);
            self.documents.resize(documents, Quoted::default());
        }
        let bit = 1 << (print % 64);
        let (Some(word), Some(quoted)) = (
            self.seen.get_mut(print / 64),
            self.documents.get_mut(document),
        ) else {
            return;
        };
        if *word & bit != 0 {
            return;
        }
        *word |= bit;
        if quoted.count == 0 {
            self.begun.push(document);
        }
        quoted.count += 1;
        quoted.here.grow(self.place, span);
        if quoted.here.count > quoted.best.count {
            quoted.best = quoted.here;
        }
    }

    /// Whether a fingerprint was seen.
    #[inline]
    pub(super) fn has(&self, print: usize) -> bool {
        let word = self.seen.get(print / 64);
        word.is_some_and(|word| word >> (print % 64) & 1 == 1)
    }

    /// For each document of which anything was seen: its number, how many of its fingerprints, and where most
    /// of them are.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, u32, Stretch)> {
        let all = self.documents.iter().enumerate();
        all.filter(|(_, quoted)| quoted.count > 0)
            .map(|(document, quoted)| (document, quoted.count, quoted.best))
    }
}

impl Stretch {
    fn grow(&mut self, place: usize, span: &Range<u64>) {
        if self.count == 0 || self.place != place {
            *self = Self {
                count: 0,
                place,
                start: span.start,
                end: span.end,
            };
        }
        self.count += 1;
        self.start = self.start.min(span.start);
        self.end = self.end.max(span.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_counts_once_and_the_fullest_place_is_told() {
        let mut quotes = Quotes::default();
        let saw = |quotes: &mut Quotes, print: usize, span: Range<u64>| {
            quotes.saw((print, 70), (1, 2), &span);
        };
        saw(&mut quotes, 69, 5..9);
        assert!(quotes.has(69) && !quotes.has(0));
        assert_eq!(quotes.begun(), [(1, 5)]);
        quotes.next_place();
        saw(&mut quotes, 69, 90..99);
        saw(&mut quotes, 3, 20..30);
        saw(&mut quotes, 4, 10..15);
        assert_eq!(quotes.begun(), []);
        let best = Stretch {
            count: 2,
            place: 1,
            start: 10,
            end: 30,
        };
        assert_eq!(quotes.each().collect::<Vec<_>>(), [(1, 3, best)]);
    }
}
