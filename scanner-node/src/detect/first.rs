//! With which bytes a match may begin.
//!
//! Owns reading that off a pattern's syntax tree: most places where a match may begin are ruled out by one byte.
//! **Invariant:** no match begins with a byte that is not in its set.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Bytes, a bit each.
type Bytes = [u64; 4];

/// The bytes a match may begin with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct First {
    /// At the start of the text, where `^` holds.
    at_start: Bytes,
    elsewhere: Bytes,
}

impl First {
    pub(super) fn of(hir: &Hir) -> Self {
        let of = |is_start| match first(hir, is_start) {
            (bytes, false) => bytes,
            (_, true) => [u64::MAX; 4],
        };
        Self {
            at_start: of(IsStart::Yes),
            elsewhere: of(IsStart::No),
        }
    }

    /// Whether a match may begin at a place of the text.
    #[inline]
    pub(super) fn may_begin(&self, text: &[u8], at: usize) -> bool {
        let bytes = if at == 0 {
            &self.at_start
        } else {
            &self.elsewhere
        };
        text.get(at).is_some_and(|byte| {
            let word = bytes.get(usize::from(byte >> 6));
            word.is_some_and(|word| word >> (byte & 63) & 1 == 1)
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IsStart {
    Yes,
    No,
}

/// The bytes with which a match of the part begins, and whether it may match nothing.
fn first(hir: &Hir, start: IsStart) -> (Bytes, bool) {
    match hir.kind() {
        HirKind::Look(Look::Start) => ([0; 4], start == IsStart::Yes),
        HirKind::Empty | HirKind::Look(_) => ([0; 4], true),
        HirKind::Literal(literal) => {
            let mut bytes = [0; 4];
            literal
                .0
                .first()
                .into_iter()
                .for_each(|byte| put(&mut bytes, *byte));
            (bytes, literal.0.is_empty())
        }
        HirKind::Class(class) => (of_class(class), false),
        HirKind::Repetition(repetition) => {
            let (bytes, may_be_empty) = first(&repetition.sub, start);
            (bytes, may_be_empty || repetition.min == 0)
        }
        HirKind::Capture(capture) => first(&capture.sub, start),
        HirKind::Concat(parts) => {
            let mut all = [0; 4];
            for part in parts {
                let (bytes, may_be_empty) = first(part, start);
                all = union(all, bytes);
                if !may_be_empty {
                    return (all, false);
                }
            }
            (all, true)
        }
        HirKind::Alternation(parts) => parts
            .iter()
            .map(|part| first(part, start))
            .fold(([0; 4], false), |(all, empty), (bytes, may_be_empty)| {
                (union(all, bytes), empty || may_be_empty)
            }),
    }
}

fn of_class(class: &Class) -> Bytes {
    let mut all = [0; 4];
    let bytes = match class {
        Class::Bytes(bytes) => Some(bytes.clone()),
        Class::Unicode(unicode) => unicode.to_byte_class(),
    };
    let Some(bytes) = bytes else {
        return [u64::MAX; 4];
    };
    for range in bytes.ranges() {
        (range.start()..=range.end()).for_each(|byte| put(&mut all, byte));
    }
    all
}

fn put(bytes: &mut Bytes, byte: u8) {
    if let Some(word) = bytes.get_mut(usize::from(byte >> 6)) {
        *word |= 1 << (byte & 63);
    }
}

fn union(a: Bytes, b: Bytes) -> Bytes {
    let mut all = a;
    for (word, other) in all.iter_mut().zip(b) {
        *word |= other;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_of(pattern: &str) -> First {
        let mut parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        First::of(&parser.parse(pattern).unwrap())
    }

    #[test]
    fn what_stands_before_a_number_is_what_its_match_begins_with() {
        let first = first_of(r"(?:^|[^\w.-])\d{4}");
        assert!(first.may_begin(b" 1234", 0) && first.may_begin(b"1234", 0));
        assert!(first.may_begin(b"a 1234", 1) && !first.may_begin(b"a1234", 1));
        assert!(!first.may_begin(b".1234", 0) && !first.may_begin(b"", 0));
    }

    #[test]
    fn what_may_be_left_out_lets_the_next_part_begin() {
        let first = first_of(r"\bx?(?:ab|[c-d]+)*e");
        for text in ["x", "a", "c", "d", "e"] {
            assert!(first.may_begin(text.as_bytes(), 0), "{text}");
        }
        assert!(!first.may_begin(b"b", 0));
    }
}
