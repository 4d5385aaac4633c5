//! Taking turns between workspaces.
//!
//! Owns a queue of queues: each workspace keeps its own order, and workspaces are served round-robin, so
//! that one that floods delays itself and nobody else.
//! **Invariant:** nothing is dropped or duplicated, and within a workspace order is kept.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Items waiting, by whose they are.
#[derive(Debug)]
pub struct Turns<K, T> {
    waiting: HashMap<K, VecDeque<T>>,
    /// Keys with something waiting, each once, next to be served first.
    round: VecDeque<K>,
    len: usize,
}

impl<K: Clone + Eq + Hash, T> Turns<K, T> {
    /// An empty round.
    pub fn new() -> Self {
        Self {
            waiting: HashMap::new(),
            round: VecDeque::new(),
            len: 0,
        }
    }

    /// How many items wait.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts an item at the end of its key's line.
    pub fn push(&mut self, key: K, item: T) {
        let line = self.waiting.entry(key.clone()).or_default();
        if line.is_empty() {
            self.round.push_back(key);
        }
        line.push_back(item);
        self.len += 1;
    }

    /// Puts items that were taken back where they came from, in their order.
    pub fn put_back(&mut self, items: impl DoubleEndedIterator<Item = (K, T)>) {
        for (key, item) in items.rev() {
            let line = self.waiting.entry(key.clone()).or_default();
            if line.is_empty() {
                self.round.push_front(key);
            }
            line.push_front(item);
            self.len += 1;
        }
    }

    /// Takes at most `most` items, one of each key in turn.
    pub fn take(&mut self, most: usize) -> Vec<(K, T)> {
        let mut taken = Vec::with_capacity(most.min(self.len));
        while taken.len() < most {
            let Some(key) = self.round.pop_front() else {
                break;
            };
            let Some(line) = self.waiting.get_mut(&key) else {
                continue;
            };
            let item = line.pop_front();
            if line.is_empty() {
                self.waiting.remove(&key);
            } else {
                self.round.push_back(key.clone());
            }
            if let Some(item) = item {
                self.len -= 1;
                taken.push((key, item));
            }
        }
        taken
    }
}

impl<K: Clone + Eq + Hash, T> Default for Turns<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_flood_of_one_delays_another_by_one_place() {
        let mut turns = Turns::new();
        for n in 0..100 {
            turns.push("noisy", n);
        }
        turns.push("quiet", 0);
        let first: Vec<_> = turns.take(2);
        assert_eq!(first, [("noisy", 0), ("quiet", 0)]);
    }

    #[test]
    fn what_is_put_back_is_taken_again_first() {
        let mut turns = Turns::new();
        for (key, n) in [("a", 1), ("b", 1), ("a", 2), ("b", 2)] {
            turns.push(key, n);
        }
        let taken = turns.take(3);
        turns.put_back(taken.clone().into_iter());
        assert_eq!(turns.take(3), taken);
        assert_eq!(turns.take(3), [("b", 2)]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_order_is_kept_within_a_key(
            pushes in prop::collection::vec(0_u8..5, 0..200),
            takes in prop::collection::vec((0_usize..20, any::<bool>()), 0..60),
        ) {
            let mut turns = Turns::new();
            for (n, key) in pushes.iter().enumerate() {
                turns.push(*key, n);
            }
            let mut out = Vec::new();
            for (most, give_back) in takes {
                let taken = turns.take(most);
                if give_back { turns.put_back(taken.into_iter()) } else { out.extend(taken) }
            }
            out.extend(turns.take(usize::MAX));
            prop_assert!(turns.is_empty());
            prop_assert_eq!(out.len(), pushes.len());
            for key in 0..5 {
                let order: Vec<usize> = out.iter().filter(|(k, _)| *k == key).map(|(_, n)| *n).collect();
                prop_assert!(order.is_sorted());
            }
        }
    }
}
