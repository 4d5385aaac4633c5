//! Words near a value that make it likelier.
//!
//! Owns the search for whole words within a distance. Leaves their weight to `likelihood`.
//! **Invariant:** a hotword counts only as a whole word, and never inside the value itself.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use shared::detector::Hotwords;

/// The hotwords of a detector, ready to search.
#[derive(Debug)]
pub(super) struct HotwordSearch {
    words: OnceLock<Option<AhoCorasick>>,
    list: Vec<String>,
    before: usize,
    after: usize,
}

impl HotwordSearch {
    /// Compiles a rule; none if it has no words or an empty one.
    pub(super) fn compile(rule: &Hotwords) -> Option<Self> {
        if rule.words.is_empty() || rule.words.iter().any(|word| word.trim().is_empty()) {
            return None;
        }
        let bytes = |distance: u32| usize::try_from(distance).unwrap_or(usize::MAX);
        Some(Self {
            words: OnceLock::new(),
            list: rule.words.clone(),
            before: bytes(rule.before),
            after: bytes(rule.after),
        })
    }

    /// The automaton, built when the first value is weighed.
    fn words(&self) -> Option<&AhoCorasick> {
        let built = self.words.get_or_init(|| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(&self.list)
                .ok()
        });
        built.as_ref()
    }

    /// Index of the first hotword before the value at `span`, else after it.
    pub(super) fn find(&self, text: &str, span: &Range<usize>) -> Option<usize> {
        let from = text.ceil_char_boundary(span.start.saturating_sub(self.before));
        let to = text.floor_char_boundary(span.end.saturating_add(self.after));
        self.find_in(text, from..span.start)
            .or_else(|| self.find_in(text, span.end..to))
    }

    fn find_in(&self, text: &str, window: Range<usize>) -> Option<usize> {
        let near = text.get(window.clone())?;
        self.words()?
            .find_overlapping_iter(near)
            .find(|hit| {
                let start = window.start + hit.start();
                let end = window.start + hit.end();
                is_whole_word(text, start..end)
            })
            .map(|hit| hit.pattern().as_usize())
    }
}

/// Whether no letter or digit continues the word on either side. An underscore ends a word, so that
/// `card` is one in `card_number`.
fn is_whole_word(text: &str, span: Range<usize>) -> bool {
    let word = text.get(span.clone()).unwrap_or_default();
    let joins = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(char::is_alphanumeric) && outer.is_some_and(char::is_alphanumeric)
    };
    let before = text
        .get(..span.start)
        .and_then(|head| head.chars().next_back());
    let after = text.get(span.end..).and_then(|tail| tail.chars().next());
    !joins(word.chars().next(), before) && !joins(word.chars().next_back(), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, value: &str) -> Option<usize> {
        let rule = Hotwords {
            words: vec!["card".to_owned(), "dl#".to_owned()],
            before: 10,
            after: 6,
            raise: 1,
            required: false,
        };
        let start = text.find(value).unwrap();
        HotwordSearch::compile(&rule)
            .unwrap()
            .find(text, &(start..start + value.len()))
    }

    #[test]
    fn finds_whole_words_only_without_regard_to_case() {
        assert_eq!(found("Card: 42", "42"), Some(0));
        assert_eq!(found("card_no 42", "42"), Some(0));
        assert_eq!(found("cardinal 42", "42"), None);
        assert_eq!(found("écard 42", "42"), None);
        assert_eq!(found("dl#42", "42"), Some(1));
    }

    #[test]
    fn a_word_counts_within_its_distance_only() {
        assert_eq!(found("card 12345 42", "42"), None);
        assert_eq!(found("42 card", "42"), Some(0));
        assert_eq!(found("42 ... card", "42"), None);
    }

    #[test]
    fn windows_are_cut_at_character_boundaries() {
        assert_eq!(found("card ééé 42", "42"), None);
        assert_eq!(found("card éé 42", "42"), Some(0));
    }
}
