//! Which sequences of a bucket stand at a position.
//!
//! Owns an automaton for each bucket that reads on from the window and knows after each symbol which sequences
//! are complete: a number of nine digits between blanks is told from one of ten by reading it once, however
//! many detectors look for numbers.
//! **Invariant:** a sequence that stands there is reported. One may be reported that does not: where it is the
//! only one left, and where the automaton would have grown too large.

use std::collections::HashMap;

use super::class::{EDGE, SYMBOLS, Set};

/// Most states of one tree. A set of ordinary detectors needs some hundred.
const MOST_STATES: usize = 20_000;
/// The state from which nothing matches.
const DEAD: u32 = 0;
/// Marks a step to a state where something is complete.
const COMPLETES: u32 = 1 << 31;

/// The automaton of one bucket.
#[derive(Debug)]
pub(super) struct Tree {
    /// Kinds of symbols that no sequence tells apart.
    kind_of: Box<[u16; SYMBOLS]>,
    kinds: usize,
    /// For each state and kind the next state, marked where something is complete there.
    next: Vec<u32>,
    /// For each state what is complete there: a range of `done`.
    complete: Vec<(u32, u32)>,
    done: Vec<u32>,
}

/// Sequences under way: numbers of those that may still complete.
type Alive = Vec<u32>;

impl Tree {
    /// A tree over sequences, each with the number it is reported by.
    pub(super) fn of(sequences: &[(u32, &[Set])]) -> Self {
        let (kind_of, examples) = kinds(sequences);
        let mut tree = Self {
            kind_of,
            kinds: examples.len(),
            next: vec![DEAD; examples.len()],
            complete: vec![(0, 0)],
            done: Vec::new(),
        };
        let all: Alive = (0..).zip(sequences).map(|(at, _)| at).collect();
        let mut numbers: HashMap<(usize, Alive), u32> = HashMap::new();
        let mut pending = vec![(0_usize, all.clone())];
        let root = tree.state(sequences, 0, &all);
        numbers.insert((0, all), root);
        while let Some((depth, alive)) = pending.pop() {
            let Some(&from) = numbers.get(&(depth, alive.clone())) else {
                continue;
            };
            for (kind, &symbol) in examples.iter().enumerate() {
                let on = advance(sequences, &alive, depth, symbol);
                if on.is_empty() {
                    continue;
                }
                let key = (depth + 1, on);
                let to = if let Some(&to) = numbers.get(&key) {
                    to
                } else {
                    let to = tree.state(sequences, key.0, &key.1);
                    numbers.insert(key.clone(), to);
                    if key.1.len() > 1 && tree.complete.len() < MOST_STATES {
                        pending.push(key);
                    }
                    to
                };
                tree.link(from, kind, to);
            }
        }
        tree
    }

    /// Adds the state that is reached at `depth` with `alive`.
    fn state(&mut self, sequences: &[(u32, &[Set])], depth: usize, alive: &[u32]) -> u32 {
        let number = u32::try_from(self.complete.len()).unwrap_or(DEAD);
        let last = alive.len() <= 1 || self.complete.len() + 1 >= MOST_STATES;
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
        self.next.resize(self.next.len() + self.kinds, DEAD);
        number
    }

    fn link(&mut self, from: u32, kind: usize, to: u32) {
        let completes = self.completed(to as usize).next().is_some();
        if let Some(slot) = self.next.get_mut(from as usize * self.kinds + kind) {
            *slot = if completes { to | COMPLETES } else { to };
        }
    }

    /// Reports every sequence that begins at symbol `at` of the text, the edge before it being symbol 0.
    #[inline]
    pub(super) fn read(&self, text: &[u8], at: usize, mut report: impl FnMut(u32)) {
        let mut state = 1;
        let mut step = |symbol: usize| {
            let kind = self.kind_of.get(symbol).copied().unwrap_or(0);
            let next = self.next.get(state * self.kinds + usize::from(kind));
            let next = next.copied().unwrap_or(DEAD);
            state = (next & !COMPLETES) as usize;
            if next & COMPLETES != 0 {
                self.completed(state).for_each(&mut report);
            }
            state != 0
        };
        if at == 0 && !step(EDGE) {
            return;
        }
        let bytes = text.get(at.saturating_sub(1)..).unwrap_or_default();
        if bytes.iter().all(|&byte| step(usize::from(byte))) {
            step(EDGE);
        }
    }

    fn completed(&self, state: usize) -> impl Iterator<Item = u32> {
        let range = self.complete.get(state).copied().unwrap_or_default();
        let done = self.done.get(range.0 as usize..range.1 as usize);
        done.into_iter().flatten().copied()
    }
}

/// The symbol at a place, the edge before the text being at 0.
#[inline]
pub(super) fn symbol_at(text: &[u8], place: usize) -> usize {
    let byte = place.checked_sub(1).and_then(|at| text.get(at));
    byte.map_or(EDGE, |&byte| usize::from(byte))
}

fn advance(sequences: &[(u32, &[Set])], alive: &[u32], depth: usize, symbol: usize) -> Alive {
    let goes_on = |&&at: &&u32| {
        let sequence = sequences.get(at as usize);
        let set = sequence.and_then(|(_, sequence)| sequence.get(depth));
        set.is_some_and(|set| set.has(symbol))
    };
    alive.iter().filter(goes_on).copied().collect()
}

/// Symbols by which sets of the sequences contain them, and one example of each kind.
fn kinds(sequences: &[(u32, &[Set])]) -> (Box<[u16; SYMBOLS]>, Vec<usize>) {
    let mut sets: Vec<Set> = sequences
        .iter()
        .flat_map(|(_, s)| s.iter().copied())
        .collect();
    sets.sort_unstable();
    sets.dedup();
    let mut numbers: HashMap<Vec<bool>, u16> = HashMap::new();
    let mut examples = Vec::new();
    let mut kind_of = Box::new([0; SYMBOLS]);
    for (symbol, slot) in kind_of.iter_mut().enumerate() {
        let signature: Vec<bool> = sets.iter().map(|set| set.has(symbol)).collect();
        let fresh = u16::try_from(examples.len()).unwrap_or(u16::MAX);
        *slot = *numbers.entry(signature).or_insert_with(|| {
            examples.push(symbol);
            fresh
        });
    }
    (kind_of, examples)
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [u32; 0] = [];

    fn digits(count: usize) -> Vec<Set> {
        let digit = (b'0'..=b'9')
            .map(Set::byte)
            .reduce(|a, b| a.union(&b))
            .unwrap();
        let mut sets = vec![digit; count];
        sets.insert(0, Set::beside_word());
        sets.push(Set::beside_word());
        sets
    }

    fn read(tree: &Tree, text: &str, at: usize) -> Vec<u32> {
        let mut found = Vec::new();
        tree.read(text.as_bytes(), at, |number| found.push(number));
        found
    }

    #[test]
    fn numbers_of_different_lengths_are_told_apart() {
        let (nine, ten) = (digits(9), digits(10));
        let tree = Tree::of(&[(1, &nine), (2, &nine), (3, &ten), (4, &ten)]);
        assert_eq!(read(&tree, "123456789", 0), [1, 2]);
        assert_eq!(read(&tree, "x 1234567890.", 2), [3, 4]);
        assert_eq!(read(&tree, "12345678901", 0), NOTHING);
        assert_eq!(read(&tree, "123456789x", 0), NOTHING);
        assert_eq!(read(&tree, "", 0), NOTHING);
    }

    #[test]
    fn a_sequence_inside_another_is_reported_too() {
        let (nine, any) = (digits(9), vec![Set::any(); 3]);
        let tree = Tree::of(&[(1, &nine), (2, &any)]);
        assert_eq!(read(&tree, "123456789", 0), [2, 1]);
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
        let tree = Tree::of(&numbered);
        for (number, word) in (0..).zip(&words) {
            let text = String::from_utf8(word.clone()).unwrap();
            assert!(read(&tree, &text, 1).contains(&number), "{text}");
        }
    }
}
