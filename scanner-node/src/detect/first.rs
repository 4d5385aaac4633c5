//! With which bytes a match may begin.
//!
//! Owns reading that off a pattern's syntax tree: most places where a match may begin are ruled out by one byte.
//! **Invariant:** no match begins with a byte that is not in its set.

use regex_syntax::hir::Hir;

use super::class::Set;
use super::ends::{End, at_end};

/// The bytes a match may begin with.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    /// At the start of the text, where `^` holds.
    at_start: Set,
    elsewhere: Set,
}

impl First {
    pub(super) fn of(hir: &Hir) -> Self {
        let of = |at_start| {
            let first = at_end(hir, End::First { at_start });
            if first.may_be_empty {
                Set::any()
            } else {
                first.symbols
            }
        };
        Self {
            at_start: of(true),
            elsewhere: of(false),
        }
    }

    /// Whether a match may begin at a place of the text.
    #[inline]
    pub(super) fn may_begin(&self, text: &[u8], at: usize) -> bool {
        let set = if at == 0 {
            &self.at_start
        } else {
            &self.elsewhere
        };
        text.get(at).is_some_and(|byte| set.has_byte(*byte))
    }
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
