//! With which bytes a part of a pattern begins and ends, and what it is made of.
//!
//! Owns reading that off the syntax tree. **Invariant:** no match of the part has another byte there.

use regex_syntax::hir::{Hir, HirKind, Look};

use super::class::Set;

/// An end of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The first byte, at the start of the text or behind something.
    First {
        at_start: bool,
    },
    Last,
}

/// What may stand at an end of a part; the edge of the text, where nothing can stand beside it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtEnd {
    pub(super) symbols: Set,
    /// The part may match nothing.
    pub(super) may_be_empty: bool,
}

impl AtEnd {
    const NOTHING: Self = Self {
        symbols: Set::none(),
        may_be_empty: true,
    };

    fn one(symbols: Set) -> Self {
        Self {
            symbols,
            may_be_empty: false,
        }
    }

    /// Whether something has to stand there that is not in `set`.
    pub(super) fn is_apart_from(&self, set: &Set) -> bool {
        !self.may_be_empty && self.symbols.is_apart_from(set)
    }

    /// This or the other.
    fn or(self, other: Self) -> Self {
        Self {
            symbols: self.symbols.union(&other.symbols),
            may_be_empty: self.may_be_empty || other.may_be_empty,
        }
    }

    /// What it says of a part beside which, away from the end, another stands.
    fn then(self, next: impl FnOnce() -> Self) -> Self {
        if !self.may_be_empty {
            return self;
        }
        let next = next();
        Self {
            symbols: self.symbols.union(&next.symbols),
            ..next
        }
    }
}

/// What may stand at an end of `hir`.
pub(super) fn at_end(hir: &Hir, end: End) -> AtEnd {
    match hir.kind() {
        // Where `^` cannot hold, nothing matches.
        HirKind::Look(Look::Start) if end == (End::First { at_start: false }) => AtEnd::default(),
        HirKind::Look(Look::Start) if end == End::Last => AtEnd::one(Set::edge()),
        HirKind::Look(Look::End) if end != End::Last => AtEnd::one(Set::edge()),
        HirKind::Empty | HirKind::Look(_) => AtEnd::NOTHING,
        HirKind::Literal(literal) => {
            let byte = match end {
                End::First { .. } => literal.0.first(),
                End::Last => literal.0.last(),
            };
            byte.map_or(AtEnd::NOTHING, |byte| AtEnd::one(Set::byte(*byte)))
        }
        HirKind::Class(class) => AtEnd::one(Set::of(class)),
        HirKind::Repetition(repetition) => {
            let once = at_end(&repetition.sub, end);
            AtEnd {
                may_be_empty: once.may_be_empty || repetition.min == 0,
                ..once
            }
        }
        HirKind::Capture(capture) => at_end(&capture.sub, end),
        HirKind::Concat(parts) => at_end_of(parts.iter(), end),
        HirKind::Alternation(parts) => parts
            .iter()
            .map(|part| at_end(part, end))
            .fold(AtEnd::default(), AtEnd::or),
    }
}

/// What may stand at an end of these parts, side by side.
pub(super) fn at_end_of<'h>(parts: impl DoubleEndedIterator<Item = &'h Hir>, end: End) -> AtEnd {
    let then = |all: AtEnd, part: &'h Hir| all.then(|| at_end(part, end));
    match end {
        End::First { .. } => parts.fold(AtEnd::NOTHING, then),
        End::Last => parts.rev().fold(AtEnd::NOTHING, then),
    }
}

/// Every byte that a match of `hir` may contain.
pub(super) fn bytes_in(hir: &Hir) -> Set {
    let all = |parts: &[Hir]| {
        let parts = parts.iter().map(bytes_in);
        parts.fold(Set::none(), |all, part| all.union(&part))
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Set::none(),
        HirKind::Literal(literal) => {
            let bytes = literal.0.iter().map(|byte| Set::byte(*byte));
            bytes.fold(Set::none(), |all, byte| all.union(&byte))
        }
        HirKind::Class(class) => Set::of(class),
        HirKind::Repetition(repetition) => bytes_in(&repetition.sub),
        HirKind::Capture(capture) => bytes_in(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => all(parts),
    }
}
