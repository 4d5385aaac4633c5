//! Runs of letters and digits long enough to be encoded text.
//!
//! Owns finding them without looking at every byte: a run of 24 covers every 24th. Leaves reading them to
//! `decode`. **Invariant:** every run of the least length is reported once, in order, from its first to its
//! last byte.

use std::ops::Range;

/// Shorter runs are words, ids and short values; what they encode is shorter than most of what is looked for.
pub(super) const SHORTEST: usize = 24;

/// The runs in `text`, one after another.
#[derive(Debug)]
pub(super) struct Runs<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Runs<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Goes on at `at` at the earliest.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = self.at.max(at);
    }
}

impl Iterator for Runs<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let step = self.text.get(self.at..self.at + SHORTEST)?;
            // A byte outside ends every run that could begin before it.
            if let Some(outside) = step.iter().rposition(|byte| !is_of_run(*byte)) {
                self.at += outside + 1;
                continue;
            }
            let start = self.at;
            self.at = start + length(self.text, start);
            return Some(start..self.at);
        }
    }
}

/// How many bytes of a run stand at `at`.
pub(super) fn length(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| is_of_run(**byte)).count()
}

/// Both alphabets of base64; hex is in them.
fn is_of_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_look_at_every_byte_finds(text in "([a-zA-Z+/_-]{0,40}[ .é\n]?){0,6}") {
            let mut slow = Vec::new();
            let mut at = 0;
            while at < text.len() {
                let len = length(text.as_bytes(), at);
                if len >= SHORTEST {
                    slow.push(at..at + len);
                }
                at += len.max(1);
            }
            prop_assert_eq!(Runs::of(text.as_bytes()).collect::<Vec<_>>(), slow);
        }
    }
}
