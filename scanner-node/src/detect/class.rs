//! Sets of symbols: the bytes, and the edge of the text.
//!
//! Owns set arithmetic. **Invariant:** a set is canonical, so equal sets compare and hash equal.

use std::sync::LazyLock;

use regex_syntax::hir::Class;

/// What stands before the first byte and after the last.
pub(super) const EDGE: usize = 256;
/// How many symbols there are.
pub(super) const SYMBOLS: usize = 257;

/// A set of symbols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Set {
    bytes: [u64; 4],
    edge: bool,
}

impl Set {
    pub(super) const fn none() -> Self {
        Self {
            bytes: [0; 4],
            edge: false,
        }
    }

    /// Nothing but the edge of the text.
    pub(super) const fn edge() -> Self {
        Self {
            bytes: [0; 4],
            edge: true,
        }
    }

    /// Everything.
    pub(super) const fn any() -> Self {
        Self {
            bytes: [u64::MAX; 4],
            edge: true,
        }
    }

    pub(super) fn byte(byte: u8) -> Self {
        let mut set = Self::default();
        set.insert(byte);
        set
    }

    /// What may stand beside a word: no letter, digit or underscore, or the edge.
    pub(super) fn beside_word() -> Self {
        let mut set = Self::edge();
        (0..=255_u8)
            .filter(|&byte| !is_word(byte))
            .for_each(|byte| set.insert(byte));
        set
    }

    /// The bytes of a class; of a Unicode class, which no pattern of ours has, all.
    pub(super) fn of(class: &Class) -> Self {
        let bytes = match class {
            Class::Bytes(bytes) => Some(bytes.clone()),
            Class::Unicode(unicode) => unicode.to_byte_class(),
        };
        let Some(bytes) = bytes else {
            return Self::any();
        };
        let mut set = Self::default();
        for range in bytes.ranges() {
            (range.start()..=range.end()).for_each(|byte| set.insert(byte));
        }
        set
    }

    fn insert(&mut self, byte: u8) {
        if let Some(word) = self.bytes.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    pub(super) fn has(&self, symbol: usize) -> bool {
        if symbol == EDGE {
            return self.edge;
        }
        self.bytes
            .get(symbol >> 6)
            .is_some_and(|word| word >> (symbol & 63) & 1 == 1)
    }

    #[inline]
    pub(super) fn has_byte(&self, byte: u8) -> bool {
        self.has(usize::from(byte))
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut bytes = self.bytes;
        for (mine, theirs) in bytes.iter_mut().zip(other.bytes) {
            *mine |= theirs;
        }
        Self {
            bytes,
            edge: self.edge || other.edge,
        }
    }

    pub(super) fn is_subset_of(&self, other: &Self) -> bool {
        self.union(other) == *other
    }

    pub(super) fn is_of_words(&self) -> bool {
        !self.edge && (0..=255_u8).all(|byte| !self.has(byte.into()) || is_word(byte))
    }

    /// Whether the two have nothing in common.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        let common = |(a, b): (&u64, &u64)| a & b;
        let bytes = self.bytes.iter().zip(&other.bytes).map(common);
        bytes.fold(0, |all, common| all | common) == 0 && !(self.edge && other.edge)
    }

    /// Everything else.
    pub(super) fn complement(&self) -> Self {
        Self {
            bytes: self.bytes.map(|word| !word),
            edge: !self.edge,
        }
    }

    /// The symbols in it, in order.
    pub(super) fn symbols(&self) -> impl Iterator<Item = usize> + use<> {
        let bits = |(at, word): (usize, u64)| {
            std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|rest| *rest != 0)
                .map(move |rest| at * 64 + rest.trailing_zeros() as usize)
        };
        let edge = self.edge.then_some(EDGE);
        self.bytes
            .into_iter()
            .enumerate()
            .flat_map(bits)
            .chain(edge)
    }
}

/// The symbol at a place, the edge before the text being at 0.
pub(super) fn symbol_at(text: &[u8], place: usize) -> usize {
    let byte = place.checked_sub(1).and_then(|at| text.get(at));
    byte.map_or(EDGE, |&byte| usize::from(byte))
}

#[cfg(test)]
pub(super) static DIGIT: LazyLock<Set> = LazyLock::new(|| of(|byte| byte.is_ascii_digit()));
pub(super) static UPPER: LazyLock<Set> = LazyLock::new(|| of(|byte| byte.is_ascii_uppercase()));
#[cfg(test)]
pub(super) static LOWER: LazyLock<Set> = LazyLock::new(|| of(|byte| byte.is_ascii_lowercase()));
pub(super) static ALNUM: LazyLock<Set> = LazyLock::new(|| of(|byte| byte.is_ascii_alphanumeric()));

/// The bytes of which something holds.
pub(super) fn of(holds: fn(u8) -> bool) -> Set {
    let bytes = (0..=255_u8).filter(|&byte| holds(byte)).map(Set::byte);
    bytes.fold(Set::default(), |all, byte| all.union(&byte))
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_is_a_symbol_of_its_own() {
        assert!(Set::edge().has(EDGE) && !Set::edge().has(0));
        assert!(Set::any().has(EDGE) && Set::any().has(255));
        assert!(!Set::byte(0).has(EDGE));
    }

    #[test]
    fn what_may_stand_beside_a_word_is_all_the_rest() {
        let beside = Set::beside_word();
        assert!(beside.has(EDGE) && beside.has(b' '.into()) && beside.has(0xc3));
        assert!(!beside.has(b'a'.into()) && !beside.has(b'_'.into()) && !beside.has(b'7'.into()));
    }

    #[test]
    fn union_and_subset_agree() {
        let (a, b) = (Set::byte(b'a'), Set::byte(b'b'));
        assert!(a.is_subset_of(&a.union(&b)) && !a.union(&b).is_subset_of(&a));
        assert_eq!(a.union(&b).symbols().count(), 2);
        assert!(a.is_of_words() && !Set::any().is_of_words());
    }
}
