//! Where in a text a pattern is worth running.
//!
//! From each pattern's syntax tree it is read which sequences of symbol sets its matches contain (`shape`); of
//! each sequence the rarest window of four symbols is what the text is searched for, all patterns at once. The
//! windows are sorted into buckets (`buckets`); a vector look (`avx2`) or a portable one finds positions; a
//! tree per bucket (`tree`) tells which whole sequences stand there. Windows of certain letters, of which there
//! may be thousands, are hashed instead (`literals`). Patterns without a rare window run always.
//! Leaves running the patterns to `matcher`.
//! **Invariant:** each match of a pattern, wherever it begins, contains a place that is reported for the
//! pattern; the places of a pattern are reported in order. The two looks report the same.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod buckets;
mod class;
mod cover;
mod literals;
mod rarity;
mod sequence;
mod shape;
mod tree;
mod windows;

use std::collections::HashSet;

use regex_syntax::hir::Hir;

use self::buckets::{Tables, Window};
use self::class::Set;
use self::cover::{Cover, Distance};
use self::literals::Literals;
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
    literals: Literals,
    /// Of all literal windows.
    literal_tree: Tree,
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
    window: Window,
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
        let mut covers = Vec::new();
        for (pattern, (hir, words)) in patterns.enumerate() {
            match cover::rarer(shape::cover(hir), cover::cover_of_words(words)) {
                Some(cover) => covers.push((pattern, cover)),
                None => always.push(pattern),
            }
        }
        let probes = Probe::all_of(covers);
        // All of a pattern's windows on one side: its places have to come in order.
        let of_classes: HashSet<usize> = probes
            .iter()
            .filter(|probe| !literals::is_literal(&probe.window))
            .map(|probe| probe.pattern)
            .collect();
        let (classes, literal): (Vec<_>, Vec<_>) = (0_u32..)
            .zip(&probes)
            .map(|(number, probe)| (number, probe, probe.window))
            .partition(|(_, probe, _)| of_classes.contains(&probe.pattern));
        let windows: Vec<Window> = classes.iter().map(|(_, _, window)| *window).collect();
        let (bucket_of, buckets) = buckets::sort(&windows);
        let mut sequences = vec![Vec::new(); buckets.len()];
        for ((number, probe, _), bucket) in classes.iter().zip(bucket_of) {
            let inside = sequences.get_mut(bucket).into_iter();
            inside.for_each(|inside| inside.push((*number, probe.rest())));
        }
        let named = literal
            .iter()
            .map(|(number, probe, _)| (*number, probe.rest()));
        Self {
            always,
            tables: Tables::of(&buckets),
            trees: sequences.iter().map(|inside| Tree::of(inside)).collect(),
            literals: Literals::of(literal.iter().map(|(_, _, window)| window)),
            literal_tree: Tree::of(&named.collect::<Vec<_>>()),
            #[cfg(target_arch = "x86_64")]
            vector: avx2::Avx2::of(&buckets),
            probes,
        }
    }

    /// Patterns that have to run on every text.
    pub(super) fn always(&self) -> &[usize] {
        &self.always
    }

    /// Reports every place where a pattern may match; those of one pattern in order.
    pub(super) fn each(&self, text: &[u8], mut report: impl FnMut(Place)) {
        #[cfg(target_arch = "x86_64")]
        if let Some(vector) = &self.vector {
            return self.each_by_vector(vector, text, report);
        }
        self.each_portable(text, &mut report);
    }

    /// One pass for both looks.
    fn each_portable(&self, text: &[u8], report: &mut impl FnMut(Place)) {
        self.examine(text, 0, self.at_edge(text, 0), report);
        for (at, window) in text.windows(WIDTH).enumerate() {
            let Some(&window) = window.first_chunk() else {
                continue;
            };
            let buckets = self.tables.of_bytes(window);
            let literal = self.literals.may_be(window);
            if buckets != 0 || literal {
                if literal {
                    self.read(&self.literal_tree, text, at + 1, report);
                }
                self.examine(text, at + 1, buckets, report);
            }
        }
        for at in text.len().saturating_sub(WIDTH - 1) + 1..=text.len() {
            self.examine(text, at, self.at_edge(text, at), report);
        }
    }

    /// A pass for literals, and one by vector instructions for the rest.
    #[cfg(target_arch = "x86_64")]
    fn each_by_vector(&self, vector: &avx2::Avx2, text: &[u8], mut report: impl FnMut(Place)) {
        for (at, window) in text.windows(WIDTH).enumerate() {
            let window = window.first_chunk();
            if window.is_some_and(|&window| self.literals.may_be(window)) {
                self.read(&self.literal_tree, text, at + 1, &mut report);
            }
        }
        self.examine(text, 0, self.at_edge(text, 0), &mut report);
        let done = vector.sweep(text, |at| {
            let window = text.get(at..).and_then(<[u8]>::first_chunk);
            let buckets = window.map_or(0, |&window| self.tables.of_bytes(window));
            self.examine(text, at + 1, buckets, &mut report);
        });
        let rest = text.get(done..).unwrap_or_default();
        let mut padded = [0; avx2::REACH];
        for (slot, byte) in padded.iter_mut().zip(rest) {
            *slot = *byte;
        }
        let mut bits = vector.look(&padded);
        while bits != 0 {
            let at = done + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if at >= text.len() {
                break;
            }
            self.examine(text, at + 1, self.at_edge(text, at + 1), &mut report);
        }
        // What is left after a step: at most the three positions that the padded bytes could not hold.
        for at in done + avx2::STEP..text.len() {
            self.examine(text, at + 1, self.at_edge(text, at + 1), &mut report);
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
            if let Some(tree) = self.trees.get(bucket) {
                self.read(tree, text, at, report);
            }
        }
    }

    fn read(&self, tree: &Tree, text: &[u8], at: usize, report: &mut impl FnMut(Place)) {
        tree.read(text, at, |number| {
            let probe = self.probes.get(number as usize);
            if let Some(probe) = probe.filter(|probe| probe.stands(text, at)) {
                report(probe.place(at));
            }
        });
    }
}

impl Probe {
    /// The probes of patterns.
    fn all_of(covers: Vec<(usize, Cover)>) -> Vec<Self> {
        let sequences = covers.iter().flat_map(|(_, cover)| &cover.sequences);
        let mut chosen =
            windows::choose(&sequences.map(Vec::as_slice).collect::<Vec<_>>()).into_iter();
        let mut probes = Vec::new();
        for (pattern, cover) in covers {
            let count = cover.sequences.len();
            let windows: Vec<(usize, Window)> = chosen.by_ref().take(count).collect();
            let deepest = windows.iter().map(|(at, _)| *at).max().unwrap_or(0);
            let before = cover.before;
            let reach = before.most.and_then(|most| most.checked_add(deepest));
            let pairs = cover.sequences.into_iter().zip(windows);
            probes.extend(pairs.map(|(sequence, (window_at, window))| Self {
                pattern,
                sequence,
                window_at,
                window,
                before,
                reach,
            }));
        }
        probes
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

    /// The sequence from its window on.
    fn rest(&self) -> &[Set] {
        self.sequence.get(self.window_at..).unwrap_or_default()
    }

    /// Whether the sequence stands there with its window at `at`.
    fn stands(&self, text: &[u8], at: usize) -> bool {
        at.checked_sub(self.window_at).is_some_and(|from| {
            let mut pairs = (from..).zip(&self.sequence);
            from + self.sequence.len() <= text.len() + 2
                && pairs.all(|(place, set)| set.has(symbol_at(text, place)))
        })
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
            filter.each_portable(text.as_bytes(), &mut |place| portable.push(place));
            let key = |place: &Place| (place.pattern, place.at, place.first);
            let mut vector = places(filter, &text);
            vector.sort_by_key(key);
            let mut sorted = portable.clone();
            sorted.sort_by_key(key);
            prop_assert_eq!(&vector, &sorted);
            for pattern in 0..PATTERNS.len() {
                let of = portable.iter().filter(|place| place.pattern == pattern);
                prop_assert!(of.is_sorted_by_key(|place| place.at));
            }
        }
    }
}
