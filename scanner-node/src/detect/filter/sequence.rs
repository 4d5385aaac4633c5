//! Sequences of symbol sets, and lists of them.
//!
//! Owns joining lists end to end and saying the same in fewer sequences.
//! **Invariant:** whatever matched one of a list before matches one of it afterwards.

use crate::detect::class::Set;

/// Longest sequence kept, in symbols.
pub(super) const LONGEST: usize = 32;
/// Most sequences of one pattern.
pub(super) const MOST: usize = 64;
/// Symbol sets that stand side by side.
pub(super) type Sequence = Vec<Set>;

/// Every sequence of `heads` followed by every one of `tails`; none if these are too many or too long.
pub(super) fn product(heads: &[Sequence], tails: &[Sequence]) -> Option<Vec<Sequence>> {
    let longest = |all: &[Sequence]| all.iter().map(Vec::len).max().unwrap_or(0);
    if heads.len() * tails.len() > 4 * MOST || longest(heads) + longest(tails) > LONGEST {
        return None;
    }
    let joined = heads
        .iter()
        .flat_map(|head| {
            tails
                .iter()
                .map(move |tail| [head.as_slice(), tail].concat())
        })
        .collect();
    let joined = simplified(joined);
    (joined.len() <= MOST).then_some(joined)
}

/// The same, cut to what is allowed: where the tails are too many, as much of them as there is room for.
pub(super) fn cut_product(heads: &[Sequence], tails: &[Sequence]) -> Vec<Sequence> {
    let tails = shortened(tails.to_vec(), MOST / heads.len().max(1));
    if tails.iter().any(Vec::is_empty) {
        return heads.to_vec();
    }
    let joined = heads
        .iter()
        .flat_map(|head| {
            tails.iter().map(move |tail| {
                let mut joined = [head.as_slice(), tail].concat();
                joined.truncate(LONGEST.max(head.len()));
                joined
            })
        })
        .collect();
    simplified(joined)
}

/// Only the beginnings, where there are more than `most`.
pub(super) fn shortened(mut all: Vec<Sequence>, most: usize) -> Vec<Sequence> {
    const LENGTHS: [usize; 9] = [24, 16, 12, 8, 6, 4, 3, 2, 1];
    let mut lengths = LENGTHS.into_iter();
    while all.len() > most {
        let Some(length) = lengths.next() else {
            return vec![Vec::new()];
        };
        for sequence in &mut all {
            sequence.truncate(length);
        }
        all = simplified(all);
    }
    all
}

/// The same language in fewer words: equal ones once, such as differ in one place joined.
pub(super) fn simplified(mut all: Vec<Sequence>) -> Vec<Sequence> {
    all.sort();
    all.dedup();
    if all.len() > 4 * MOST {
        return all;
    }
    let mut has_changed = true;
    while has_changed {
        has_changed = false;
        let mut kept: Vec<Sequence> = Vec::with_capacity(all.len());
        for sequence in all {
            let both = kept
                .iter()
                .enumerate()
                .find_map(|(at, other)| Some((at, joined(other, &sequence)?)));
            match both {
                Some((at, both)) => {
                    kept.get_mut(at)
                        .into_iter()
                        .for_each(|slot| slot.clone_from(&both));
                    has_changed = true;
                }
                None => kept.push(sequence),
            }
        }
        all = kept;
    }
    all
}

/// One sequence for two that differ in at most one place, or of which one includes the other.
fn joined(a: &Sequence, b: &Sequence) -> Option<Sequence> {
    if a.len() != b.len() {
        return None;
    }
    let mut differing = 0;
    let (mut a_includes, mut b_includes) = (true, true);
    for (a, b) in a.iter().zip(b).filter(|(a, b)| a != b) {
        differing += 1;
        a_includes &= b.is_subset_of(a);
        b_includes &= a.is_subset_of(b);
        if differing > 1 && !a_includes && !b_includes {
            return None;
        }
    }
    if b_includes {
        return Some(b.clone());
    }
    if a_includes {
        return Some(a.clone());
    }
    Some(a.iter().zip(b).map(|(a, b)| a.union(b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(texts: &[&str]) -> Vec<Sequence> {
        let sequence = |text: &&str| text.bytes().map(Set::byte).collect();
        texts.iter().map(sequence).collect()
    }

    #[test]
    fn sequences_that_differ_in_one_place_become_one() {
        assert_eq!(simplified(literals(&["ab1", "ab2", "ab1"])).len(), 1);
        assert_eq!(simplified(literals(&["ab1", "cd1"])).len(), 2);
    }

    #[test]
    fn a_product_that_grows_too_large_is_none_and_can_be_cut() {
        let letters: Vec<String> = (b'a'..=b'z').map(|b| format!("{}{b}", b as char)).collect();
        let letters = literals(&letters.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(product(&letters, &letters), None);
        let cut = cut_product(&letters, &letters);
        assert!(cut.len() <= MOST && cut.iter().all(|sequence| sequence.len() > 2));
        assert_eq!(
            product(&literals(&["a"]), &literals(&["b"])),
            Some(literals(&["ab"]))
        );
    }
}
