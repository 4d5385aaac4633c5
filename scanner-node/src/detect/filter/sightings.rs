//! Which hotwords have been seen, and what waits for them.
//!
//! Owns the stretch of text in which a hotword counts: a word may stand after the number it speaks for, so what
//! may be a number waits until the next stretch has been read.
//! **Invariant:** what waits is let through if a word of its gate stands in its stretch or in one beside it.

use super::Place;

/// Bytes in a stretch: no word that is farther away counts.
pub(in crate::detect) const STRETCH: usize = 4_096;

/// What one thread remembers of a scan.
#[derive(Debug, Default)]
pub(in crate::detect) struct Sightings {
    /// The stretch before the one at hand, that one, and the next.
    seen: [Gates; 3],
    /// What waits in the stretch at hand, and in the next.
    waiting: [Waiting; 2],
}

/// A set of gates.
#[derive(Debug, Default)]
struct Gates {
    bits: Vec<u64>,
    any: bool,
}

/// What waits for a hotword.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Bytes where numbers start that only gated patterns look for.
    pub(super) numbers: Vec<usize>,
    /// Places, and the gates that they wait for.
    pub(super) places: Vec<(usize, Place)>,
}

impl Sightings {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.seen.iter_mut().for_each(Gates::clear);
        self.waiting.iter_mut().for_each(Waiting::clear);
    }

    /// A word of this gate stands in the stretch that is being read.
    pub(super) fn see(&mut self, gate: usize) {
        let [.., now] = &mut self.seen;
        let word = gate >> 6;
        if now.bits.len() <= word {
            now.bits.resize(word + 1, 0);
        }
        if let Some(bits) = now.bits.get_mut(word) {
            *bits |= 1 << (gate & 63);
        }
        now.any = true;
    }

    /// Where to put what waits in the stretch that is being read.
    pub(super) fn waiting(&mut self) -> &mut Waiting {
        let [_, now] = &mut self.waiting;
        now
    }

    /// What has waited long enough, if any word was seen at all.
    pub(super) fn ready(&mut self) -> Option<Waiting> {
        let [ready, _] = &mut self.waiting;
        let is_empty = ready.numbers.is_empty() && ready.places.is_empty();
        let any = self.seen.iter().any(|gates| gates.any);
        (any && !is_empty).then(|| std::mem::take(ready))
    }

    /// Gives back what [`Sightings::ready`] gave, and goes on to the next stretch.
    pub(super) fn next(&mut self, done: Option<Waiting>) {
        let [ready, now] = &mut self.waiting;
        if let Some(done) = done {
            *ready = done;
        }
        ready.clear();
        std::mem::swap(ready, now);
        self.seen.rotate_left(1);
        let [.., now] = &mut self.seen;
        now.clear();
    }

    /// Whether a word of the gate stands near what is ready.
    pub(super) fn is_open(&self, gate: usize) -> bool {
        self.seen.iter().any(|gates| gates.has(gate))
    }
}

impl Gates {
    fn clear(&mut self) {
        if self.any {
            self.bits.fill(0);
            self.any = false;
        }
    }

    fn has(&self, gate: usize) -> bool {
        self.any
            && self
                .bits
                .get(gate >> 6)
                .is_some_and(|bits| bits >> (gate & 63) & 1 == 1)
    }
}

impl Waiting {
    fn clear(&mut self) {
        self.numbers.clear();
        self.places.clear();
    }
}
