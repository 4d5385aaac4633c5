//! What every match of a pattern contains: one of some sequences of symbol sets.
//!
//! Owns reading that off the pattern's syntax tree. `4111 1111…` has the sequence digit digit digit digit
//! space-or-dash digit …, a token of a vendor that of its letters; `^`, `$` and word boundaries at the ends of
//! a pattern are symbols too, so that a number inside a longer number is told apart without running a regex.
//! **Invariant:** each match has one of the sequences in it, as far after its start as `before` says.

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use super::cover::{Cover, Distance, rarer};
use super::rarity::Model;
use super::sequence::{LONGEST, MOST, Sequence, cut_product, product, shortened, simplified};
use crate::detect::class::Set;

/// A repetition with more lengths than this ends a sequence.
const MOST_LENGTHS: u32 = 4;
/// The same of a repetition of one set, which makes one sequence a length.
const MOST_LENGTHS_OF_ONE: u32 = 16;

/// What is known of a part of a pattern.
#[derive(Clone, Debug)]
struct Shape {
    /// `starts` is all that it matches.
    exact: bool,
    /// Each match begins with one of these.
    starts: Vec<Sequence>,
    /// Each match ends with one of these.
    ends: Vec<Sequence>,
    /// How long a match is.
    length: Distance,
    /// The best cover found inside.
    inner: Option<Cover>,
    /// A word ends before it, which takes no room.
    ends_word: bool,
}

/// Whether a part stands at an end of the whole pattern, where a look-around is a symbol.
#[derive(Clone, Copy)]
struct Ends {
    first: bool,
    last: bool,
}

/// The rarest cover of a pattern; none if there is nothing to go by.
pub(super) fn cover(hir: &Hir, model: &Model) -> Option<Cover> {
    let shape = shape(
        hir,
        Ends {
            first: true,
            last: true,
        },
        model,
    );
    rarer(shape.inner, Cover::of(shape.starts, Distance::NONE, model))
}

fn shape(hir: &Hir, ends: Ends, model: &Model) -> Shape {
    match hir.kind() {
        HirKind::Empty => Shape::exactly(vec![Vec::new()], 0),
        HirKind::Look(look) => Shape::exactly(vec![looked(*look, ends)], 0),
        HirKind::Literal(literal) => {
            let sets: Sequence = literal.0.iter().map(|&byte| Set::byte(byte)).collect();
            concat(
                sets.into_iter()
                    .map(|set| Shape::exactly(vec![vec![set]], 1)),
                model,
            )
        }
        HirKind::Class(class) => Shape::exactly(vec![vec![Set::of(class)]], 1),
        HirKind::Repetition(repetition) => repeat(repetition, model),
        HirKind::Capture(capture) => shape(&capture.sub, ends, model),
        HirKind::Concat(parts) => concat(parts_of(parts, ends, model).into_iter(), model),
        HirKind::Alternation(branches) => alternate(branches, ends, model),
    }
}

/// A look-around at an end of the pattern says what stands beside the match.
fn looked(look: Look, ends: Ends) -> Sequence {
    let line = || Set::edge().union(&Set::byte(b'\n'));
    match look {
        Look::Start if ends.first => vec![Set::edge()],
        Look::End if ends.last => vec![Set::edge()],
        Look::StartLF if ends.first => vec![line()],
        Look::EndLF if ends.last => vec![line()],
        Look::WordStartAscii | Look::WordStartHalfAscii if ends.first => vec![Set::beside_word()],
        Look::WordEndAscii | Look::WordEndHalfAscii if ends.last => vec![Set::beside_word()],
        _ => Vec::new(),
    }
}

/// The shapes of a concatenation; a word boundary at an end takes its meaning from the neighbour.
fn parts_of(parts: &[Hir], ends: Ends, model: &Model) -> Vec<Shape> {
    let last = parts.len().saturating_sub(1);
    let mut shapes: Vec<Shape> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| {
            let ends = Ends {
                first: ends.first && at == 0,
                last: ends.last && at == last,
            };
            shape(part, ends, model)
        })
        .collect();
    let is_boundary = |part: Option<&Hir>| {
        part.is_some_and(|part| matches!(part.kind(), HirKind::Look(Look::WordAscii)))
    };
    let beside = || Shape::exactly(vec![vec![Set::beside_word()]], 0);
    let first = ends.first && is_boundary(parts.first());
    if first && shapes.get(1).is_some_and(Shape::starts_a_word) {
        shapes
            .first_mut()
            .into_iter()
            .for_each(|slot| *slot = beside());
    }
    for at in 1..shapes.len() {
        let ends_word = shapes.get(at - 1).is_some_and(Shape::ends_a_word);
        if let Some(shape) = shapes.get_mut(at).filter(|_| is_boundary(parts.get(at))) {
            shape.ends_word = ends_word;
        }
    }
    let before_last = last.checked_sub(1).and_then(|at| shapes.get(at));
    if ends.last && is_boundary(parts.last()) && before_last.is_some_and(Shape::ends_a_word) {
        shapes
            .last_mut()
            .into_iter()
            .for_each(|slot| *slot = beside());
    }
    shapes
}

fn concat(parts: impl Iterator<Item = Shape>, model: &Model) -> Shape {
    let mut open = vec![Vec::new()];
    let mut open_from = Distance::NONE;
    let mut starts = None;
    let mut length = Distance::NONE;
    let mut inner = None;
    for part in parts {
        let shifted = part.inner.map(|cover| Cover {
            before: length.then(cover.before),
            ..cover
        });
        inner = rarer(inner, shifted);
        if part.ends_word {
            let closed = cut_product(&open, &[vec![Set::beside_word()]]);
            inner = rarer(inner, Cover::of(closed, open_from, model));
        }
        let through = length;
        length = length.then(part.length);
        if part.exact
            && let Some(product) = product(&open, &part.starts)
        {
            open = product;
            continue;
        }
        let closed = cut_product(&open, &part.starts);
        inner = rarer(inner, Cover::of(closed.clone(), open_from, model));
        starts = starts.or(Some(closed));
        open = reopened(open, part.ends);
        open_from = Distance {
            least: open_from.least.min(through.least),
            most: length.most,
        };
    }
    match starts {
        None => Shape {
            exact: true,
            starts: open.clone(),
            ends: open,
            length,
            inner,
            ends_word: false,
        },
        Some(starts) => Shape {
            exact: false,
            starts,
            inner: rarer(inner, Cover::of(open.clone(), open_from, model)),
            ends: open,
            length,
            ends_word: false,
        },
    }
}

/// What stands before the next part, after a part that is not known exactly: what that ends with, or, where it
/// may be empty, what stood before it.
fn reopened(open: Vec<Sequence>, mut ends: Vec<Sequence>) -> Vec<Sequence> {
    const KEPT: usize = 8;
    let with_empty = ends.len();
    ends.retain(|end| !end.is_empty());
    if ends.len() == with_empty {
        return ends;
    }
    let tail = |mut sequence: Sequence| sequence.split_off(sequence.len().saturating_sub(KEPT));
    ends.extend(open.into_iter().map(tail));
    let all = simplified(ends);
    if all.len() > MOST || all.iter().any(Vec::is_empty) {
        return vec![Vec::new()];
    }
    all
}

fn alternate(branches: &[Hir], ends: Ends, model: &Model) -> Shape {
    let shapes: Vec<Shape> = branches
        .iter()
        .map(|branch| shape(branch, ends, model))
        .collect();
    let exact = shapes.iter().all(|shape| shape.exact);
    let length = Distance::around(shapes.iter().map(|shape| shape.length));
    // Of each branch the rarest cover: its own inner one, or all it starts with.
    let covers: Option<Vec<Cover>> = shapes
        .iter()
        .map(|shape| {
            let start = Cover::of(shape.starts.clone(), Distance::NONE, model);
            rarer(shape.inner.clone(), start)
        })
        .collect();
    let inner = covers.and_then(|covers| {
        let before = Distance::around(covers.iter().map(|cover| cover.before));
        let sequences = simplified(covers.into_iter().flat_map(|c| c.sequences).collect());
        (sequences.len() <= MOST)
            .then(|| Cover::of(sequences, before, model))
            .flatten()
    });
    let starts = simplified(shapes.iter().flat_map(|s| s.starts.clone()).collect());
    let finals = simplified(shapes.iter().flat_map(|s| s.ends.clone()).collect());
    let few = starts.len() <= MOST && finals.len() <= MOST;
    Shape {
        exact: exact && few,
        starts: shortened(starts, MOST),
        ends: if few { finals } else { vec![Vec::new()] },
        length,
        inner,
        ends_word: false,
    }
}

fn repeat(repetition: &Repetition, model: &Model) -> Shape {
    let inside = Ends {
        first: false,
        last: false,
    };
    let sub = shape(&repetition.sub, inside, model);
    let copies = usize::try_from(repetition.min).unwrap_or(usize::MAX);
    let least = concat(std::iter::repeat_n(sub.clone(), copies.min(LONGEST)), model);
    let length = sub.length.times(repetition);
    let lengths = repetition.max.map(|max| max - repetition.min);
    if least.exact
        && copies <= LONGEST
        && sub.exact
        && let Some(lengths) = lengths.filter(|lengths| *lengths <= sub.most_lengths())
        && let Some(all) = powers(&least.starts, &sub.starts, lengths)
    {
        return Shape {
            length,
            ..Shape::exactly(all, 0)
        };
    }
    if copies > 0 {
        return Shape {
            exact: false,
            length,
            ..least
        };
    }
    let or_nothing = |mut all: Vec<Sequence>| {
        all.push(Vec::new());
        simplified(all)
    };
    Shape {
        exact: false,
        starts: or_nothing(sub.starts),
        ends: or_nothing(sub.ends),
        length,
        inner: None,
        ends_word: false,
    }
}

/// `base`, and `base` followed by up to `most` of `sub`; none if these are too many.
fn powers(base: &[Sequence], sub: &[Sequence], most: u32) -> Option<Vec<Sequence>> {
    let mut power = base.to_vec();
    let mut all = power.clone();
    for _ in 0..most {
        power = product(&power, sub)?;
        all.extend(power.iter().cloned());
    }
    let all = simplified(all);
    (all.len() <= MOST).then_some(all)
}

impl Shape {
    fn exactly(sequences: Vec<Sequence>, length: usize) -> Self {
        Self {
            exact: true,
            starts: sequences.clone(),
            ends: sequences,
            length: Distance {
                least: length,
                most: Some(length),
            },
            inner: None,
            ends_word: false,
        }
    }

    /// How many lengths of a repetition of it are told apart.
    fn most_lengths(&self) -> u32 {
        match self.starts.as_slice() {
            [one] if one.len() == 1 => MOST_LENGTHS_OF_ONE,
            _ => MOST_LENGTHS,
        }
    }

    fn starts_a_word(&self) -> bool {
        self.starts
            .iter()
            .all(|start| start.first().is_some_and(Set::is_of_words))
    }

    fn ends_a_word(&self) -> bool {
        self.ends
            .iter()
            .all(|end| end.last().is_some_and(Set::is_of_words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover_of(pattern: &str) -> Cover {
        let parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        cover(&{ parser }.parse(pattern).unwrap(), &Model::default()).unwrap()
    }

    fn lengths(cover: &Cover) -> Vec<usize> {
        cover.sequences.iter().map(Vec::len).collect()
    }

    #[test]
    fn what_stands_beside_a_number_is_part_of_its_sequence() {
        let cover = cover_of(r"\b\d{9}\b");
        assert_eq!(lengths(&cover), [11]);
        assert_eq!(cover.sequences[0][0], Set::beside_word());
        let guarded = cover_of(r"(?:^|[^\w.-])\d{3}-\d{2}-\d{4}(?:$|[^\w-])");
        assert_eq!(lengths(&guarded), [13]);
    }

    #[test]
    fn a_token_is_covered_by_its_prefix_and_what_follows() {
        let cover = cover_of(r"\bghp_[0-9A-Za-z]{36}\b");
        assert_eq!(cover.before.least, 0);
        assert!(lengths(&cover)[0] >= 20, "{:?}", lengths(&cover));
    }

    #[test]
    fn an_optional_part_leaves_what_stands_before_it() {
        let cover = cover_of(r"[a-z0-9][a-z0-9.]{0,63}@[a-z]{1,9}");
        let starts_at_sign = |sequence: &Sequence| sequence[0] == Set::byte(b'@');
        assert!(!cover.sequences.iter().any(starts_at_sign));
    }

    #[test]
    fn a_short_word_is_covered_with_where_it_ends() {
        let cover = cover_of(r"(?:^|[^A-Za-z0-9])pw\b[:= ]{0,3}[a-z]{4,9}");
        assert_eq!(lengths(&cover), [4]);
        assert_eq!(cover.sequences[0][3], Set::beside_word());
    }

    #[test]
    fn a_choice_is_covered_when_each_branch_is() {
        assert_eq!(cover_of("(?:postgres|mysql)://x").sequences.len(), 2);
        let parse = |pattern: &str| regex_syntax::parse(pattern).unwrap();
        assert!(cover(&parse("ghp_[a-z]{36}|[a-z]"), &Model::default()).is_none());
    }
}
