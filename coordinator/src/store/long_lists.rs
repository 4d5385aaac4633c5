//! Which lists were too long to be counted, a moment ago.
//!
//! **Invariant:** however many lists are asked for, what is remembered of them is bounded, and nothing for longer than
//! [`STAYS_LONG`].

use std::any::type_name;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// So long is a list taken to be as long as it was.
const STAYS_LONG: TimeDelta = TimeDelta::minutes(1);
/// As many long lists are remembered.
const MAX_REMEMBERED: usize = 1_000;

/// Lists that were counted to the end of counting a moment ago: counting them anew would take longer than showing
/// them, and say the same.
#[derive(Debug, Default)]
pub(super) struct LongLists {
    hasher: RandomState,
    counted: Mutex<HashMap<u64, DateTime<Utc>>>,
}

impl LongLists {
    /// What a list is remembered by: its kind and its filters.
    pub(super) fn key<L: Hash>(&self, list: &L) -> u64 {
        self.hasher.hash_one((type_name::<L>(), list))
    }

    /// Whether it was that long a moment ago.
    pub(super) fn is_known(&self, list: u64, now: DateTime<Utc>) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.get(&list).is_some_and(|at| is_fresh(*at, now))
    }

    /// It is that long now.
    pub(super) fn remember(&self, list: u64, now: DateTime<Utc>) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MAX_REMEMBERED {
            counted.retain(|_, at| is_fresh(*at, now));
        }
        if counted.len() < MAX_REMEMBERED {
            counted.insert(list, now);
        }
    }
}

fn is_fresh(counted: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    counted <= now && now - counted < STAYS_LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_known_for_a_while_and_a_list_with_other_filters_is_another() {
        let (lists, now) = (LongLists::default(), DateTime::UNIX_EPOCH);
        lists.remember(lists.key(&"a"), now);
        assert!(lists.is_known(lists.key(&"a"), now + TimeDelta::seconds(59)));
        assert!(!lists.is_known(lists.key(&"b"), now));
        assert!(!lists.is_known(lists.key(&"a"), now + STAYS_LONG));
        assert!(!lists.is_known(lists.key(&"a"), now - TimeDelta::seconds(1)));
    }

    #[test]
    fn however_many_lists_are_asked_for_no_more_are_remembered_than_fit() {
        let (lists, now) = (LongLists::default(), DateTime::UNIX_EPOCH);
        for list in 0..2 * MAX_REMEMBERED {
            lists.remember(lists.key(&list), now);
        }
        assert_eq!(lists.counted.lock().unwrap().len(), MAX_REMEMBERED);
        let later = now + STAYS_LONG;
        lists.remember(lists.key(&"new"), later);
        assert_eq!(lists.counted.lock().unwrap().len(), 1);
    }
}
