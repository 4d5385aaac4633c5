//! Which hotwords stand near, and what waits to know.
//!
//! Owns the stretch of text in which a hotword counts, and what has been seen in the stretches around the one at
//! hand. Hotwords are looked for only where something waits for one: most text has numbers or words for them,
//! seldom both. **Invariant:** what waits is let through if a word of its gate stands in its stretch or in one
//! beside it.

use super::Place;

/// Bytes in a stretch: no word that is farther away counts.
pub(in crate::detect) const STRETCH: usize = 4_096;

/// What one thread remembers of a scan.
#[derive(Debug, Default)]
pub(in crate::detect) struct Sightings {
    /// The stretch before the one at hand, that one, and the next.
    seen: [Option<Gates>; 3],
    /// Sets to be used again.
    spare: Vec<Gates>,
    /// What waits in the stretch at hand.
    pub(super) waiting: Waiting,
}

/// A set of gates.
#[derive(Debug, Default)]
pub(super) struct Gates(Vec<u64>);

/// What waits for a hotword.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Bytes where numbers start that only gated patterns look for.
    pub(super) numbers: Vec<usize>,
    /// Sequences that stand there, by their probes and the bytes of their anchors.
    pub(super) standing: Vec<(u32, usize)>,
    /// Their places, once it is known for which gates.
    pub(super) places: Vec<Place>,
}

impl Sightings {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        let gates = self.seen.iter_mut().filter_map(Option::take);
        self.spare.extend(gates);
        self.waiting.clear();
    }

    /// Goes on to the next stretch.
    pub(super) fn next(&mut self) {
        self.waiting.clear();
        self.seen.rotate_left(1);
        let [.., next] = &mut self.seen;
        self.spare.extend(next.take());
    }

    /// Looks for hotwords around the stretch at hand, the one with this number, where nobody has yet; `look`
    /// reads a stretch.
    pub(super) fn look_around(&mut self, stretch: usize, mut look: impl FnMut(usize, &mut Gates)) {
        for (seen, number) in self.seen.iter_mut().zip(stretch..) {
            // The first of the three lies before the stretch.
            if let (None, Some(number)) = (&seen, number.checked_sub(1)) {
                let mut gates = self.spare.pop().unwrap_or_default();
                gates.0.fill(0);
                look(number, &mut gates);
                *seen = Some(gates);
            }
        }
    }

    /// Whether any hotword has been seen near the stretch at hand.
    pub(super) fn any(&self) -> bool {
        let mut seen = self.seen.iter().flatten();
        seen.any(|gates| gates.0.iter().any(|bits| *bits != 0))
    }

    /// Whether a word of the gate has been seen near the stretch at hand.
    pub(super) fn is_open(&self, gate: usize) -> bool {
        let bits = |gates: &Gates| gates.0.get(gate >> 6).copied().unwrap_or(0);
        let mut seen = self.seen.iter().flatten();
        seen.any(|gates| bits(gates) >> (gate & 63) & 1 == 1)
    }

    /// The gates of which a word has been seen near the stretch at hand, in order.
    pub(super) fn open(&self) -> impl Iterator<Item = usize> {
        let words = self.seen.iter().flatten().map(|gates| gates.0.len());
        let word_at = |at: usize| {
            let seen = self.seen.iter().flatten();
            seen.fold(0, |all, gates| all | gates.0.get(at).copied().unwrap_or(0))
        };
        (0..words.max().unwrap_or(0)).flat_map(move |at| {
            std::iter::successors(Some(word_at(at)), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|rest| *rest != 0)
                .map(move |rest| at * 64 + rest.trailing_zeros() as usize)
        })
    }
}

impl Gates {
    /// A word of this gate stands there.
    pub(super) fn open(&mut self, gate: usize) {
        let word = gate >> 6;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (gate & 63);
        }
    }
}

impl Waiting {
    fn clear(&mut self) {
        self.numbers.clear();
        self.standing.clear();
        self.places.clear();
    }
}
