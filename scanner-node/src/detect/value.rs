//! Which part of a match is the value.
//!
//! Owns telling it without the regular expression, where that can be: a number between `(?:^|[^\w.-])` and
//! `(?:$|[^\w-])` is what is left of the match once what cannot be its first or last byte is taken off. Finding
//! groups costs a search of its own. **Invariant:** the part is the one that the group `value` matches.

use std::ops::Range;

use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::{Hir, HirKind};

use super::class::Set;
use super::ends::{AtEnd, End, at_end, bytes_in};

/// How the value is found in a match.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// It is all of it.
    Whole,
    /// It is what is left without these bytes.
    Between { before: Set, after: Set },
    /// It is what the group of this number matches.
    Group(usize),
}

impl Value {
    /// Of a pattern whose value is the group of this number.
    pub(super) fn of(hir: &Hir, group: Option<usize>) -> Self {
        let Some(group) = group else {
            return Self::Whole;
        };
        let parts = match hir.kind() {
            HirKind::Concat(parts) => parts.as_slice(),
            _ => std::slice::from_ref(hir),
        };
        between(parts, group).unwrap_or(Self::Group(group))
    }

    /// The groups that a search has to find for it.
    pub(super) fn captures(&self) -> WhichCaptures {
        match self {
            Self::Whole | Self::Between { .. } => WhichCaptures::Implicit,
            Self::Group(_) => WhichCaptures::All,
        }
    }

    /// The value in a match; none if that takes finding its groups.
    pub(super) fn trim(&self, text: &[u8], whole: Range<usize>) -> Option<Range<usize>> {
        match self {
            Self::Whole => Some(whole),
            Self::Between { before, after } => {
                let bytes = text.get(whole.clone()).unwrap_or_default();
                let is_value = |outside: &Set, byte: &u8| !outside.has_byte(*byte);
                let first = bytes.iter().position(|byte| is_value(before, byte));
                let last = bytes.iter().rposition(|byte| is_value(after, byte));
                let from = whole.start;
                let value = first
                    .zip(last)
                    .map(|(first, last)| from + first..from + last + 1);
                Some(value.unwrap_or(whole))
            }
            Self::Group(_) => None,
        }
    }
}

/// What stands around the group, if none of that is what the value begins or ends with.
fn between(parts: &[Hir], group: usize) -> Option<Value> {
    let (at, value) = parts
        .iter()
        .enumerate()
        .find_map(|(at, part)| match part.kind() {
            HirKind::Capture(capture) if usize::try_from(capture.index) == Ok(group) => {
                Some((at, &capture.sub))
            }
            _ => None,
        })?;
    let around = |parts: &[Hir]| {
        let sets = parts.iter().map(bytes_in);
        sets.fold(Set::none(), |all, set| all.union(&set))
    };
    let (before, after) = (around(parts.get(..at)?), around(parts.get(at + 1..)?));
    let first = at_end(value, End::First { at_start: true });
    let last = at_end(value, End::Last);
    // A group at the edge of the text may be empty.
    let is_told = |outside: Set, end: AtEnd| end.is_apart_from(&outside.union(&Set::edge()));
    (is_told(before, first) && is_told(after, last)).then_some(Value::Between { before, after })
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;

    use super::super::compile::parse;
    use super::super::packs::builtin_specs;
    use super::super::probe::Probe;
    use super::*;

    fn value(pattern: &str) -> Value {
        let hir = parse(pattern).unwrap();
        Value::of(&hir, pattern.contains("(?<value>").then_some(1))
    }

    #[test]
    fn a_number_is_told_from_what_stands_around_it() {
        let value = value(r"(?:^|[^\w.-]|\W[.-])(?<value>\d(?:[ -]?\d){3})(?:$|[^\w-])");
        assert!(matches!(value, Value::Between { .. }));
        let trim = |text: &str| value.trim(text.as_bytes(), 0..text.len());
        assert_eq!(trim("12 34"), Some(0..5));
        assert_eq!(trim(" -12-34."), Some(2..7));
        assert_eq!(trim(" 1234"), Some(1..5));
    }

    #[test]
    fn where_the_edges_are_alike_the_group_has_to_be_found() {
        for pattern in [
            r"key=(?<value>[a-z]+)",
            r"(?<value>\d+)\d",
            r"a(?:(?<value>\d)|b)",
            r" (?<value>\d?) ",
        ] {
            assert!(matches!(value(pattern), Value::Group(1)), "{pattern}");
        }
        assert!(matches!(value(r"\d+"), Value::Whole));
    }

    #[test]
    fn of_every_detector_the_part_is_what_the_group_matches() {
        let mut told = 0;
        for spec in builtin_specs().unwrap() {
            for pattern in &spec.patterns {
                let hir = parse(pattern).unwrap();
                let regex = Regex::builder().build_from_hir(&hir).unwrap();
                let group = regex.group_info().to_index(0.into(), "value");
                let value = Value::of(&hir, group);
                if !matches!(value, Value::Between { .. }) {
                    continue;
                }
                let near = Probe::Own.text(&spec);
                let near = near.get(..near.floor_char_boundary(4_096)).unwrap();
                for text in spec.examples.iter().map(String::as_str).chain([near]) {
                    for found in regex.captures_iter(text) {
                        let whole = found.get_match().unwrap().range();
                        let part = found.get_group(group.unwrap()).unwrap().range();
                        assert_eq!(
                            value.trim(text.as_bytes(), whole),
                            Some(part),
                            "{}",
                            spec.id
                        );
                        told += 1;
                    }
                }
            }
        }
        assert!(told > 1_000, "{told} matches");
    }
}
