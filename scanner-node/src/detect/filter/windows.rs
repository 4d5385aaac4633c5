//! Which window of each sequence is looked for.
//!
//! Owns the choice. A window that many sequences have costs no more than one that a single sequence has, and
//! there is room for few: so of the rare windows of a sequence the most common among all is taken, with its sets
//! widened to the classes that patterns are made of. Windows of few spellings are exempt: each has its own bit.
//! **Invariant:** the window chosen is part of its sequence, each set of it widened at most.

use std::collections::HashMap;

use super::buckets::Window;
use super::class::Set;
use super::literals::is_literal;
use super::rarity::{self, WIDTH};

/// Windows up to so frequent are taken for being common among sequences, even where rarer ones are at hand.
const TOLERATED: f64 = 0.006;

/// A window of a sequence, and how often it shows.
#[derive(Clone, Copy)]
struct Choice {
    at: usize,
    window: Window,
    odds: f64,
}

/// For each sequence, where its window begins, and the window.
pub(super) fn choose(sequences: &[&[Set]]) -> Vec<(usize, Window)> {
    let choices: Vec<Vec<Choice>> = sequences.iter().map(|sequence| choices(sequence)).collect();
    let mut common: HashMap<Window, usize> = HashMap::new();
    for choice in choices.iter().flatten() {
        *common.entry(choice.window).or_default() += 1;
    }
    let shared = |choice: &&Choice| {
        let odds = choice.odds.to_bits();
        let common = common.get(&choice.window).copied();
        (std::cmp::Reverse(common), odds, choice.at)
    };
    let chosen = choices
        .iter()
        .map(|choices| choices.iter().min_by_key(shared));
    chosen
        .zip(sequences)
        .map(|(chosen, sequence)| {
            chosen.map_or_else(
                || (0, window(sequence, 0)),
                |chosen| (chosen.at, chosen.window),
            )
        })
        .collect()
}

/// The windows of a sequence that are rare enough; the rarest alone where that is literal.
fn choices(sequence: &[Set]) -> Vec<Choice> {
    let Some((at, rarest)) = rarity::of_rarest_window(sequence) else {
        return Vec::new();
    };
    let best = Choice {
        at,
        window: window(sequence, at),
        odds: rarest,
    };
    if is_literal(&best.window) {
        return vec![best];
    }
    let last = sequence.len().saturating_sub(WIDTH);
    let all = (0..=last).map(|at| {
        let window = widened(&window(sequence, at));
        let odds = rarity::of(&window);
        Choice { at, window, odds }
    });
    let enough = |choice: &Choice| choice.odds <= TOLERATED.max(4.0 * rarest);
    let mut all: Vec<Choice> = all.filter(enough).collect();
    if all.is_empty() {
        all.push(best);
    }
    all
}

/// What a sequence has from `at` on; anything behind its end.
fn window(sequence: &[Set], at: usize) -> Window {
    let mut sets = sequence.iter().skip(at);
    std::array::from_fn(|_| sets.next().copied().unwrap_or_else(Set::any))
}

fn widened(window: &Window) -> Window {
    window.map(|set| set.widened())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(count: usize, beside: Set) -> Vec<Set> {
        let digit = (b'0'..=b'9').map(Set::byte).reduce(|a, b| a.union(&b));
        let mut sets = vec![digit.unwrap(); count];
        sets.insert(0, beside);
        sets
    }

    #[test]
    fn numbers_of_all_lengths_share_a_window() {
        let some = Set::beside_word().without(b'.').without(b'-');
        let numbers = [
            digits(9, Set::beside_word()),
            digits(10, some),
            digits(12, some),
        ];
        let sequences: Vec<&[Set]> = numbers.iter().map(Vec::as_slice).collect();
        let chosen = choose(&sequences);
        assert!(chosen.iter().all(|(_, window)| *window == chosen[0].1));
    }

    #[test]
    fn a_literal_keeps_its_own_window() {
        let literal: Vec<Set> = b"ghp_".iter().map(|&byte| Set::byte(byte)).collect();
        let number = digits(9, Set::beside_word());
        let chosen = choose(&[&literal, &number]);
        assert!(is_literal(&chosen[0].1) && !is_literal(&chosen[1].1));
    }
}
