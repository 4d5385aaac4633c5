//! Which patterns are worth running on a text.
//!
//! Owns what every match of a pattern must contain: one of some literals, certain bytes, a number of
//! digits. All of it is read off the pattern's syntax tree; where a hotword is required, the hotwords
//! serve as literals too. Leaves the match itself to `matcher`.
//! **Invariant:** a gate is necessary for a match; `open` never closes a pattern that matches the text.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

/// Literals shorter than this are too frequent to be of use.
const SHORTEST_LITERAL: usize = 3;
/// More alternatives than this are not worth the automaton.
const MOST_LITERALS: usize = 64;
/// Beyond this many literals in a set, the small automaton is taken instead of the fast one.
const FAST_AUTOMATON_LITERALS: usize = 2_000;

/// The gates of all patterns of an engine.
#[derive(Debug)]
pub(super) struct Prefilter {
    gates: Vec<Gate>,
    literals: Option<AhoCorasick>,
    /// Patterns that each literal opens.
    owners: Vec<Vec<usize>>,
}

/// What every match of one pattern contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gate {
    min_digits: usize,
    /// ASCII bytes that must occur, one bit each.
    bytes: u128,
    /// One of its literals must occur too.
    needs_literal: bool,
}

impl Prefilter {
    /// Derives the gates of `patterns`, each with the hotwords of which it requires one (or none);
    /// nothing if the literals do not fit one automaton.
    pub(super) fn build(patterns: &[(Hir, &[String])]) -> Option<Self> {
        let mut gates = Vec::with_capacity(patterns.len());
        let mut by_literal: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (index, (hir, hotwords)) in patterns.iter().enumerate() {
            let literals = required_literals(&folded(hir)).or_else(|| as_literals(hotwords));
            gates.push(Gate {
                min_digits: min_digits(hir),
                bytes: required_bytes(hir),
                needs_literal: literals.is_some(),
            });
            for literal in literals.unwrap_or_default() {
                by_literal.entry(literal).or_default().push(index);
            }
        }
        let (literals, owners): (Vec<_>, Vec<_>) = by_literal.into_iter().unzip();
        let automaton = if literals.is_empty() {
            None
        } else {
            Some(automaton(&literals)?)
        };
        Some(Self {
            gates,
            literals: automaton,
            owners,
        })
    }

    /// Writes into `open`, for each pattern, whether it has to be run on `text`.
    pub(super) fn open(&self, text: &[u8], open: &mut Vec<bool>) {
        open.clear();
        let facts = Facts::of(text);
        open.extend(
            self.gates
                .iter()
                .map(|gate| !gate.needs_literal && facts.satisfy(*gate)),
        );
        let Some(automaton) = &self.literals else {
            return;
        };
        for hit in automaton.find_overlapping_iter(text) {
            let owners = self.owners.get(hit.pattern().as_usize());
            for &pattern in owners.into_iter().flatten() {
                if let (Some(slot), Some(gate)) = (open.get_mut(pattern), self.gates.get(pattern)) {
                    *slot = *slot || facts.satisfy(*gate);
                }
            }
        }
    }
}

/// Required hotwords, if there are any: compared without regard to ASCII case, as `hotword` does.
fn as_literals(hotwords: &[String]) -> Option<Vec<Vec<u8>>> {
    let lower = |word: &String| word.to_ascii_lowercase().into_bytes();
    (!hotwords.is_empty()).then(|| hotwords.iter().map(lower).collect())
}

/// What a text contains, gathered in one pass.
#[derive(Clone, Copy)]
struct Facts {
    digits: usize,
    bytes: u128,
}

impl Facts {
    fn of(text: &[u8]) -> Self {
        let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
        let bytes = text.iter().fold(0, |seen, &byte| seen | bit(byte));
        Self { digits, bytes }
    }

    fn satisfy(self, gate: Gate) -> bool {
        self.digits >= gate.min_digits && gate.bytes & !self.bytes == 0
    }
}

/// The bit of an ASCII byte; none for others.
fn bit(byte: u8) -> u128 {
    if byte.is_ascii() { 1 << byte } else { 0 }
}

fn automaton(literals: &[Vec<u8>]) -> Option<AhoCorasick> {
    let kind = (literals.len() <= FAST_AUTOMATON_LITERALS).then_some(AhoCorasickKind::DFA);
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(kind)
        .build(literals)
        .ok()
}

/// The pattern with letters in lower case and assertions left out: what it matches includes the lower
/// case of all that the original matches.
fn folded(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => Hir::class(Class::Bytes(folded_class(class))),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: repetition.max,
            greedy: repetition.greedy,
            sub: Box::new(folded(&repetition.sub)),
        }),
        HirKind::Capture(capture) => folded(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(folded).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(folded).collect()),
    }
}

fn folded_class(class: &Class) -> ClassBytes {
    let mut lower = ClassBytes::empty();
    let Some(bytes) = byte_class(class) else {
        lower.push(ClassBytesRange::new(0, 255));
        return lower;
    };
    for byte in (0..=255).filter(|&byte| contains(&bytes, byte)) {
        let byte = byte.to_ascii_lowercase();
        lower.push(ClassBytesRange::new(byte, byte));
    }
    lower
}

/// The class by bytes; none for a Unicode class, of which nothing is said.
fn byte_class(class: &Class) -> Option<ClassBytes> {
    match class {
        Class::Bytes(bytes) => Some(bytes.clone()),
        Class::Unicode(unicode) => unicode.to_byte_class(),
    }
}

fn contains(class: &ClassBytes, byte: u8) -> bool {
    class
        .ranges()
        .iter()
        .any(|range| range.start() <= byte && byte <= range.end())
}

/// Literals of which each match contains at least one; the choice with the longest shortest literal.
fn required_literals(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(required_literals(branch)?);
            }
            return (all.len() <= MOST_LITERALS).then_some(all);
        }
        _ => std::slice::from_ref(hir),
    };
    (0..parts.len())
        .filter_map(|from| {
            let tail = Hir::concat(parts.get(from..)?.to_vec());
            literals_at_start(&tail)
        })
        .max_by_key(|literals| {
            (
                literals.iter().map(Vec::len).min().unwrap_or(0),
                std::cmp::Reverse(literals.len()),
            )
        })
}

fn literals_at_start(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut extractor = Extractor::new();
    extractor
        .kind(ExtractKind::Prefix)
        .limit_class(4)
        .limit_literal_len(16);
    let sequence = extractor.limit_total(MOST_LITERALS).extract(hir);
    let mut literals: Vec<Vec<u8>> = sequence
        .literals()?
        .iter()
        .map(|literal| literal.as_bytes().to_vec())
        .collect();
    literals.sort();
    literals.dedup();
    let usable = !literals.is_empty()
        && literals.len() <= MOST_LITERALS
        && literals
            .iter()
            .all(|literal| literal.len() >= SHORTEST_LITERAL);
    usable.then_some(literals)
}

/// The least number of ASCII digits in a match.
fn min_digits(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal
            .0
            .iter()
            .filter(|byte| byte.is_ascii_digit())
            .count(),
        HirKind::Class(class) => usize::from(is_digits_only(class)),
        HirKind::Repetition(repetition) => {
            let times = usize::try_from(repetition.min).unwrap_or(usize::MAX);
            min_digits(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => min_digits(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(min_digits).fold(0, usize::saturating_add),
        HirKind::Alternation(parts) => parts.iter().map(min_digits).min().unwrap_or(0),
    }
}

fn is_digits_only(class: &Class) -> bool {
    byte_class(class).is_some_and(|bytes| {
        !bytes.ranges().is_empty()
            && bytes
                .ranges()
                .iter()
                .all(|r| r.start() >= b'0' && r.end() <= b'9')
    })
}

/// The ASCII bytes that every match contains.
fn required_bytes(hir: &Hir) -> u128 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 0,
        HirKind::Literal(literal) => literal.0.iter().fold(0, |seen, &byte| seen | bit(byte)),
        HirKind::Repetition(repetition) if repetition.min == 0 => 0,
        HirKind::Repetition(repetition) => required_bytes(&repetition.sub),
        HirKind::Capture(capture) => required_bytes(&capture.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .fold(0, |seen, part| seen | required_bytes(part)),
        HirKind::Alternation(parts) => parts
            .iter()
            .map(required_bytes)
            .reduce(|a, b| a & b)
            .unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
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

    fn literals_of(pattern: &str) -> Option<Vec<String>> {
        let text = |literal: Vec<u8>| String::from_utf8(literal).unwrap();
        Some(
            required_literals(&folded(&parse(pattern)))?
                .into_iter()
                .map(text)
                .collect(),
        )
    }

    #[test]
    fn literals_are_found_at_the_start_inside_and_without_regard_to_case() {
        assert_eq!(
            literals_of(r"\bghp_[0-9A-Za-z]{36}\b"),
            Some(vec!["ghp_".to_owned()])
        );
        assert_eq!(
            literals_of(r"[a-z]+://x@y"),
            Some(vec!["://x@y".to_owned()])
        );
        assert_eq!(
            literals_of(r"(?i)\b(?:password|pwd)\s*="),
            Some(vec!["password".to_owned(), "pwd".to_owned()])
        );
        assert_eq!(literals_of(r"\d{3}-\d{2}-\d{4}"), None);
    }

    #[test]
    fn digits_and_bytes_are_counted_over_the_cheapest_branch() {
        let hir = parse(r"(?:\d{4}[ -]){3}\d{4}|x\d{5}@");
        assert_eq!(min_digits(&hir), 5);
        assert_eq!(required_bytes(&hir), 0);
        assert_eq!(required_bytes(&parse(r"\w+@\w+")), bit(b'@'));
    }

    #[test]
    fn a_closed_gate_keeps_a_pattern_from_running() {
        let filter =
            Prefilter::build(&[(parse(r"\d{3}-\d{2}"), &[]), (parse("(?i)token="), &[])]).unwrap();
        let mut open = Vec::new();
        filter.open(b"no digits, no word", &mut open);
        assert_eq!(open, [false, false]);
        filter.open(b"123-45 TOKEN=", &mut open);
        assert_eq!(open, [true, true]);
    }

    #[test]
    fn a_required_hotword_is_a_gate() {
        let words = ["SSN".to_owned()];
        let filter = Prefilter::build(&[(parse(r"\d{9}"), &words)]).unwrap();
        let mut open = Vec::new();
        filter.open(b"ticket 536904399", &mut open);
        assert_eq!(open, [false]);
        filter.open(b"ssn 536904399", &mut open);
        assert_eq!(open, [true]);
    }

    const PATTERNS: &[&str] = &[
        r"(?i)ab(?:c|de)f?\d",
        r"[ab]{2,3}c",
        r"\d{2}-\d",
        r"(?:abc|abd)+e",
        r"a[^b]c",
        r"(?i)\bkey\b",
        r"x?abc|bca",
        r"(?:ab){2}",
        r"[a-c]+@[a-c]+",
        r"^abc$",
    ];

    proptest! {
        #[test]
        fn a_pattern_that_matches_is_never_closed(
            which in 0..PATTERNS.len(),
            text in "[abcdefkeyxABCDEFKEYX0-9@ -]{0,24}",
        ) {
            let hir = parse(PATTERNS[which]);
            let regex = regex_automata::meta::Regex::builder()
                .configure(regex_automata::meta::Config::new().utf8_empty(false))
                .build_from_hir(&hir)
                .unwrap();
            let mut open = Vec::new();
            Prefilter::build(&[(hir, &[])]).unwrap().open(text.as_bytes(), &mut open);
            prop_assert!(open[0] || !regex.is_match(&text));
        }
    }
}
