//! Where in a text a pattern is worth running.
//!
//! From each pattern's syntax tree it is read which sequences of symbol sets its matches contain (`shape`); of
//! each sequence the rarest window of four symbols is what the text is searched for, all patterns at once. The
//! windows are sorted into buckets (`buckets`); a vector look (`avx2`) or a portable one finds positions; a
//! tree per bucket (`tree`) tells which whole sequences stand there. Patterns without a rare window run always.
//! Leaves running the patterns to `matcher`.
//! **Invariant:** each match of a pattern, wherever it begins, contains a place that is reported for the
//! pattern; places are reported in order. The two looks report the same.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod buckets;
mod class;
mod cover;
mod rarity;
mod sequence;
mod shape;
mod tree;

use regex_syntax::hir::Hir;

use self::buckets::{Tables, Window};
use self::class::Set;
use self::cover::{Cover, Distance};
use self::rarity::WIDTH;
use self::tree::{Tree, symbol_at};

pub(super) use self::cover::needed;

/// The filter over all patterns of an engine.
#[derive(Debug)]
pub(super) struct Filter {
    always: Vec<usize>,
    probes: Vec<Probe>,
    tables: Tables,
    trees: Vec<Tree>,
    #[cfg(target_arch = "x86_64")]
    vector: Option<avx2::Avx2>,
}

/// One sequence of one pattern.
#[derive(Debug)]
struct Probe {
    pattern: usize,
    sequence: Vec<Set>,
    /// Where in the sequence its window begins.
    window_at: usize,
    before: Distance,
    /// The most that `before` and `window_at` come to, over all probes of the pattern.
    reach: Option<usize>,
}

/// A place that a pattern's match may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the pattern.
    pub(super) pattern: usize,
    /// Bytes before the window, plus one: 0 is the edge before the text. A match of this place begins at this
    /// byte or earlier.
    pub(super) at: usize,
    /// Where a match of this place begins, at least and at most.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Where a match of this place or of a later one of the pattern begins, at least; none: anywhere.
    pub(super) earliest: Option<usize>,
}

impl Filter {
    /// Derives the filter of `patterns`, each with the words of which it requires one nearby, or none.
    pub(super) fn build<'h>(patterns: impl Iterator<Item = (&'h Hir, &'h [String])>) -> Self {
        let mut always = Vec::new();
        let mut probes = Vec::new();
        for (pattern, (hir, words)) in patterns.enumerate() {
            match shape::cover(hir).or_else(|| cover::cover_of_words(words)) {
                Some(cover) => probes.extend(Probe::all_of(pattern, cover)),
                None => always.push(pattern),
            }
        }
        let windows: Vec<Window> = probes.iter().map(Probe::window).collect();
        let (bucket_of, buckets) = buckets::sort(&windows);
        let trees = (0..buckets.len())
            .map(|bucket| {
                let inside = (0_u32..).zip(&probes).zip(&bucket_of);
                let sequences: Vec<(u32, &[Set])> = inside
                    .filter(|(_, of)| **of == bucket)
                    .map(|((number, probe), _)| (number, probe.rest()))
                    .collect();
                Tree::of(&sequences)
            })
            .collect();
        Self {
            always,
            tables: Tables::of(&buckets),
            trees,
            #[cfg(target_arch = "x86_64")]
            vector: avx2::Avx2::of(&buckets),
            probes,
        }
    }

    /// Patterns that have to run on every text.
    pub(super) fn always(&self) -> &[usize] {
        &self.always
    }

    /// Reports, in order, every place where a pattern may match.
    pub(super) fn each(&self, text: &[u8], mut report: impl FnMut(Place)) {
        if self.probes.is_empty() || text.is_empty() {
            return;
        }
        let mut look = |at: usize, buckets: u64| self.examine(text, at, buckets, &mut report);
        look(0, self.at_edge(text, 0));
        #[cfg(target_arch = "x86_64")]
        if let Some(vector) = &self.vector {
            return self.each_by_vector(vector, text, look);
        }
        self.each_portable(text, 0, look);
    }

    /// Without vector instructions: the same places.
    #[cfg(test)]
    fn each_without_vector(&self, text: &[u8], mut report: impl FnMut(Place)) {
        let mut look = |at: usize, buckets: u64| self.examine(text, at, buckets, &mut report);
        look(0, self.at_edge(text, 0));
        self.each_portable(text, 0, look);
    }

    fn each_portable(&self, text: &[u8], from: usize, mut look: impl FnMut(usize, u64)) {
        let inner = text.get(from..).unwrap_or_default();
        for (at, window) in inner.windows(WIDTH).enumerate() {
            let Some(&window) = window.first_chunk() else {
                continue;
            };
            let buckets = self.tables.of_bytes(window);
            if buckets != 0 {
                look(from + at + 1, buckets);
            }
        }
        let end = text.len().saturating_sub(WIDTH - 1).max(from);
        for at in end + 1..=text.len() {
            look(at, self.at_edge(text, at));
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn each_by_vector(&self, vector: &avx2::Avx2, text: &[u8], mut look: impl FnMut(usize, u64)) {
        let done = vector.sweep(text, |at| {
            let window = text.get(at..).and_then(<[u8]>::first_chunk);
            if let Some(&window) = window {
                let buckets = self.tables.of_bytes(window);
                if buckets != 0 {
                    look(at + 1, buckets);
                }
            }
        });
        let rest = text.get(done..).unwrap_or_default();
        let mut padded = [0; avx2::REACH];
        for (slot, byte) in padded.iter_mut().zip(rest) {
            *slot = *byte;
        }
        let mut bits = vector.look(&padded);
        while bits != 0 {
            let at = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if at >= rest.len() {
                break;
            }
            let buckets = self.at_edge(text, done + at + 1);
            look(done + at + 1, buckets);
        }
        // What is left after a step: at most the three positions that the padded bytes could not hold.
        for at in done + avx2::STEP..text.len() {
            look(at + 1, self.at_edge(text, at + 1));
        }
    }

    /// The buckets of a window that may reach over an edge.
    fn at_edge(&self, text: &[u8], at: usize) -> u64 {
        self.tables.of_symbols(std::array::from_fn(|place| {
            let byte = (at + place).checked_sub(1).and_then(|at| text.get(at));
            byte.copied()
        }))
    }

    #[inline]
    fn examine(&self, text: &[u8], at: usize, buckets: u64, report: &mut impl FnMut(Place)) {
        let mut rest = buckets;
        while rest != 0 {
            let bucket = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let Some(tree) = self.trees.get(bucket) else {
                continue;
            };
            tree.read(text, at, |number| {
                let Some(probe) = self.probes.get(number as usize) else {
                    return;
                };
                if probe.precedes(text, at) {
                    report(probe.place(at));
                }
            });
        }
    }
}

impl Probe {
    /// The probes of a pattern.
    fn all_of(pattern: usize, cover: Cover) -> impl Iterator<Item = Self> {
        let window_at = |s: &Vec<Set>| rarity::of_rarest_window(s).map_or(0, |(at, _)| at);
        let deepest = cover.sequences.iter().map(window_at).max().unwrap_or(0);
        let before = cover.before;
        let reach = before.most.and_then(|most| most.checked_add(deepest));
        cover.sequences.into_iter().map(move |sequence| Self {
            pattern,
            window_at: window_at(&sequence),
            sequence,
            before,
            reach,
        })
    }

    /// The place whose window begins with symbol `at`: text byte `at - 1`.
    fn place(&self, at: usize) -> Place {
        let back = |distance: usize| at.saturating_sub(distance.saturating_add(1));
        let most = self.before.most.unwrap_or(usize::MAX);
        Place {
            pattern: self.pattern,
            at,
            first: back(most.saturating_add(self.window_at)),
            last: at.saturating_sub(self.before.least + self.window_at),
            earliest: self.reach.map(back),
        }
    }

    fn window(&self) -> Window {
        let mut sets = self.rest().iter();
        std::array::from_fn(|_| sets.next().copied().unwrap_or_else(Set::any))
    }

    /// The sequence from its window on.
    fn rest(&self) -> &[Set] {
        self.sequence.get(self.window_at..).unwrap_or_default()
    }

    /// Whether what the sequence has before its window stands before `at`.
    fn precedes(&self, text: &[u8], at: usize) -> bool {
        let Some(from) = at.checked_sub(self.window_at) else {
            return false;
        };
        let head = self.sequence.iter().take(self.window_at);
        (from..)
            .zip(head)
            .all(|(place, set)| set.has(symbol_at(text, place)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

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
        Filter::build(hirs.iter().map(|hir| (hir, [].as_slice())))
    }

    fn places(filter: &Filter, text: &str) -> Vec<Place> {
        let mut found = Vec::new();
        filter.each(text.as_bytes(), |place| found.push(place));
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
        assert_eq!(filter(&[r"[a-z]+", r"\d{9}"]).always(), [0]);
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_match_contains_a_place_of_its_pattern(
            text in "[abcdefkeyxABCKEY0-9@ =.\n-]{0,70}",
        ) {
            let filter = &*FILTER;
            let found = places(filter, &text);
            for (pattern, source) in PATTERNS.iter().enumerate() {
                if filter.always().contains(&pattern) {
                    continue;
                }
                let regex = regex::bytes::RegexBuilder::new(source).unicode(false).build().unwrap();
                for hit in regex.find_iter(text.as_bytes()) {
                    let contains = |place: &&Place| {
                        place.pattern == pattern
                            && place.at <= hit.end() + 1
                            && (place.first..=place.last).contains(&hit.start())
                            && place.earliest.is_none_or(|earliest| earliest <= place.first)
                    };
                    prop_assert!(found.iter().any(|place| contains(&place)), "{source} {hit:?}");
                }
            }
        }

        #[test]
        fn with_and_without_vectors_the_places_are_the_same_and_in_order(
            text in "[abcdefkeyxABCKEY0-9@ =.\n-]{0,140}",
        ) {
            let filter = &*FILTER;
            let mut portable = Vec::new();
            filter.each_without_vector(text.as_bytes(), |place| portable.push(place));
            prop_assert_eq!(&places(filter, &text), &portable);
            prop_assert!(portable.is_sorted_by_key(|place| place.at));
        }
    }
}
