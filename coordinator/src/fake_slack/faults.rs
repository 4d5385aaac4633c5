//! What goes wrong on purpose: answers that a test wrote down, and accidents by the dice.
//!
//! **Invariant:** the same seed and the same order of calls give the same accidents.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

/// How a call of the Web API goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, with this `Retry-After`.
    RateLimited(Duration),
    /// This HTTP status, and no JSON.
    Status(u16),
    /// Nothing is answered for so long; then the connection ends with 504.
    Hang(Duration),
    /// `ok: false` with this word, and nothing is done.
    Refuse(String),
    /// This body, and nothing is done.
    Answer(Value),
    /// The thing is done, and then it goes wrong like this.
    DoneBut(Box<Fault>),
}

/// How likely each accident is, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Odds {
    /// 429.
    pub rate_limited: f64,
    /// 500, 502 or 503, before anything was done.
    pub server_error: f64,
    /// Nothing is answered for [`Faults::hang`].
    pub hang: f64,
    /// `internal_error`, although it was done.
    pub done_but_error: f64,
}

/// Accidents by the dice.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Of the dice.
    pub seed: u64,
    /// For methods that are not named.
    pub usual: Odds,
    /// By method.
    pub methods: BTreeMap<String, Odds>,
    /// How long a hanging call hangs.
    pub hang: Duration,
    /// What `Retry-After` says.
    pub retry_after: Duration,
    /// How likely an event is delivered a second time.
    pub duplicated: f64,
    /// How long an event may be held back at most, so that later ones overtake it.
    pub held_back: Duration,
}

/// What is to go wrong next.
#[derive(Debug)]
pub(super) struct FaultBook {
    faults: Faults,
    scripted: BTreeMap<String, VecDeque<Fault>>,
    random: fastrand::Rng,
}

impl Fault {
    /// `ok: false` with a word.
    pub fn refuse(error: &str) -> Self {
        Self::Refuse(error.to_owned())
    }

    /// It was done, and the answer says that it was not.
    pub fn done_but(fault: Self) -> Self {
        Self::DoneBut(Box::new(fault))
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            seed: 0,
            usual: Odds::default(),
            methods: BTreeMap::new(),
            hang: Duration::from_secs(30),
            retry_after: Duration::from_secs(1),
            duplicated: 0.0,
            held_back: Duration::ZERO,
        }
    }
}

impl Faults {
    /// A bad day: a little of everything, by a seed.
    pub fn chaos(seed: u64) -> Self {
        Self {
            seed,
            usual: Odds {
                rate_limited: 0.05,
                server_error: 0.03,
                hang: 0.005,
                done_but_error: 0.02,
            },
            hang: Duration::from_secs(15),
            duplicated: 0.1,
            held_back: Duration::from_millis(500),
            ..Self::default()
        }
    }
}

impl FaultBook {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            random: fastrand::Rng::with_seed(faults.seed),
            faults,
            scripted: BTreeMap::new(),
        }
    }

    /// Other accidents from now on; the dice begin anew.
    pub(super) fn set(&mut self, faults: Faults) {
        self.random = fastrand::Rng::with_seed(faults.seed);
        self.faults = faults;
    }

    /// Lets the next call of a method that is not written about yet go wrong like this.
    pub(super) fn write(&mut self, method: &str, fault: Fault) {
        self.scripted
            .entry(method.to_owned())
            .or_default()
            .push_back(fault);
    }

    /// How this call goes wrong, if it does.
    pub(super) fn next(&mut self, method: &str) -> Option<Fault> {
        let written = self.scripted.get_mut(method).and_then(VecDeque::pop_front);
        written.or_else(|| self.thrown(method))
    }

    fn thrown(&mut self, method: &str) -> Option<Fault> {
        let odds = self
            .faults
            .methods
            .get(method)
            .unwrap_or(&self.faults.usual);
        let mut dice = self.random.f64();
        let statuses = [500, 502, 503];
        let status = self.random.choice(statuses).unwrap_or(500);
        for (odds, fault) in [
            (
                odds.rate_limited,
                Fault::RateLimited(self.faults.retry_after),
            ),
            (odds.server_error, Fault::Status(status)),
            (odds.hang, Fault::Hang(self.faults.hang)),
            (
                odds.done_but_error,
                Fault::done_but(Fault::refuse("internal_error")),
            ),
        ] {
            if dice < odds {
                return Some(fault);
            }
            dice -= odds;
        }
        None
    }

    /// How long an event is held back, and how often it is delivered.
    pub(super) fn delivery(&mut self) -> (Duration, usize) {
        let held = self.faults.held_back.mul_f64(self.random.f64());
        let times = if self.random.f64() < self.faults.duplicated {
            2
        } else {
            1
        };
        (held, times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(seed: u64) -> Vec<String> {
        let mut book = FaultBook::new(Faults::chaos(seed));
        (0..500)
            .map(|_| format!("{:?}", book.next("chat.delete")))
            .collect()
    }

    #[test]
    fn the_same_seed_throws_the_same() {
        assert_eq!(words(7), words(7));
        assert_ne!(words(7), words(8));
        assert!(words(7).iter().any(|word| word.contains("DoneBut")));
    }

    #[test]
    fn what_is_written_comes_before_the_dice_and_in_order() {
        let mut book = FaultBook::new(Faults::default());
        book.write("chat.delete", Fault::Status(500));
        book.write("chat.delete", Fault::refuse("fatal_error"));
        assert!(matches!(book.next("chat.delete"), Some(Fault::Status(500))));
        assert!(book.next("chat.update").is_none());
        assert!(matches!(book.next("chat.delete"), Some(Fault::Refuse(_))));
        assert!(book.next("chat.delete").is_none());
    }
}
