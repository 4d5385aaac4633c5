//! Hashes to be looked up: fingerprints of documents, beginnings of words.
//!
//! Owns finding the first of a hash in two steps, however many there are: half of the hash says where to look.
//! **Invariant:** equal hashes stand together.

/// Bits that a hash is turned by: of the least in a window of fingerprints the upper ones are small, the lower
/// ones anything.
const TURN: u32 = 32;

/// Hashes in the order of what they are once turned.
#[derive(Debug, Default)]
pub(super) struct Prints {
    turned: Vec<u64>,
    /// For each beginning of a turned hash, the first that begins so or comes later.
    begins: Vec<u32>,
    /// Bits behind the beginning.
    rest_bits: u32,
}

impl Prints {
    /// Puts them in order; each keeps what comes with it.
    pub(super) fn of<T: Copy + Ord>(mut all: Vec<(u64, T)>) -> (Self, Vec<T>) {
        for (hash, _) in &mut all {
            *hash = hash.rotate_left(TURN);
        }
        all.sort_unstable();
        let (turned, with): (Vec<u64>, Vec<T>) = all.into_iter().unzip();
        let buckets = turned.len().next_power_of_two().max(2);
        let rest_bits = u64::BITS - buckets.ilog2();
        let mut begins = Vec::with_capacity(buckets);
        let mut at = 0;
        for bucket in (0_u64..).take(buckets) {
            while turned
                .get(at)
                .is_some_and(|hash| hash >> rest_bits < bucket)
            {
                at += 1;
            }
            begins.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        let prints = Self {
            turned,
            begins,
            rest_bits,
        };
        (prints, with)
    }

    pub(super) fn len(&self) -> usize {
        self.turned.len()
    }

    /// The numbers of those that are this hash.
    pub(super) fn same(&self, hash: u64) -> impl Iterator<Item = usize> {
        let hash = hash.rotate_left(TURN);
        let bucket = usize::try_from(hash.checked_shr(self.rest_bits).unwrap_or(0)).ok();
        let begin = bucket.and_then(|bucket| self.begins.get(bucket));
        let begin = begin.and_then(|begin| usize::try_from(*begin).ok());
        let rest = self
            .turned
            .get(begin.unwrap_or(usize::MAX)..)
            .unwrap_or_default();
        let less = rest.iter().take_while(|other| **other < hash).count();
        let same = rest
            .iter()
            .skip(less)
            .take_while(move |other| **other == hash);
        let first = begin.unwrap_or(0) + less;
        same.enumerate().map(move |(at, _)| first + at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn none_are_found_among_none() {
        assert_eq!(Prints::default().same(7).count(), 0);
        assert_eq!(Prints::of::<u32>(Vec::new()).0.same(0).count(), 0);
    }

    proptest! {
        #[test]
        fn all_of_a_hash_are_found_and_no_other(
            small in prop::collection::vec(0_u64..40, 0..60),
            large in prop::collection::vec(any::<u64>(), 0..60),
            asked in any::<u64>(),
        ) {
            let all: Vec<u64> = small.into_iter().chain(large).collect();
            let (prints, with) = Prints::of(all.iter().map(|hash| (*hash, *hash)).collect());
            prop_assert_eq!(prints.len(), all.len());
            for hash in all.iter().copied().chain([asked, asked % 40]) {
                let found: Vec<usize> = prints.same(hash).collect();
                let count = all.iter().filter(|other| **other == hash).count();
                prop_assert_eq!(found.len(), count);
                prop_assert!(found.iter().all(|at| with.get(*at) == Some(&hash)));
            }
        }
    }
}
