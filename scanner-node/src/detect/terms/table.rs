//! The words and phrases of all dictionaries, to be looked up by the hashes of their words.
//!
//! Owns the filter that most words of a text end at, and the way from a phrase's first word to its last.
//! Leaves what a word is to `words`.
//! **Invariant:** a look-up takes as long with a hundred thousand phrases as with ten; a hash only ever
//! proposes, the characters decide.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use shared::detector::{DetectorSpec, WordMatching};

use super::words::{Word, folded, next_word, phrase_at, scattered};

/// Bits of the filter for each first word, of which each sets two: one word in sixty gets through by chance.
const BITS_EACH: usize = 16;

/// Phrases by the hashes of their words.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Two bits for each hash of a first word, in the 64 that the hash's upper half chooses.
    filter: Vec<u64>,
    /// Open addressing; a hash of 0 marks a free place.
    nodes: Vec<Node>,
    phrases: Vec<Phrase>,
    text: String,
}

/// The words that one or more phrases begin with.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    hash: u64,
    /// Those that end here: a range of [`Table::phrases`].
    first: u32,
    count: u32,
    /// Some go on.
    goes_on: bool,
}

#[derive(Clone, Copy, Debug)]
struct Phrase {
    detector: u32,
    /// Where it is in [`Table::text`].
    start: u32,
    length: u16,
    /// Bytes of it before its first word.
    lead: u16,
    match_case: bool,
}

/// A table that is being filled.
#[derive(Debug, Default)]
pub(super) struct Builder {
    text: String,
    seen: HashSet<(u32, String)>,
    heads: Vec<u64>,
    nodes: HashMap<u64, (Vec<Phrase>, bool)>,
}

impl Builder {
    /// Adds the words of a dictionary.
    pub(super) fn add(&mut self, detector: usize, words: &[String], matching: WordMatching) {
        let detector = u32::try_from(detector).unwrap_or(u32::MAX);
        for word in words {
            let word = spaced_once(word);
            if self.seen.insert((detector, word.clone())) {
                self.add_phrase(detector, &word, matching.match_case);
            }
        }
    }

    /// Checked before: a phrase has a word, and is no longer than a `u16` counts.
    fn add_phrase(&mut self, detector: u32, phrase: &str, match_case: bool) -> Option<()> {
        let first = next_word(phrase, 0)?;
        let stored = Phrase {
            detector,
            start: u32::try_from(self.text.len()).ok()?,
            length: u16::try_from(phrase.len()).ok()?,
            lead: u16::try_from(first.start).ok()?,
            match_case,
        };
        self.text.push_str(phrase);
        self.heads.push(first.hash);
        let mut path = path_of(0, first);
        let mut end = first.end;
        while let Some(word) = next_word(phrase, end) {
            self.nodes.entry(path).or_default().1 = true;
            path = path_of(path, word);
            end = word.end;
        }
        self.nodes.entry(path).or_default().0.push(stored);
        Some(())
    }

    pub(super) fn build(self) -> Table {
        if self.nodes.is_empty() {
            return Table::default();
        }
        let bits = (self.heads.len() * BITS_EACH).next_power_of_two().max(64);
        let mut table = Table {
            filter: vec![0; bits / 64],
            nodes: vec![Node::default(); (self.nodes.len() * 2).next_power_of_two()],
            phrases: Vec::new(),
            text: self.text,
        };
        for head in self.heads {
            let (word, bit) = table.filter_place(head);
            if let Some(word) = table.filter.get_mut(word) {
                *word |= bit;
            }
        }
        for (hash, (phrases, goes_on)) in self.nodes {
            let node = Node {
                hash,
                first: u32::try_from(table.phrases.len()).unwrap_or(u32::MAX),
                count: u32::try_from(phrases.len()).unwrap_or(0),
                goes_on,
            };
            table.phrases.extend(phrases);
            let mut at = table.home(hash);
            while table.nodes.get(at).is_some_and(|node| node.hash != 0) {
                at = (at + 1) & (table.nodes.len() - 1);
            }
            if let Some(free) = table.nodes.get_mut(at) {
                *free = node;
            }
        }
        table
    }
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Tells `found` the detector and place of every phrase in `text`.
    pub(super) fn each(&self, text: &str, found: &mut dyn FnMut(usize, Range<usize>)) {
        let mut from = 0;
        while let Some(word) = next_word(text, from) {
            from = word.end;
            let (place, bit) = self.filter_place(word.hash);
            if self.filter.get(place).is_some_and(|bits| bits & bit == bit) {
                self.beginning_with(text, word, found);
            }
        }
    }

    /// The phrases whose first word is this one.
    fn beginning_with(&self, text: &str, first: Word, found: &mut dyn FnMut(usize, Range<usize>)) {
        let mut path = path_of(0, first);
        let mut end = first.end;
        while let Some(node) = self.node(path) {
            for phrase in self.phrases_of(node) {
                if let Some(span) = self.confirm(phrase, text, first.start) {
                    found(usize::try_from(phrase.detector).unwrap_or(usize::MAX), span);
                }
            }
            let Some(word) = node.goes_on.then(|| next_word(text, end)).flatten() else {
                return;
            };
            path = path_of(path, word);
            end = word.end;
        }
    }

    fn confirm(&self, phrase: &Phrase, text: &str, start: usize) -> Option<Range<usize>> {
        let from = usize::try_from(phrase.start).ok()?;
        let stored = self.text.get(from..from + usize::from(phrase.length))?;
        let same: fn(char, char) -> bool = if phrase.match_case {
            |a, b| a == b
        } else {
            |a, b| a == b || folded(a) == folded(b)
        };
        phrase_at(text, start, (stored, usize::from(phrase.lead)), same)
    }

    fn phrases_of(&self, node: &Node) -> &[Phrase] {
        let first = usize::try_from(node.first).unwrap_or(usize::MAX);
        let count = usize::try_from(node.count).unwrap_or(0);
        let range = first..first.saturating_add(count);
        self.phrases.get(range).unwrap_or_default()
    }

    fn node(&self, hash: u64) -> Option<&Node> {
        let mut at = self.home(hash);
        loop {
            let node = self.nodes.get(at)?;
            if node.hash == hash {
                return Some(node);
            }
            if node.hash == 0 {
                return None;
            }
            at = (at + 1) & (self.nodes.len() - 1);
        }
    }

    fn home(&self, hash: u64) -> usize {
        usize::try_from(hash & 0xFFFF_FFFF).unwrap_or(0) & (self.nodes.len().saturating_sub(1))
    }

    /// Index of a word of the filter, and the two bits in it.
    #[inline]
    fn filter_place(&self, hash: u64) -> (usize, u64) {
        let word = usize::try_from(hash >> 32).unwrap_or(0) & (self.filter.len().wrapping_sub(1));
        (word, (1 << (hash & 63)) | (1 << ((hash >> 6) & 63)))
    }
}

/// The hash of the words up to and with this one; never 0, which marks a free place.
fn path_of(before: u64, word: Word) -> u64 {
    scattered(before.rotate_left(1) ^ word.hash).max(1)
}

/// The phrase with one space wherever it has white space, and none around it.
pub(super) fn spaced_once(phrase: &str) -> String {
    let mut words = phrase.split_whitespace();
    let mut all = words.next().unwrap_or_default().to_owned();
    for word in words {
        all.push(' ');
        all.push_str(word);
    }
    all
}

/// The dictionaries whose words stand alone.
pub(super) fn of_whole_words<'s>(specs: impl Iterator<Item = (usize, &'s DetectorSpec)>) -> Table {
    let mut builder = Builder::default();
    for (detector, spec) in specs.filter(|(_, spec)| !spec.matching.part_of_word) {
        builder.add(detector, &spec.words, spec.matching);
    }
    builder.build()
}
