//! What can be seen to be wrong with a detector without compiling it.
//!
//! Owns the limits of every field, and which fields belong to which kind. Leaves the words for what is wrong to
//! `fault`, patterns and validators to the engine.
//! **Invariant:** every field that an admin may fill is capped.

use super::{DetectorSpec, Kind, SpecError, SpecFault};

impl DetectorSpec {
    /// Longest id, in bytes.
    pub const MAX_ID_BYTES: usize = 100;
    /// Longest name, in bytes.
    pub const MAX_NAME_BYTES: usize = 200;
    /// Longest description or handling, in bytes.
    pub const MAX_PROSE_BYTES: usize = 8_192;
    /// Most patterns.
    pub const MAX_PATTERNS: usize = 64;
    /// Longest pattern, also of an exclusion, in bytes.
    pub const MAX_PATTERN_BYTES: usize = 4_096;
    /// Most words of a dictionary.
    pub const MAX_WORDS: usize = 100_000;
    /// Most words of a dictionary that looks inside longer words.
    pub const MAX_PARTIAL_WORDS: usize = 10_000;
    /// Longest word, phrase or hotword, in bytes.
    pub const MAX_WORD_BYTES: usize = 200;
    /// Most words in a phrase.
    pub const MAX_PHRASE_WORDS: usize = 16;
    /// Most hotwords, and most names of an exclusion.
    pub const MAX_HOTWORDS: usize = 200;
    /// Farthest that a hotword counts from, in bytes.
    pub const MAX_HOTWORD_REACH: u32 = 1_000;
    /// Most exclusions.
    pub const MAX_EXCLUSIONS: usize = 64;
    /// Most examples, counter-examples or references.
    pub const MAX_EXAMPLES: usize = 100;
    /// Longest example, counter-example or reference, in bytes.
    pub const MAX_EXAMPLE_BYTES: usize = 8_192;

    /// Checks what can be checked without compiling.
    ///
    /// # Errors
    /// The first thing that is wrong; permanent until the detector is changed.
    pub fn check(&self) -> Result<(), SpecError> {
        match self.faults().into_iter().next() {
            None => Ok(()),
            Some(fault) => Err(SpecError::Unusable {
                detector: self.id.clone(),
                fault,
            }),
        }
    }

    /// Everything that is wrong and can be seen without compiling.
    pub fn faults(&self) -> Vec<SpecFault> {
        let mut faults = Vec::new();
        self.check_words_about_it(&mut faults);
        match self.kind {
            Kind::Regex => self.check_patterns(&mut faults),
            Kind::Dictionary => self.check_words(&mut faults),
            Kind::ExactDataMatch => match &self.exact_data {
                Some(rows) => rows.check(&mut faults),
                None => faults.push(SpecFault::NoExactData),
            },
            Kind::DocumentFingerprint => self.check_fingerprints(&mut faults),
        }
        self.check_belongings(&mut faults);
        self.check_evidence(&mut faults);
        faults
    }

    fn check_words_about_it(&self, faults: &mut Vec<SpecFault>) {
        let id = self.id.as_str();
        let well_formed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let inner = |b: u8| well_formed(b) || b == b'-' || b == b'_';
        if id.len() > Self::MAX_ID_BYTES
            || !id.bytes().next().is_some_and(well_formed)
            || !id.bytes().all(inner)
        {
            faults.push(SpecFault::BadId);
        }
        if self.name.trim().is_empty() {
            faults.push(SpecFault::NoName);
        }
        for (field, text, max) in [
            ("name", &self.name, Self::MAX_NAME_BYTES),
            ("description", &self.description, Self::MAX_PROSE_BYTES),
            ("handling", &self.handling, Self::MAX_PROSE_BYTES),
        ] {
            if text.len() > max {
                faults.push(SpecFault::TooLong { field, max });
            }
        }
        for (field, list) in [
            ("references", &self.references),
            ("examples", &self.examples),
            ("counter_examples", &self.counter_examples),
        ] {
            let max = Self::MAX_EXAMPLE_BYTES;
            check_list(faults, field, list, (Self::MAX_EXAMPLES, max));
        }
    }

    fn check_patterns(&self, faults: &mut Vec<SpecFault>) {
        if self.patterns.iter().all(String::is_empty) {
            faults.push(SpecFault::NoPattern);
        }
        let limits = (Self::MAX_PATTERNS, Self::MAX_PATTERN_BYTES);
        check_list(faults, "patterns", &self.patterns, limits);
    }

    fn check_words(&self, faults: &mut Vec<SpecFault>) {
        if self.words.is_empty() {
            faults.push(SpecFault::NoWords);
        }
        let most = if self.matching.part_of_word {
            Self::MAX_PARTIAL_WORDS
        } else {
            Self::MAX_WORDS
        };
        check_list(faults, "words", &self.words, (most, Self::MAX_WORD_BYTES));
        for (number, word) in (1..).zip(&self.words) {
            let parts = word.split(|c: char| !c.is_alphanumeric());
            let parts = parts.filter(|part| !part.is_empty()).count();
            if parts == 0 {
                faults.push(SpecFault::BareWord { number });
            }
            if parts > Self::MAX_PHRASE_WORDS {
                faults.push(SpecFault::LongPhrase { number });
            }
        }
    }

    fn check_fingerprints(&self, faults: &mut Vec<SpecFault>) {
        match &self.fingerprints {
            Some(documents) => documents.check(faults),
            None => faults.push(SpecFault::NoFingerprints),
        }
        let fields = [
            ("validator", self.validator.is_some()),
            ("hotwords", self.hotwords.is_some()),
            ("exclusions", !self.exclusions.is_empty()),
            (
                "min_entropy_millibits",
                self.min_entropy_millibits.is_some(),
            ),
        ];
        let given = fields.into_iter().filter(|(_, given)| *given);
        faults.extend(given.map(|(field, _)| SpecFault::NoValue { field }));
    }

    fn check_belongings(&self, faults: &mut Vec<SpecFault>) {
        let fields = [
            ("patterns", Kind::Regex, self.patterns.is_empty()),
            ("words", Kind::Dictionary, self.words.is_empty()),
            (
                "matching",
                Kind::Dictionary,
                self.matching == super::WordMatching::default(),
            ),
            (
                "exact_data",
                Kind::ExactDataMatch,
                self.exact_data.is_none(),
            ),
            (
                "fingerprints",
                Kind::DocumentFingerprint,
                self.fingerprints.is_none(),
            ),
        ];
        for (field, owner, absent) in fields {
            if !absent && owner != self.kind {
                let kind = self.kind;
                faults.push(SpecFault::Foreign { field, owner, kind });
            }
        }
    }

    fn check_evidence(&self, faults: &mut Vec<SpecFault>) {
        if let Some(hotwords) = &self.hotwords {
            let limits = (Self::MAX_HOTWORDS, Self::MAX_WORD_BYTES);
            check_list(faults, "hotwords", &hotwords.words, limits);
            if hotwords.before.max(hotwords.after) > Self::MAX_HOTWORD_REACH {
                faults.push(SpecFault::FarHotwords);
            }
        }
        let patterns = self.exclusions.iter().map(|exclusion| &exclusion.pattern);
        let limits = (Self::MAX_EXCLUSIONS, Self::MAX_PATTERN_BYTES);
        check_list(faults, "exclusions", patterns, limits);
        let limits = (Self::MAX_HOTWORDS, Self::MAX_WORD_BYTES);
        for (number, exclusion) in (1..).zip(&self.exclusions) {
            check_list(faults, "named", &exclusion.named, limits);
            if !exclusion.named.is_empty() && exclusion.lower.is_none() {
                faults.push(SpecFault::HidingName { number });
            }
        }
    }
}

/// Checks how many entries a list has, and how long each is: `(entries, bytes)` are the most.
fn check_list<'a>(
    faults: &mut Vec<SpecFault>,
    field: &'static str,
    list: impl IntoIterator<Item = &'a String>,
    (entries, bytes): (usize, usize),
) {
    let mut count = 0;
    for entry in list {
        count += 1;
        if entry.len() > bytes && count <= entries {
            faults.push(SpecFault::EntryTooLong {
                field,
                number: count,
                max: bytes,
            });
        }
    }
    if count > entries {
        faults.push(SpecFault::TooMany {
            field,
            count,
            max: entries,
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn faults_of(extra: &Value) -> Vec<String> {
        let mut spec = json!({
            "id": "a", "name": "A", "info_type": "A", "likelihood": "LIKELY", "severity": "LOW",
        });
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let spec: DetectorSpec = serde_json::from_value(spec).unwrap();
        spec.faults().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_detector_of_each_kind_is_sound() {
        for sound in [
            json!({"patterns": ["x+"]}),
            json!({"kind": "regex", "patterns": ["x+"], "hotwords": {"words": ["badge"]}}),
            json!({"kind": "dictionary", "words": ["project aurora"], "matching": {"match_case": true}}),
            json!({"kind": "exact_data_match", "exact_data": {"columns": ["id", "name"], "index": "AA=="}}),
            json!({"kind": "document_fingerprint", "fingerprints": {"documents": ["a.txt"], "index": "AA=="}}),
        ] {
            assert_eq!(faults_of(&sound), [""; 0]);
        }
    }

    #[test]
    fn a_kind_lacks_what_it_needs_and_has_what_is_not_its_own() {
        let faults = faults_of(&json!({"kind": "dictionary", "patterns": ["x"]}));
        insta::assert_snapshot!(faults.join("\n"), @"
        there are no words; give at least one, or choose another `kind`
        `patterns` belongs to kind `regex`, this one is `dictionary`; take it out or change the `kind`
        ");
        let faults = faults_of(&json!({"words": ["x"], "matching": {"part_of_word": true}}));
        insta::assert_snapshot!(faults.join("\n"), @"
        there is no pattern; give at least one, or choose another `kind`
        `words` belongs to kind `dictionary`, this one is `regex`; take it out or change the `kind`
        `matching` belongs to kind `dictionary`, this one is `regex`; take it out or change the `kind`
        ");
    }

    #[test]
    fn an_exact_data_match_is_told_what_it_lacks_and_what_is_too_much() {
        assert_eq!(
            faults_of(&json!({"kind": "exact_data_match"})),
            ["there is no `exact_data`; make it with `weir edm build`, or choose another `kind`"]
        );
        let faults = faults_of(&json!({"kind": "exact_data_match", "exact_data": {
            "columns": ["x".repeat(201), "b"], "min_corroborating": 2, "window": 2_001, "index": "",
        }}));
        insta::assert_snapshot!(faults.join("\n"), @"
        entry 1 of `columns` is longer than 200 bytes; shorten or split it
        `min_corroborating` is more than the 1 columns besides the primary one; lower it
        other values count up to 2000 bytes from the primary one; lower `window`
        ");
        let faults =
            faults_of(&json!({"patterns": ["x"], "exact_data": {"columns": [], "index": ""}}));
        insta::assert_snapshot!(faults.join("\n"), @"
        `exact_data` belongs to kind `exact_data_match`, this one is `regex`; take it out or change the `kind`
        ");
    }

    #[test]
    fn a_document_fingerprint_is_told_what_it_lacks_and_what_does_not_weigh_documents() {
        assert_eq!(
            faults_of(
                &json!({"kind": "document_fingerprint", "exclusions": [{"pattern": "x", "reason": "r"}]})
            ),
            [
                "there are no `fingerprints`; make them with `weir fingerprint build`, or choose another `kind`",
                "`exclusions` weighs a value, and a document is none; take it out",
            ]
        );
        let faults = faults_of(
            &json!({"kind": "document_fingerprint", "validator": "luhn", "fingerprints": {
                "documents": ["x".repeat(201), " ", "a\u{7}"], "threshold_percent": 0, "index": "",
            }}),
        );
        insta::assert_snapshot!(faults.join("\n"), @"
        entry 1 of `documents` is longer than 200 bytes; shorten or split it
        document 2 has no name, or control characters in it; give it another
        document 3 has no name, or control characters in it; give it another
        `threshold_percent` is not between 1 and 100; 30 is usual
        `validator` weighs a value, and a document is none; take it out
        ");
    }

    #[test]
    fn every_limit_is_named_with_its_figure() {
        let long = "x".repeat(9_000);
        let faults = faults_of(&json!({
            "id": "Not An Id", "name": " ", "description": long, "patterns": [long, "y"],
            "hotwords": {"words": vec!["w"; 201], "before": 1_001},
            "exclusions": [{"pattern": long, "reason": "r", "named": ["order"]}], "examples": vec!["e"; 101],
        }));
        insta::assert_snapshot!(faults.join("\n"), @"
        the id is not usable; give 1 to 100 lower-case letters, digits, hyphens and underscores, beginning with a letter or digit
        there is no name; say in a few words what it finds
        `description` is longer than 8192 bytes; shorten it
        `examples` has 101 entries; at most 100 are taken
        entry 1 of `patterns` is longer than 4096 bytes; shorten or split it
        `hotwords` has 201 entries; at most 200 are taken
        hotwords count up to 1000 bytes from the value; lower `before` and `after`
        entry 1 of `exclusions` is longer than 4096 bytes; shorten or split it
        exclusion 1 goes by what a value is named and has no `lower`; give the steps, since a word must not hide a value
        ");
    }

    #[test]
    fn words_are_checked_one_by_one() {
        let phrase = "a ".repeat(17);
        let faults = faults_of(&json!({
            "kind": "dictionary", "words": ["fine", "***", phrase, "x".repeat(201)],
        }));
        insta::assert_snapshot!(faults.join("\n"), @"
        entry 4 of `words` is longer than 200 bytes; shorten or split it
        word 2 has no letter or digit; take it out, or use kind `regex`
        phrase 3 has more than 16 words; keep its most telling ones
        ");
        let words: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
        let faults = faults_of(&json!({
            "kind": "dictionary", "words": words, "matching": {"part_of_word": true},
        }));
        assert_eq!(
            faults,
            ["`words` has 10001 entries; at most 10000 are taken"]
        );
    }
}
