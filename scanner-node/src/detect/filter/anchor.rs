//! Where in a sequence the scan can enter it.
//!
//! Owns the choice of that place. A scan that looks closely at every byte cannot be fast, so it looks at few:
//! where a word, a number or a hump of `camelCase` starts, where a long run of letters, digits and the signs of
//! base64 does, at certain rare signs and infixes, and at the first bytes of letters beyond ASCII. Almost all that
//! is worth finding stands at such a place, if one only says what stands before it. A sequence that does not is
//! looked for by four certain bytes at every position, or not at all.
//! **Invariant:** wherever the sequence stands in a text, the scan stops at its anchor.

use std::sync::LazyLock;

use super::block::{self, CASE, INFIX, Infix};
use super::kinds;
use super::literals;
use super::rarity::Model;
use super::spelling;
use crate::detect::class::{self, ALNUM, Set, UPPER};

/// So many bytes that runs are made of make a long run.
pub(super) const LONG_RUN: usize = 16;
/// Stops more frequent than this are of no use.
const TOO_FREQUENT: f64 = 0.02;
/// What it costs to look for one more infix, and to look at every position.
const NEW_INFIX: f64 = 0.001;
const EVERYWHERE: f64 = 0.01;
/// Share of positions at which a long run goes on from the start of a word.
const LONG_RUNS: f64 = 0.002;

/// What the scan goes by at an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// How a word begins.
    Spelling,
    /// Of which kinds its first bytes are.
    Kinds,
    /// A long run begins.
    Run,
    /// A rare sign.
    Mark(u8),
    /// Letters inside a word, in either case.
    Infix(Infix),
    /// Four bytes of letters beyond ASCII.
    Foreign,
    /// Four certain bytes, at any position.
    Anywhere,
}

/// A way into a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub(super) lane: Lane,
    /// Which symbol of the sequence the scan stops at.
    pub(super) at: usize,
    /// At which share of positions it stops in vain.
    pub(super) odds: f64,
}

/// The least frequent way into a sequence, if there is one.
pub(super) fn best(sequence: &[Set], model: &Model) -> Option<Anchor> {
    let mut best = Best(None);
    for (at, set) in sequence.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| sequence.get(before));
        if let Some(before) = before {
            best.consider_start((sequence, at), (before, set), model);
        }
        if let Some(mark) = mark_of(set) {
            best.consider(Lane::Mark(mark), at, model.odds(&[*set]));
        }
    }
    // The rest costs more than this wherever it stops, and is dear to find out.
    if best.0.is_none_or(|best| best.odds > NEW_INFIX / 2.0) {
        best.consider_letters(sequence, model);
    }
    best.0
}

/// The best way in so far.
struct Best(Option<Anchor>);

impl Best {
    fn consider(&mut self, lane: Lane, at: usize, odds: f64) {
        if odds <= self.0.map_or(TOO_FREQUENT, |best| best.odds) {
            self.0 = Some(Anchor { lane, at, odds });
        }
    }

    /// The start of a word or of a run.
    fn consider_start(
        &mut self,
        (sequence, at): (&[Set], usize),
        (before, set): (&Set, &Set),
        model: &Model,
    ) {
        let rest = sequence.get(at..).unwrap_or_default();
        let is_start = starts_word(before, set);
        if is_start {
            // The pass does not ask what stands before, if only a word starts.
            let with_any_before = |symbols: usize, whole: fn(&Set) -> Set| -> Vec<Set> {
                let rest = rest.iter().take(symbols).map(whole);
                [*BESIDE].into_iter().chain(rest).collect()
            };
            if let Some(spelled) = spelling::spelled(rest) {
                let spelled = with_any_before(spelled.len(), Set::clone);
                self.consider(Lane::Spelling, at, model.odds(&spelled));
            }
            let kinds = with_any_before(kinds::WIDTH, kinds::whole);
            self.consider(Lane::Kinds, at, model.odds(&kinds));
        }
        if (is_start || before.is_apart_from(&RUN)) && is_long_run(rest) {
            self.consider(Lane::Run, at, LONG_RUNS);
        }
    }

    /// Letters wherever they stand.
    fn consider_letters(&mut self, sequence: &[Set], model: &Model) {
        for at in 0..sequence.len() {
            let rest = sequence.get(at..).unwrap_or_default();
            if let Some(infix) = infix_of(rest).filter(|infix| model.admits(*infix)) {
                let letters = rest.get(..infix_len(infix)).unwrap_or_default();
                let dear = if model.has(infix) { 0.0 } else { NEW_INFIX };
                self.consider(Lane::Infix(infix), at, dear + model.odds(letters));
            }
            let four = rest.first_chunk();
            if let Some(four) = four.filter(|four| literals::is_literal(*four)) {
                let (lane, dear) = if is_foreign(four) {
                    (Lane::Foreign, 0.0)
                } else {
                    (Lane::Anywhere, EVERYWHERE)
                };
                self.consider(lane, at, dear + model.odds(four));
            }
        }
    }
}

/// What long runs are made of.
static RUN: LazyLock<Set> = LazyLock::new(|| class::of(block::is_run));
/// What stands before a word.
static BESIDE: LazyLock<Set> = LazyLock::new(|| ALNUM.complement());

/// Whether a word, a number or a hump starts wherever these two stand side by side.
fn starts_word(before: &Set, set: &Set) -> bool {
    let starts = set.is_subset_of(&ALNUM) && before.is_apart_from(&ALNUM);
    // Before a hump stands lower case, a digit, or what starts a word anyway.
    let is_hump = set.is_subset_of(&UPPER) && before.is_apart_from(&UPPER);
    starts || is_hump
}

fn is_long_run(rest: &[Set]) -> bool {
    let run = rest.get(..LONG_RUN);
    run.is_some_and(|run| run.iter().all(|set| set.is_subset_of(&RUN)))
}

/// The sign, if the set has but one and that is ASCII.
fn mark_of(set: &Set) -> Option<u8> {
    let mut symbols = set.symbols();
    let (only, None) = (symbols.next()?, symbols.next()) else {
        return None;
    };
    u8::try_from(only).ok().filter(u8::is_ascii_punctuation)
}

/// The bytes, in lower case, if the sequence begins with some that are certain but for their case.
fn infix_of(rest: &[Set]) -> Option<Infix> {
    /// Fewer stand side by side too often.
    const LEAST: usize = 3;
    let letter = |set: &Set| {
        let mut letters = set
            .symbols()
            .map(|symbol| Some(u8::try_from(symbol).ok()? | CASE));
        let first = letters.next()??;
        letters.all(|other| other == Some(first)).then_some(first)
    };
    let mut infix = [0; INFIX];
    let letters = rest.iter().map_while(letter);
    infix
        .iter_mut()
        .zip(letters)
        .for_each(|(slot, letter)| *slot = letter);
    (infix_len(infix) >= LEAST).then_some(infix)
}

fn infix_len(infix: Infix) -> usize {
    infix.iter().take_while(|letter| **letter != 0).count()
}

/// Whether it begins where a letter beyond ASCII does.
fn is_foreign(four: &[Set; literals::WIDTH]) -> bool {
    let lead = |set: &Set| set.symbols().all(is_lead);
    let foreign = |set: &Set| set.symbols().all(|symbol| (0x80..256).contains(&symbol));
    four.first().is_some_and(lead) && four.iter().all(foreign)
}

/// Whether a character beyond ASCII begins with it.
pub(super) const fn is_lead(symbol: usize) -> bool {
    symbol >= 0xc0 && symbol < 256
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::class::{DIGIT, LOWER};

    fn letters(text: &str) -> Vec<Set> {
        text.bytes().map(Set::byte).collect()
    }

    fn with_edge(mut rest: Vec<Set>) -> Vec<Set> {
        rest.insert(0, Set::beside_word());
        rest
    }

    fn lane(sequence: &[Set]) -> Option<(Lane, usize)> {
        best(sequence, &Model::default()).map(|anchor| (anchor.lane, anchor.at))
    }

    #[test]
    fn a_prefix_is_entered_where_its_word_starts() {
        assert_eq!(lane(&with_edge(letters("ghp_"))), Some((Lane::Spelling, 1)));
        assert_eq!(lane(&letters("x_glpat")), Some((Lane::Spelling, 2)));
    }

    #[test]
    fn a_number_is_entered_by_its_shape_and_a_key_by_its_length() {
        assert_eq!(lane(&with_edge(vec![*DIGIT; 9])), Some((Lane::Kinds, 1)));
        assert_eq!(lane(&with_edge(vec![*ALNUM; 20])), Some((Lane::Run, 1)));
        let mut base64 = vec![*RUN; 20];
        base64.insert(0, Set::byte(b' '));
        assert_eq!(lane(&base64), Some((Lane::Run, 1)));
    }

    #[test]
    fn what_is_no_start_of_a_word_is_entered_by_a_sign_or_by_its_letters() {
        let address = [*ALNUM, Set::byte(b'@'), *ALNUM];
        assert_eq!(lane(&address), Some((Lane::Mark(b'@'), 1)));
        assert_eq!(lane(&letters("password")), Some((Lane::Infix(*b"assw"), 1)));
        assert_eq!(
            lane(&[*RUN, Set::byte(b'~'), *RUN]),
            Some((Lane::Mark(b'~'), 1))
        );
        assert!(matches!(lane(&letters("пароль")), Some((Lane::Foreign, _))));
        assert_eq!(lane(&[*ALNUM]), None);
    }

    #[test]
    fn a_hump_starts_a_word() {
        let mut hump = vec![*LOWER];
        hump.extend(letters("Xenon"));
        assert_eq!(lane(&hump), Some((Lane::Spelling, 1)));
    }
}
