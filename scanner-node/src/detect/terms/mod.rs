//! Dictionaries: up to a hundred thousand words and phrases in one pass.
//!
//! Owns finding them. A text is cut into words, each is hashed as it is read, and almost all of them end at
//! a bitmap that holds one bit for each first word of a phrase; what passes is looked up and then compared
//! character by character. Leaves weighing to `likelihood`.
//! **Invariant:** the time a text takes does not depend on how many words there are, and a text without
//! any of them allocates nothing.

mod partial;
mod table;
pub(super) mod words;

use std::ops::Range;

use shared::detector::{DetectorSpec, Kind};

use self::partial::Partial;
use self::table::Table;

/// All dictionaries of a set.
#[derive(Debug, Default)]
pub(super) struct Terms {
    whole: Table,
    partial: Vec<Partial>,
}

impl Terms {
    /// Compiles the dictionaries among `specs`; a detector's number is its place there.
    pub(super) fn compile(specs: &[DetectorSpec]) -> Self {
        let dictionaries = || {
            let numbered = specs.iter().enumerate();
            numbered.filter(|(_, spec)| spec.kind == Kind::Dictionary)
        };
        Self {
            whole: table::of_whole_words(dictionaries()),
            partial: dictionaries()
                .filter(|(_, spec)| spec.matching.part_of_word)
                .filter_map(|(detector, spec)| Partial::compile(detector, spec))
                .collect(),
        }
    }

    /// Tells `found` the detector and place of every word in `text`.
    pub(super) fn each(&self, text: &str, found: &mut dyn FnMut(usize, Range<usize>)) {
        if !self.whole.is_empty() {
            self.whole.each(text, found);
        }
        for partial in &self.partial {
            partial.each(text, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use shared::content::TextUnit;
    use shared::detector::{DetectorSet, WordMatching};

    use super::words::folded;
    use super::*;
    use crate::detect::{Engine, Scratch};

    fn dictionary(id: &str, words: &[String], matching: WordMatching) -> DetectorSpec {
        serde_json::from_value(json!({
            "id": id, "name": id, "info_type": "TERM", "kind": "dictionary", "words": words,
            "matching": matching, "likelihood": "LIKELY", "severity": "LOW",
        }))
        .unwrap()
    }

    fn spans(words: &[&str], matching: WordMatching, text: &str) -> Vec<Range<usize>> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let mut spans = Vec::new();
        let specs = [dictionary("terms", &words, matching)];
        Terms::compile(&specs).each(text, &mut |_, span| spans.push(span));
        spans.sort_by_key(|span| (span.start, span.end));
        spans
    }

    #[test]
    fn words_and_phrases_are_found_whole() {
        let found = |text| {
            spans(
                &["aurora", "Top Secret", "C++", "geheim"],
                WordMatching::default(),
                text,
            )
        };
        assert_eq!(found("Project AURORA_1 is top\n  secret"), [8..14, 20..32]);
        assert_eq!(
            found("auroras, stop secret, geheimnis"),
            [] as [Range<usize>; 0]
        );
        assert_eq!(found("in C++, GEHEIM"), [3..6, 8..14]);
    }

    #[test]
    fn case_matters_if_it_is_told_to() {
        let matching = WordMatching {
            match_case: true,
            ..WordMatching::default()
        };
        let found = spans(&["Aurora"], matching, "aurora AURORA Aurora");
        assert_eq!((found.len(), found[0].start), (1, 14));
    }

    #[test]
    fn a_word_inside_a_word_is_found_if_it_is_told_to() {
        let matching = WordMatching {
            part_of_word: true,
            ..WordMatching::default()
        };
        let text = "これは極秘資料です ÜBERGEHEIM";
        let found = spans(&["極秘", "übergeheim"], matching, text);
        let found: Vec<&str> = found
            .into_iter()
            .map(|span| text.get(span).unwrap())
            .collect();
        assert_eq!(found, ["極秘", "ÜBERGEHEIM"]);
    }

    #[test]
    fn a_dictionary_s_words_are_weighed_like_any_match() {
        let mut spec = dictionary(
            "terms",
            &["aurora".to_owned(), "aurora beta".to_owned()],
            WordMatching::default(),
        );
        spec.hotwords = serde_json::from_value(json!({"words": ["codename"]})).unwrap();
        spec.exclusions =
            serde_json::from_value(json!([{"pattern": "^Aurora$", "reason": "the town"}])).unwrap();
        let engine = Engine::compile(&DetectorSet::of([spec]).unwrap()).unwrap();
        let unit = TextUnit::plain("Aurora, codename aurora beta");
        let scan = engine.scan(&unit, &mut Scratch::new());
        assert_eq!(scan, engine.scan_unfiltered(&unit, &mut Scratch::new()));
        assert_eq!(scan.matches.len(), 1);
        assert_eq!(scan.matches[0].span, 17..28);
        assert_eq!(scan.matches[0].likelihood.as_str(), "VERY_LIKELY");
        let reasons: Vec<&str> = scan.matches[0]
            .evidence
            .iter()
            .map(|e| e.reason.as_str())
            .collect();
        assert_eq!(
            reasons,
            [
                "word of dictionary `terms`, LIKELY",
                "hotword `codename` nearby"
            ]
        );
    }

    /// Every place where the folded characters of a phrase stand, tried one by one.
    fn naive(phrase: &str, text: &str) -> Vec<Range<usize>> {
        let phrase: Vec<char> = table::spaced_once(phrase).chars().map(folded).collect();
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let mut found = Vec::new();
        for begin in 0..chars.len() {
            let mut at = begin;
            let fits = phrase.iter().all(|&expected| {
                let Some(&(_, c)) = chars.get(at) else {
                    return false;
                };
                at += 1;
                if expected != ' ' {
                    return folded(c) == expected;
                }
                while chars.get(at).is_some_and(|(_, c)| c.is_whitespace()) {
                    at += 1;
                }
                c.is_whitespace()
            });
            let joins = |inner: char, outer: Option<&(usize, char)>| {
                inner.is_alphanumeric() && outer.is_some_and(|(_, c)| c.is_alphanumeric())
            };
            let before = begin.checked_sub(1).and_then(|before| chars.get(before));
            if fits && !joins(phrase[0], before) && !joins(phrase[phrase.len() - 1], chars.get(at))
            {
                let end = chars.get(at).map_or(text.len(), |(end, _)| *end);
                found.push(chars[begin].0..end);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn finds_what_looking_everywhere_finds(
            phrases in prop::collection::vec("[aAbBäÄß1#. ]{0,5}[abÄσ][aAbBä+ .]{0,4}", 1..12),
            text in "[aAbBäÄß1#.+ \nσΣ]{0,60}",
        ) {
            let words: Vec<&str> = phrases.iter().map(String::as_str).collect();
            let found = spans(&words, WordMatching::default(), &text);
            let mut expected: Vec<Range<usize>> = phrases.iter()
                .map(|phrase| table::spaced_once(phrase).to_lowercase())
                .collect::<std::collections::BTreeSet<_>>().iter()
                .flat_map(|phrase| naive(phrase, &text)).collect();
            expected.sort_by_key(|span| (span.start, span.end));
            expected.dedup();
            let mut found = found;
            found.dedup();
            prop_assert_eq!(found, expected);
        }
    }
}
