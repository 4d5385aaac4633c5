//! Words inside longer words, for languages that put no spaces between them.
//!
//! Owns one automaton a dictionary. Letters beyond ASCII are looked for as written, in lower and in upper
//! case. **Invariant:** one pass a dictionary, however many words it has.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use shared::detector::{DetectorSpec, WordMatching};

use super::table::spaced_once;

/// One dictionary.
#[derive(Debug)]
pub(super) struct Partial {
    detector: usize,
    words: AhoCorasick,
}

impl Partial {
    /// None if there are no words, or too many for the automaton.
    pub(super) fn compile(detector: usize, spec: &DetectorSpec) -> Option<Self> {
        let WordMatching { match_case, .. } = spec.matching;
        let mut words: Vec<String> = Vec::with_capacity(spec.words.len());
        for word in &spec.words {
            let word = spaced_once(word);
            if !match_case && !word.is_ascii() {
                words.push(word.to_lowercase());
                words.push(word.to_uppercase());
            }
            words.push(word);
        }
        let words = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .ascii_case_insensitive(!match_case)
            .match_kind(MatchKind::LeftmostLongest)
            .build(words)
            .ok()?;
        Some(Self { detector, words })
    }

    pub(super) fn each(&self, text: &str, found: &mut dyn FnMut(usize, Range<usize>)) {
        for hit in self.words.find_iter(text) {
            found(self.detector, hit.range());
        }
    }
}
