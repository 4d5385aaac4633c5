//! Which shingles of a document are kept.
//!
//! Owns winnowing (Schleimer, Wilkerson, Aiken: *Winnowing: local algorithms for document fingerprinting*,
//! 2003): of each window of hashes the least is kept, the rightmost of equals.
//! **Invariant:** what is kept depends on the window alone, so that a part of a document keeps nothing that the
//! whole does not; and of any run of [`GUARANTEED_BYTES`] letters that a text shares with a document at least
//! one shingle is kept.

use std::collections::VecDeque;

use super::shingle::SHINGLE_BYTES;

/// Hashes of a window: of these one is kept, on average one in 20 of all.
pub(super) const WINDOW: usize = 40;
/// Letters and digits of a run that cannot be missed, as bytes.
pub const GUARANTEED_BYTES: usize = WINDOW + SHINGLE_BYTES - 1;

/// A window that slides over hashes.
#[derive(Debug, Default)]
pub(super) struct Winnow {
    /// Those that are less than all after them, with their numbers.
    rising: VecDeque<(usize, u64)>,
    seen: usize,
    kept: Option<usize>,
}

impl Winnow {
    /// Moves on by one hash; gives what is to be kept.
    pub(super) fn push(&mut self, hash: u64) -> Option<u64> {
        while self.rising.back().is_some_and(|(_, last)| *last >= hash) {
            self.rising.pop_back();
        }
        self.rising.push_back((self.seen, hash));
        self.seen += 1;
        let first = self.seen.checked_sub(WINDOW)?;
        if self.rising.front().is_some_and(|(at, _)| *at < first) {
            self.rising.pop_front();
        }
        self.keep()
    }

    /// What is kept of hashes that fill no window.
    pub(super) fn end(mut self) -> Option<u64> {
        if self.seen < WINDOW {
            self.keep()
        } else {
            None
        }
    }

    fn keep(&mut self) -> Option<u64> {
        let (at, hash) = *self.rising.front()?;
        let is_new = self.kept.replace(at) != Some(at);
        is_new.then_some(hash)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn kept(hashes: &[u64]) -> Vec<u64> {
        let mut winnow = Winnow::default();
        let mut kept: Vec<u64> = hashes
            .iter()
            .filter_map(|hash| winnow.push(*hash))
            .collect();
        kept.extend(winnow.end());
        kept
    }

    #[test]
    fn too_few_for_a_window_keep_their_least() {
        assert_eq!(kept(&[]), [0; 0]);
        assert_eq!(kept(&[5, 3, 4]), [3]);
    }

    proptest! {
        #[test]
        fn every_window_keeps_its_least(hashes in prop::collection::vec(0_u64..500, WINDOW..300)) {
            let kept: BTreeSet<u64> = kept(&hashes).into_iter().collect();
            let least: BTreeSet<u64> = hashes
                .windows(WINDOW)
                .filter_map(|window| window.iter().min().copied())
                .collect();
            prop_assert_eq!(kept, least);
        }

        #[test]
        fn a_part_keeps_nothing_that_the_whole_does_not(
            hashes in prop::collection::vec(any::<u64>(), 150..300),
            from in 0_usize..50,
            length in WINDOW..100,
        ) {
            let whole: BTreeSet<u64> = kept(&hashes).into_iter().collect();
            let part = hashes.get(from..from + length).unwrap();
            prop_assert!(kept(part).iter().all(|hash| whole.contains(hash)));
        }
    }
}
