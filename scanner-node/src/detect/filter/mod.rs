//! Where in a text a pattern is worth running.
//!
//! From each pattern's syntax tree it is read which sequences of symbol sets its matches contain (`shape`). Each
//! is entered at an `anchor`: where a word or number starts, mostly. One pass finds these (`stops`) and asks for
//! all sequences at once whether anything begins like this: by spelling, by the kinds of its bytes, by its
//! length. What may begin is then told apart by automata (`lanes`). Where a detector requires a hotword, its
//! numbers wait, and hotwords are looked for only around what waits (`sightings`).
//! What is made of ordinary words is known by their rhythm (`rhythm`).
//! Patterns without an anchor or a rhythm run always. Leaves running the patterns to `matcher`.
//! **Invariant:** for each match of a pattern, wherever it begins, a place is reported that says so, unless it
//! needs a hotword and none stands near; the places of a pattern are reported in order.

mod anchor;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod bits;
mod block;
mod build;
mod cover;
mod kinds;
mod lanes;
mod literals;
mod probe;
mod rarity;
mod rhythm;
mod sequence;
mod shape;
mod sightings;
mod spelling;
mod stops;
mod tree;

use self::kinds::Kinds;
use self::lanes::Lanes;
use self::probe::{Gated, Probe};
use self::rhythm::Phrases;
use self::sightings::{STRETCH, Waiting};
use self::stops::{Signs, Stop};
use self::tree::Tree;

pub(super) use self::build::Wanted;
pub(super) use self::cover::needed;
pub(super) use self::sightings::Sightings;

/// So few numbers in a stretch are read before hotwords are looked for.
const FEW_NUMBERS: usize = 16;

/// The filter over all patterns of an engine.
#[derive(Debug)]
pub(super) struct Filter {
    always: Vec<usize>,
    phrases: Phrases,
    probes: Vec<Probe>,
    patterns: Lanes,
    /// Numbers that count beside a hotword only.
    gated_numbers: (Kinds, Tree),
    hotwords: Lanes,
}

/// A place that a pattern's match may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the pattern.
    pub(super) pattern: usize,
    /// Bytes before the anchor, plus one: 0 is the edge before the text.
    pub(super) at: usize,
    /// Where a match of this place begins, at most.
    pub(super) last: usize,
    /// Where a match of this place or of a later one of the pattern begins, at least; none: anywhere.
    pub(super) earliest: Option<usize>,
    /// Where a match of this place ends, at most.
    pub(super) until: usize,
}

impl Filter {
    /// Patterns that have to run on every text.
    pub(super) fn always(&self) -> &[usize] {
        &self.always
    }

    /// Goes on as on a processor without vector instructions.
    pub(super) fn leave_vectors(&mut self) {
        #[cfg(target_arch = "x86_64")]
        for lanes in [&mut self.patterns, &mut self.hotwords] {
            lanes.stops.avx2 = None;
        }
    }

    /// Reports every place where a pattern may match; those of one pattern in order. Says whether the text
    /// might be read in another way too.
    pub(super) fn each(
        &self,
        text: &[u8],
        sightings: &mut Sightings,
        mut report: impl FnMut(Place),
    ) -> bool {
        sightings.clear();
        let mut pass = self.patterns.stops.pass(text, 0);
        for (stretch, start) in (0..text.len()).step_by(STRETCH).enumerate() {
            let end = start + STRETCH;
            self.patterns.stops.until(&mut pass, end, |stop| {
                self.look_closer(text, stop, sightings, &mut report);
            });
            self.settle(text, stretch, sightings, &mut report);
        }
        if let Some(stop) = pass.last_words(self.patterns.stops.rhythm) {
            self.look_closer(text, stop, sightings, &mut report);
        }
        pass.is_of_note()
    }

    /// Finds out which sequences stand where the pass has stopped.
    fn look_closer(
        &self,
        text: &[u8],
        stop: Stop,
        sightings: &mut Sightings,
        report: &mut impl FnMut(Place),
    ) {
        let Waiting {
            numbers, standing, ..
        } = &mut sightings.waiting;
        let at = stop.at;
        if stop.signs.has(Signs::WORDS) {
            return self.phrases.places(stop.since..at).for_each(report);
        }
        self.patterns.read(text, stop, &mut |number| {
            let Some(probe) = self.standing((number, at), text) else {
                return;
            };
            for aim in probe.open() {
                report(probe.place(aim, at));
            }
            // Numbers are looked at when they have waited.
            if probe.lane != anchor::Lane::Kinds && probe.is_for(Gated::Yes) {
                standing.push((number, at));
            }
        });
        let (kinds, _) = &self.gated_numbers;
        if stop.number.is_some_and(|shape| kinds.may_be(shape)) {
            numbers.push(at);
        }
    }

    /// The sequence of a probe, if it stands there.
    fn standing(&self, (number, at): (u32, usize), text: &[u8]) -> Option<&Probe> {
        let probe = self.probes.get(number as usize);
        probe.filter(|probe| probe.stands(text, at))
    }

    /// Lets through what waits in a stretch and has a hotword near.
    fn settle(
        &self,
        text: &[u8],
        stretch: usize,
        sightings: &mut Sightings,
        report: &mut impl FnMut(Place),
    ) {
        let mut waiting = std::mem::take(&mut sightings.waiting);
        // Few numbers are soon read; before many are, it is worth knowing whether any could count.
        if waiting.numbers.len() > FEW_NUMBERS {
            self.look_for_words(text, stretch, sightings);
            if !sightings.any() {
                waiting.numbers.clear();
            }
        }
        self.read_numbers(text, &mut waiting);
        if !waiting.standing.is_empty() {
            self.look_for_words(text, stretch, sightings);
            self.let_through(&mut waiting, sightings);
            waiting.places.iter().for_each(|place| report(*place));
        }
        sightings.waiting = waiting;
        sightings.next();
    }

    /// Finds the sequences of the numbers that wait.
    fn read_numbers(&self, text: &[u8], waiting: &mut Waiting) {
        let Waiting {
            numbers, standing, ..
        } = waiting;
        for &at in &*numbers {
            let (_, tree) = &self.gated_numbers;
            tree.read(text, at, |number| {
                standing.extend(self.standing((number, at), text).map(|_| (number, at)));
            });
        }
    }

    /// Finds the places that have a hotword near.
    fn let_through(&self, waiting: &mut Waiting, sightings: &Sightings) {
        let Waiting {
            standing, places, ..
        } = waiting;
        for &(number, at) in &*standing {
            let Some(probe) = self.probes.get(number as usize) else {
                continue;
            };
            probe.each_gated(sightings, |aim| places.push(probe.place(aim, at)));
        }
        places.sort_by_key(|place| place.at);
    }

    /// Finds the hotwords around a stretch.
    fn look_for_words(&self, text: &[u8], stretch: usize, sightings: &mut Sightings) {
        sightings.look_around(stretch, |stretch, gates| {
            let stops = &self.hotwords.stops;
            let mut pass = stops.pass(text, (stretch * STRETCH).min(text.len()));
            stops.until(&mut pass, (stretch + 1) * STRETCH, |stop| {
                self.hotwords.read(text, stop, &mut |number| {
                    if let Some(probe) = self.standing((number, stop.at), text) {
                        probe.gates.iter().for_each(|gate| gates.open(*gate));
                    }
                });
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use proptest::test_runner::TestCaseResult;
    use regex_syntax::hir::Hir;

    use super::*;

    fn parse(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .unwrap()
    }

    fn filter(patterns: &[&str]) -> Filter {
        let hirs: Vec<Hir> = patterns.iter().map(|pattern| parse(pattern)).collect();
        Filter::build(hirs.iter().zip(0..).map(|(hir, detector)| Wanted {
            hir,
            detector,
            hotwords: None,
        }))
    }

    fn places(filter: &Filter, text: &str) -> Vec<Place> {
        let mut found = Vec::new();
        filter.each(text.as_bytes(), &mut Sightings::default(), |place| {
            found.push(place);
        });
        found
    }

    #[test]
    fn a_number_of_another_length_is_no_place() {
        let filter = filter(&[r"\b\d{9}\b"]);
        assert_eq!(places(&filter, "ticket 123456789 is open").len(), 1);
        assert_eq!(places(&filter, "123456789").len(), 1);
        assert_eq!(places(&filter, "ticket 1234567890 or 12345678"), []);
    }

    #[test]
    fn a_token_is_found_by_its_prefix_in_either_case() {
        let filter = filter(&[r"(?i)\bghp_[0-9a-z]{36}\b"]);
        let token = format!("{}_{}", "GHp", "a1".repeat(18));
        assert_eq!(places(&filter, &format!("see {token}, or ghp_x")).len(), 1);
    }

    #[test]
    fn a_pattern_with_nothing_rare_runs_always() {
        assert_eq!(filter(&[r"[a-z]+", r"\b\d{9}"]).always(), [0]);
    }

    #[test]
    fn names_are_looked_for_wherever_they_stand() {
        let names = r"(?i)(?:secret|token|api[_ -]?key|dsn|creds)(?:[\w .-]{0,20}?key)?\s?[=:](?<value>\w{8})";
        let password = r#"(?i)(?:passw(?:or)?d|senha|пароль|(?:^|[^A-Za-z0-9])(?:pass|pwd|pw)\b)["'*]{0,3}(?:\s{0,3}(?:is|=)|>)(?<value>[^\s]{5,9})"#;
        let filter = filter(&[names, password]);
        assert_eq!(filter.always(), [0_usize; 0]);
        assert!(!places(&filter, "the myauthtoken=abcd1234").is_empty());
        assert!(!places(&filter, "DBPASSWORD=abcd1234").is_empty());
    }

    const PATTERNS: &[&str] = &[
        r"(?i)ab(?:c|de)f?\d",
        r"[ab]{2,3}c@",
        r"\d{2}-\d{3}",
        r"(?:abc|abd)+e",
        r"a[^b]c@",
        r"(?i)\bkey\b",
        r"x?abc|bca",
        r"(?:ab){2}",
        r"[a-c]+@[a-c]+",
        r"^abc$",
        r"(?:^|[^\w.-]|\W[.-])(?:\d{4}[ -]?){3}(?:$|[^\w-])",
        r"\b\d{3}(?:[ .-]?\d{2}){2,4}\b",
        r"(?m)^key\d$",
        r"key\s*=\s*[a-z0-9]{4,}",
    ];

    static FILTER: LazyLock<Filter> = LazyLock::new(|| filter(PATTERNS));

    /// The filter of a processor without vector instructions.
    static PORTABLE: LazyLock<Filter> = LazyLock::new(|| {
        let mut filter = filter(PATTERNS);
        filter.leave_vectors();
        filter
    });

    /// Checks that each match of a pattern that does not run always has a place.
    fn each_match_has_a_place(filter: &Filter, patterns: &[&str], text: &str) -> TestCaseResult {
        let found = places(filter, text);
        for (pattern, source) in patterns.iter().enumerate() {
            if filter.always().contains(&pattern) {
                continue;
            }
            let regex = regex::bytes::RegexBuilder::new(source)
                .unicode(false)
                .build()
                .unwrap();
            for hit in regex.find_iter(text.as_bytes()) {
                let is_of = |place: &Place| {
                    place.pattern == pattern
                        && hit.start() <= place.last
                        && hit.end() <= place.until
                        && place
                            .earliest
                            .is_none_or(|earliest| earliest <= hit.start())
                };
                prop_assert!(found.iter().any(is_of), "{source} {hit:?}");
            }
        }
        Ok(())
    }

    const PHRASES: &[&str] = &[
        r"[a-z]{2,4}(?:[ ,.]{1,2}[a-z]{2,4}){7,9}",
        r"(?i)(?:^|[-.])(?<value>[a-z]{2,4}(?:\d? [a-z]{2,4}){6,})(?:$|[^a-z])",
    ];

    #[test]
    fn words_in_a_row_are_seen_wherever_blocks_end() {
        let filter = filter(PHRASES);
        assert_eq!(filter.always(), [0_usize; 0]);
        for before in 0..130 {
            let text = format!("{}, {}", "x".repeat(before), "word ".repeat(9));
            each_match_has_a_place(&filter, PHRASES, &text).unwrap();
            assert!(!places(&filter, &text).is_empty());
        }
        assert_eq!(places(&filter, &"a longest word ".repeat(50)), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_match_contains_a_place_of_its_pattern(
            text in "[abcdefkeyxABCKEY0-9@ =.\n-]{0,70}",
        ) {
            each_match_has_a_place(&FILTER, PATTERNS, &text)?;
        }

        #[test]
        fn every_phrase_contains_a_place_of_its_pattern(
            text in "[-.x]?([a-zA-Z]{2,4}[ ,.]{1,2}){4,12}[0-9]?[a-z]{1,5}([ ,.]{1,3}[a-z]{2,4}){4,30}[ 0-9]?",
        ) {
            each_match_has_a_place(&filter(PHRASES), PHRASES, &text)?;
        }

        #[test]
        fn with_and_without_vectors_the_places_are_the_same_and_in_order(
            text in "[abcdefkeyxABCKEY0-9@ =.\n-]{0,200}",
        ) {
            let found = places(&FILTER, &text);
            prop_assert_eq!(&found, &places(&PORTABLE, &text));
            for pattern in 0..PATTERNS.len() {
                let of = found.iter().filter(|place| place.pattern == pattern);
                prop_assert!(of.is_sorted_by_key(|place| place.at));
            }
        }
    }
}
