//! Which sequences begin at a position.
//!
//! Owns an automaton for each lane that reads on from the anchor and knows after each symbol which sequences
//! are complete: a number of nine digits between blanks is told from one of ten by reading it once, however
//! many detectors look for numbers. So that its tables stay in the nearest cache it tells apart only as many
//! kinds of symbols as its [`Grain`] says, and leaves off where few sequences are left.
//! **Invariant:** a sequence that stands there is reported. One may be reported that does not.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::block;
use crate::detect::class::{EDGE, SYMBOLS, Set, symbol_at};

/// Most states of one tree. A set of ordinary detectors needs some hundred.
const MOST_STATES: usize = 30_000;
/// So few sequences are not told apart any more: looking at each is faster.
const FEW: usize = 2;
/// The state from which nothing matches.
const DEAD: u16 = 0;
/// Marks a step to a state where something is complete.
const COMPLETES: u16 = 1 << 15;

/// Which symbols a tree tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// Kinds of letters, and signs: for numbers and keys.
    Shapes,
    /// Letters whatever their case, and signs: for words.
    Letters,
}

/// The automaton of one lane.
#[derive(Debug)]
pub(super) struct Tree {
    /// What no sequence tells apart.
    kind_of: &'static [u8; SYMBOLS],
    /// Binary logarithm of the number of kinds.
    shift: u32,
    /// For each state and kind the next state, marked where something is complete there.
    next: Vec<u16>,
    /// For each state what is complete there: a range of `done`.
    complete: Vec<(u32, u32)>,
    done: Vec<u32>,
}

/// A sequence as it is entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'p> {
    /// What it is reported by.
    pub(super) number: u32,
    /// What stands before its anchor.
    pub(super) before: Set,
    /// The sequence from its anchor on.
    pub(super) rest: &'p [Set],
}

/// For each place of a sequence, the kinds that may stand there, a bit each.
type Places = Vec<u64>;
/// Sequences under way: those that may still complete.
type Alive = Vec<u32>;

impl Tree {
    /// A tree over sequences.
    pub(super) fn of(sequences: &[Entry<'_>], grain: Grain) -> Self {
        let mut tree = Self {
            kind_of: grain.kind_of(),
            shift: grain.shift(),
            next: vec![DEAD; 1 << grain.shift()],
            complete: vec![(0, 0)],
            done: Vec::new(),
        };
        let mut known: HashMap<Set, u64> = HashMap::new();
        let sequences: Vec<(u32, Places)> = sequences
            .iter()
            .map(|entry| {
                let mask = |set: &Set| *known.entry(*set).or_insert_with(|| grain.kinds_in(set));
                let all = std::iter::once(&entry.before).chain(entry.rest);
                (entry.number, all.map(mask).collect())
            })
            .collect();
        tree.grow(&sequences);
        tree
    }

    fn grow(&mut self, sequences: &[(u32, Places)]) {
        let all: Alive = (0..).zip(sequences).map(|(at, _)| at).collect();
        let mut numbers: HashMap<(usize, Alive), u16> = HashMap::new();
        let root = self.state(sequences, 0, &all);
        let mut pending = vec![(root, 0_usize, all)];
        while let Some((from, depth, alive)) = pending.pop() {
            for (kind, on) in self.steps(sequences, &alive, depth) {
                let key = (depth + 1, on);
                let to = if let Some(&to) = numbers.get(&key) {
                    to
                } else {
                    let to = self.state(sequences, key.0, &key.1);
                    if key.1.len() > FEW && self.complete.len() < MOST_STATES {
                        pending.push((to, key.0, key.1.clone()));
                    }
                    numbers.insert(key, to);
                    to
                };
                self.link(from, kind, to);
            }
        }
    }

    /// The kinds by which some of `alive` go on, and which.
    fn steps(
        &self,
        sequences: &[(u32, Places)],
        alive: &[u32],
        depth: usize,
    ) -> Vec<(usize, Alive)> {
        let mut steps = vec![Alive::new(); 1 << self.shift];
        for &at in alive {
            let sequence = sequences.get(at as usize);
            let mut kinds = sequence
                .and_then(|(_, s)| s.get(depth))
                .copied()
                .unwrap_or(0);
            while kinds != 0 {
                let kind = kinds.trailing_zeros() as usize;
                kinds &= kinds - 1;
                steps.get_mut(kind).into_iter().for_each(|on| on.push(at));
            }
        }
        let steps = steps.into_iter().enumerate();
        steps.filter(|(_, on)| !on.is_empty()).collect()
    }

    /// Adds the state that is reached at `depth` with `alive`.
    fn state(&mut self, sequences: &[(u32, Places)], depth: usize, alive: &[u32]) -> u16 {
        let number = u16::try_from(self.complete.len()).unwrap_or(DEAD);
        let last = alive.len() <= FEW || self.complete.len() + 1 >= MOST_STATES;
        let first = self.done.len();
        let complete = |&&at: &&u32| {
            let of = sequences.get(at as usize);
            of.is_some_and(|(_, sequence)| last || sequence.len() == depth)
        };
        let report = |&at: &u32| sequences.get(at as usize).map(|(number, _)| *number);
        self.done
            .extend(alive.iter().filter(complete).filter_map(report));
        let range = (to_u32(first), to_u32(self.done.len()));
        self.complete.push(range);
        self.next.resize(self.next.len() + (1 << self.shift), DEAD);
        number
    }

    fn link(&mut self, from: u16, kind: usize, to: u16) {
        let completes = !self.completed(usize::from(to)).is_empty();
        if let Some(slot) = self.next.get_mut((usize::from(from) << self.shift) + kind) {
            *slot = if completes { to | COMPLETES } else { to };
        }
    }

    /// Reports every sequence that may begin at the byte `at` of the text, before which its own symbol stands.
    #[inline]
    pub(super) fn read(&self, text: &[u8], at: usize, mut report: impl FnMut(u32)) {
        let mut state = 1;
        let mut step = |symbol: usize| {
            let kind = self.kind_of.get(symbol).copied().unwrap_or(0);
            let next = self.next.get((state << self.shift) + usize::from(kind));
            let next = next.copied().unwrap_or(DEAD);
            state = usize::from(next & !COMPLETES);
            if next & COMPLETES != 0 {
                self.completed(state).iter().copied().for_each(&mut report);
            }
            state != 0
        };
        let bytes = text.get(at..).unwrap_or_default();
        if !step(symbol_at(text, at)) {
            return;
        }
        if bytes.iter().all(|&byte| step(usize::from(byte))) {
            step(EDGE);
        }
    }

    fn completed(&self, state: usize) -> &[u32] {
        let range = self.complete.get(state).copied().unwrap_or_default();
        let done = self.done.get(range.0 as usize..range.1 as usize);
        done.unwrap_or_default()
    }
}

impl Grain {
    const fn shift(self) -> u32 {
        match self {
            Self::Shapes => 4,
            Self::Letters => 6,
        }
    }

    /// The kind of each symbol.
    fn kind_of(self) -> &'static [u8; SYMBOLS] {
        static SHAPES: LazyLock<[u8; SYMBOLS]> = LazyLock::new(|| kinds(shape_of));
        static LETTERS: LazyLock<[u8; SYMBOLS]> = LazyLock::new(|| kinds(letter_of));
        match self {
            Self::Shapes => &SHAPES,
            Self::Letters => &LETTERS,
        }
    }

    /// The kinds of what is in a set, a bit each.
    fn kinds_in(self, set: &Set) -> u64 {
        let kind_of = self.kind_of();
        let kind = |symbol: usize| kind_of.get(symbol).copied().unwrap_or(0);
        set.symbols().fold(0, |all, symbol| all | 1 << kind(symbol))
    }
}

/// A kind for each symbol; the edge is 0, as other things are.
fn kinds(of: fn(u8) -> u8) -> [u8; SYMBOLS] {
    let kind = |symbol| u8::try_from(symbol).map_or(0, of);
    std::array::from_fn(kind)
}

fn shape_of(byte: u8) -> u8 {
    match byte {
        b',' => 8,
        b'/' => 9,
        b':' => 10,
        b';' => 11,
        b'_' => 12,
        b'+' => 13,
        b'(' | b')' => 14,
        0x80.. => 15,
        _ => block::kind_of(byte),
    }
}

fn letter_of(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte - b'a' + 1,
        b'A'..=b'Z' => byte - b'A' + 1,
        b'0'..=b'9' => byte - b'0' + 27,
        b' ' => 37,
        b'-' => 38,
        b'_' => 39,
        b'.' => 40,
        b':' => 41,
        b'/' => 42,
        b'=' => 43,
        b'"' | b'\'' | b'`' => 44,
        b'@' => 45,
        b'$' => 46,
        b'+' => 47,
        // Letters beyond ASCII: by the last bits of each byte.
        0x80.. => 48 + (byte & 15),
        _ => 0,
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::class::ALNUM;

    const NOTHING: [u32; 0] = [];

    fn digits(count: usize) -> Vec<Set> {
        let digit = (b'0'..=b'9')
            .map(Set::byte)
            .reduce(|a, b| a.union(&b))
            .unwrap();
        let mut sets = vec![digit; count];
        sets.push(Set::beside_word());
        sets
    }

    fn tree(sequences: &[(u32, &[Set])], grain: Grain) -> Tree {
        let entry = |&(number, rest): &(u32, _)| Entry {
            number,
            before: ALNUM.complement(),
            rest,
        };
        Tree::of(&sequences.iter().map(entry).collect::<Vec<_>>(), grain)
    }

    fn read(tree: &Tree, text: &str, at: usize) -> Vec<u32> {
        let mut found = Vec::new();
        tree.read(text.as_bytes(), at, |number| found.push(number));
        found
    }

    #[test]
    fn numbers_of_different_lengths_are_told_apart() {
        let (nine, ten) = (digits(9), digits(10));
        let tree = tree(
            &[(1, &nine), (2, &nine), (3, &ten), (4, &ten), (5, &ten)],
            Grain::Shapes,
        );
        assert_eq!(read(&tree, "123456789", 0), [1, 2]);
        assert_eq!(read(&tree, "x 1234567890.", 2), [3, 4, 5]);
        assert_eq!(read(&tree, "x1234567890.", 1), NOTHING, "a word goes on");
        assert_eq!(read(&tree, "12345678901", 0), NOTHING);
        assert_eq!(read(&tree, "123456789x", 0), NOTHING);
        assert_eq!(read(&tree, "", 0), NOTHING);
    }

    #[test]
    fn a_sequence_inside_another_is_reported_too() {
        let (nine, any) = (digits(9), vec![Set::any(); 3]);
        let tree = tree(&[(1, &nine), (2, &any), (3, &nine)], Grain::Shapes);
        assert_eq!(read(&tree, "123456789", 0), [2, 1, 3]);
    }

    #[test]
    fn of_many_words_none_is_missed() {
        let word = |seed: u32| {
            let byte = |at: u32| {
                b'a' + u8::try_from((seed.wrapping_mul(2_654_435_761) >> at) % 26).unwrap()
            };
            (0..16).map(byte).collect::<Vec<u8>>()
        };
        let words: Vec<Vec<u8>> = (1..900).map(word).collect();
        let sets: Vec<Vec<Set>> = words
            .iter()
            .map(|word| word.iter().map(|&b| Set::byte(b)).collect())
            .collect();
        let numbered: Vec<(u32, &[Set])> = (0..).zip(sets.iter().map(Vec::as_slice)).collect();
        let tree = tree(&numbered, Grain::Letters);
        for (number, word) in (0..).zip(&words) {
            let text = String::from_utf8(word.clone()).unwrap();
            assert!(read(&tree, &text, 0).contains(&number), "{text}");
        }
    }
}
